import { type AskLimit, guardUs, leasePollUs } from '../store.ts';
import { burstOf, countOf, type Frost, factorAt, intervalOf } from './allowance.ts';
import type { LimitState } from './limit-state.ts';

/** A limit of an ask with its state. */
export interface Bound {
  readonly limit: AskLimit;
  readonly state: LimitState;
  readonly frost: Frost;
}

/** The earliest time from `fromUs` on at which a request conforms to a limit; it changes nothing. */
export function slotUs(bound: Bound, nowUs: number, fromUs: number, low: boolean): number {
  const earliestUs = Math.max(fromUs, pacedUs(bound, nowUs));
  switch (bound.limit.shape.kind) {
    case 'bucket':
      return Math.max(earliestUs, bucketSlotUs(bound, nowUs, low));
    case 'sliding':
      return bound.limit.shape.parts === undefined
        ? loggedSlotUs(bound, earliestUs)
        : partsSlotUs(bound, earliestUs);
    case 'fixed':
      return fixedSlotUs(bound, earliestUs);
    case 'concurrency':
      return leaseSlotUs(bound, nowUs);
  }
}

/** Theoretical arrival time of a bucket, counted with the present interval; full when a freeze has just ended. */
export function arrivalUs({ limit, state, frost }: Bound, nowUs: number): number {
  const interval = intervalOf(limit, state, factorAt(state, frost, nowUs));
  // When the rate changes the level stays what it is; what is reserved stays where it is when it rises.
  const fromUs = interval < state.intervalUs ? Math.max(nowUs, state.slotUs) : nowUs;
  const aheadUs = state.tatUs - fromUs;
  const scaled =
    aheadUs > 0 && state.intervalUs > 0 ? fromUs + (aheadUs * interval) / state.intervalUs : state.tatUs;
  return frost.untilUs === 0
    ? scaled
    : Math.max(scaled, frost.untilUs + burstOf(limit, state, false) * interval);
}

/** GCRA (ITU-T I.371): a request of cost c conforms from TAT + (c − burst) · T on. */
function bucketSlotUs(bound: Bound, nowUs: number, low: boolean): number {
  const { limit, state, frost } = bound;
  const interval = intervalOf(limit, state, factorAt(state, frost, nowUs));
  const burst = burstOf(limit, state, low);
  return arrivalUs(bound, nowUs) + (Math.min(limit.cost, burst) - burst) * interval;
}

/**
 * A window that is used evenly, or that has just been frozen, leaves a gap after each request. For a calendar window it
 * is what is left of the time, shared by what is left of the count.
 */
function pacedUs({ limit, state, frost }: Bound, nowUs: number): number {
  const { shape, cost, even } = limit;
  if (shape.kind === 'bucket' || shape.kind === 'concurrency' || state.slotUs === 0) return nowUs;
  const count = countOf(limit, state, factorAt(state, frost, nowUs));
  if (shape.kind === 'sliding') {
    const thawing = frost.untilUs > 0 && nowUs < frost.untilUs + shape.windowUs;
    const gap = even || thawing ? (shape.windowUs * cost) / count : 0;
    return Math.max(nowUs, state.slotUs + gap);
  }
  if (!even || nowUs >= state.endUs) return nowUs;
  const left = Math.max(1, count - state.count);
  return Math.max(nowUs, state.slotUs + ((state.endUs - nowUs) * cost) / left);
}

/**
 * A window that is logged: requests reserved ahead count as well, so that no window of any beginning holds too many.
 */
function loggedSlotUs({ limit, state, frost }: Bound, fromUs: number): number {
  const { shape, cost } = limit;
  if (shape.kind !== 'sliding') return fromUs;
  const count = countOf(limit, state, factorAt(state, frost, fromUs));
  const held = state.log.filter(({ atUs }) => atUs > fromUs - shape.windowUs);
  let over = held.reduce((sum, entry) => sum + entry.cost, 0) + Math.min(cost, count) - count;
  let slot = fromUs;
  for (const entry of held) {
    if (over <= 0) break;
    over -= entry.cost;
    slot = entry.atUs + shape.windowUs;
  }
  return slot;
}

/** A long window that is counted in parts: a part that is only half inside counts as a whole. */
function partsSlotUs({ limit, state, frost }: Bound, fromUs: number): number {
  const { shape, cost } = limit;
  if (shape.kind !== 'sliding' || shape.parts === undefined) return fromUs;
  const count = countOf(limit, state, factorAt(state, frost, fromUs));
  const widthUs = shape.windowUs / shape.parts;
  const oldest = Math.floor((fromUs - shape.windowUs) / widthUs);
  const held = partsFrom(state, oldest);
  let over = held.reduce((sum, [, taken]) => sum + taken, 0) + Math.min(cost, count) - count;
  let slot = fromUs;
  for (const [part, taken] of held) {
    if (over <= 0) break;
    over -= taken;
    slot = (part + 1) * widthUs + shape.windowUs;
  }
  return slot;
}

/** Parts of a window that still count, oldest first. */
export const partsFrom = (state: LimitState, oldest: number): (readonly [part: number, taken: number])[] =>
  Object.entries(state.parts)
    .map(([part, taken]) => [Number(part), taken] as const)
    .filter(([part]) => part >= oldest)
    .sort(([a], [b]) => a - b);

/** A calendar window at a moment: what it, the next one and the one before have taken, and where they end. */
export interface Windows {
  readonly endUs: number;
  readonly nextEndUs: number;
  readonly count: number;
  readonly carry: number;
  readonly pastEndUs: number;
  readonly past: number;
}

/** The next two ends; whoever asks by a clock that is behind names too few, and then they go on as the last ones did. */
function endsAfter(ends: readonly number[], nowUs: number): readonly [number, number] {
  const [endUs, nextEndUs] = ends.filter((end) => end > nowUs);
  if (endUs !== undefined && nextEndUs !== undefined) return [endUs, nextEndUs];
  const [before = nowUs, last = nowUs] = ends.slice(-2);
  const lengthUs = Math.max(1, last - before);
  const next = endUs ?? last + (Math.floor((nowUs - last) / lengthUs) + 1) * lengthUs;
  return [next, next + lengthUs];
}

/** The windows as they stand now: those of the state, or the calendar's once they are over. */
export function windowsAt({ limit, state }: Bound, nowUs: number): Windows {
  const ends = limit.shape.kind === 'fixed' ? limit.shape.endsUs : [];
  const [endUs, nextEndUs] = endsAfter(ends, nowUs);
  const lengthUs = nextEndUs - endUs;
  if (nowUs < state.endUs) {
    const { count, carry, pastEndUs, past } = state;
    const next = ends.find((end) => end > state.endUs) ?? state.endUs + lengthUs;
    return { endUs: state.endUs, nextEndUs: next, count, carry, pastEndUs, past };
  }
  if (state.endUs > 0 && nowUs < state.endUs + lengthUs)
    return { endUs, nextEndUs, count: state.carry, carry: 0, pastEndUs: state.endUs, past: state.count };
  return { endUs, nextEndUs, count: 0, carry: 0, pastEndUs: state.endUs + lengthUs, past: state.carry };
}

/** A request near the boundary may arrive on either side of it, so it must fit into both windows. */
function fixedSlotUs(bound: Bound, fromUs: number): number {
  const { limit, state, frost } = bound;
  const count = countOf(limit, state, factorAt(state, frost, fromUs));
  const cost = Math.min(limit.cost, count);
  const heldUs = Math.max(fromUs, state.heldUntilUs);
  const { pastEndUs, past } = windowsAt(bound, heldUs);
  const from = past + cost > count ? Math.max(heldUs, pastEndUs + guardUs) : heldUs;
  const windows = windowsAt(bound, from);
  const nextFits = windows.carry + cost <= count;
  if (windows.count + cost <= count && (from < windows.endUs - guardUs || nextFits)) return from;
  return (nextFits ? windows.endUs : windows.nextEndUs) + guardUs;
}

/** Nobody knows when a request ends: the store tells when one does, and until then it is asked now and then. */
function leaseSlotUs({ limit, state, frost }: Bound, nowUs: number): number {
  const ends = Object.values(state.leases).filter((end) => end > nowUs);
  if (ends.length < countOf(limit, state, factorAt(state, frost, nowUs))) return nowUs;
  return Math.min(...ends, nowUs + leasePollUs);
}
