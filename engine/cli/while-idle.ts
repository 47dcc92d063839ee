import { RefusedError } from '../model/errors.ts';
import { extractLock, heldBy, loadLock } from '../model/locks.ts';
import type { StreamPlan } from '../model/plan.ts';
import { backfillOf } from '../model/sweep.ts';
import { systemClock } from '../services/clock.ts';
import { streamsOf } from './forget-services.ts';
import type { PlannedProject } from './planned.ts';

/** A stream may be read on, and a range of it once more, at the same time. */
const locksOf = (stream: StreamPlan): readonly string[] =>
  [stream.name, backfillOf(stream.name)].map((name) => extractLock({ ...stream, name }));

/**
 * Does the work while no run reads a stream or loads the warehouse, and none begins. The locks are renewed until it is
 * done. @throws RefusedError (exit 4) when a run goes on.
 */
export async function whileNothingRuns<T>(
  { plan, state: { locks } }: PlannedProject,
  { run, what }: { readonly run: string; readonly what: string },
  work: () => Promise<T>,
): Promise<T> {
  const taken: string[] = [];
  // One that cannot be renewed in time lasts until it expires.
  const renewal = setInterval(() => void locks.renew().catch(() => {}), locks.ttlMs / 3);
  try {
    for (const name of [...streamsOf(plan).flatMap(locksOf), loadLock]) {
      const holder = await locks.take({ name, run, what });
      if (holder !== undefined) throw new RefusedError('refused', [heldBy(holder, systemClock.now())]);
      taken.push(name);
    }
    return await work();
  } finally {
    clearInterval(renewal);
    await locks.release(taken);
  }
}
