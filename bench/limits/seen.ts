import { shapeOf } from '../../engine/lab/limits/shape.ts';
import type * as config from '../../engine/model/config.ts';
import type { FleetRun } from './fleet.ts';
import type { Arrival, Span } from './messages.ts';

const within = ({ fromUs, toUs }: Span, { atUs }: Arrival): boolean => atUs >= fromUs && atUs < toUs;

/** Requests of the counted time, in the order of their arrival. */
export const countedOf = ({ arrivals, counted }: FleetRun): readonly Arrival[] =>
  arrivals.filter((arrival) => within(counted, arrival));

export const refusedOf = (arrivals: readonly Arrival[]): number =>
  arrivals.filter(({ refused }) => refused).length;

export const permittedOf = (arrivals: readonly Arrival[]): number => arrivals.length - refusedOf(arrivals);

/** Most arrivals in any window of a length. */
export function worst(arrivals: readonly Arrival[], windowMs: number): number {
  let [most, first] = [0, 0];
  arrivals.forEach(({ atUs }, last) => {
    while ((arrivals[first]?.atUs ?? atUs) <= atUs - windowMs * 1000) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/** How many of the counted arrivals a stricter provider would have refused, had it seen them all. */
export function refusedBy(limit: config.Limit, { arrivals, counted }: FleetRun): number {
  const counter = shapeOf(limit).counter({ share: 0 });
  let refused = 0;
  for (const arrival of arrivals) {
    const at = { steadyMs: arrival.atUs / 1000, epochMs: arrival.atUs / 1000 };
    if (counter.waitMs(at, 1) === 0) counter.add(at, 1);
    else if (within(counted, arrival)) refused += 1;
  }
  return refused;
}

/** Permitted requests of each worker. */
export const byWorker = (arrivals: readonly Arrival[], workers: number): readonly number[] =>
  Array.from(
    { length: workers },
    (_, index) => arrivals.filter(({ worker, refused }) => worker === index && !refused).length,
  );

/** Jain's index of fairness: 1 when all have the same. */
export function jain(counts: readonly number[]): number {
  const sum = counts.reduce((total, one) => total + one, 0);
  return sum ** 2 / (counts.length * counts.reduce((total, one) => total + one ** 2, 0));
}
