import type { Diagnostic } from '../model/diagnostic.ts';
import { assert } from '../model/errors.ts';
import { pacedLimiter } from '../model/paced-limiter.ts';
import type { BackfillPlan, ExtractStep } from '../model/plan.ts';
import { continued, type Position } from '../model/position.ts';
import { sliceFrom } from '../model/slices.ts';
import type { Part } from './received.ts';
import type { RunServices } from './run-services.ts';

/** How many pages may be read, and how many have been. */
export interface PagesBound extends Pick<Part, 'pagesMax'> {
  pagesRead(): number;
}

/**
 * Reads a range slice by slice, each as a window of its own. The position of the range is its own, too: its cursor is where
 * the next slice begins. Killed at any time it goes on behind the last page that was staged; once it is read to its end,
 * the same range begins anew.
 */
export async function backfill(
  step: ExtractStep,
  { staging, signal }: Pick<RunServices, 'staging' | 'signal'>,
  { pagesMax = Number.POSITIVE_INFINITY, pagesRead }: PagesBound,
  read: (slice: ExtractStep, part: Part) => Promise<readonly Diagnostic[]>,
): Promise<readonly Diagnostic[]> {
  const { backfill: plan, stream } = step;
  assert(plan && stream.cursor, `${step.id} has a range`);
  const found = new Map<string, Diagnostic>();
  let start = begun(continued(await staging.position(stream), stream), plan);
  while (start.cursor !== plan.window.to && pagesRead() < pagesMax && !signal.aborted) {
    const pinned = sliceFrom(plan, stream.cursor, start.cursor ?? plan.window.from);
    const part = { start, pagesMax: pagesMax - pagesRead() };
    // What is said of the last slice counts all that came before.
    for (const one of await read({ ...step, stream: { ...stream, pinned } }, part)) found.set(one.code, one);
    const reached = await staging.position(stream);
    if (reached.open !== undefined) break;
    start = reached;
  }
  return [...found.values()];
}

/** Where a range goes on. */
function begun(position: Position, { window }: BackfillPlan): Position {
  if (position.cursor !== window.to) return position;
  return position.shape === undefined ? {} : { shape: position.shape };
}

/** What a backfill sends its requests with: a share of every limit, behind all others. */
export const sparing = (services: RunServices, { share }: BackfillPlan): RunServices => ({
  ...services,
  limiter: pacedLimiter(services.limiter, share, services.clock),
});
