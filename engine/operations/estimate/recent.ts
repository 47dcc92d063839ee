import type { StreamHistory } from '../../model/estimate.ts';
import type { PinnedWindow, StreamPlan } from '../../model/plan.ts';

/** Shorter times hold too few records to go by. */
const leastMs = 60_000;

/**
 * Where a stream was read once, nothing tells how much comes between two runs, but the times of its records do. Records are
 * counted in as long a time before that read as there is since, in the time before that one, which shows whether they go
 * back so far, and in the lookback, which is read again. Undefined where it is no such stream.
 */
export function recentWindows(
  { cursor }: StreamPlan,
  { cursor: at, open, windows }: StreamHistory,
  nowMs: number,
): readonly PinnedWindow[] | undefined {
  const done = windows.filter(({ ended }) => ended);
  const [only] = done;
  if (cursor?.type !== 'timestamp' || at === undefined || open !== undefined) return undefined;
  if (only === undefined || done.length > 1) return undefined;
  // Cursors are compared as texts: with six digits, as they are kept.
  const text = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
  const spanMs = spanOf(only.startedAt, nowMs);
  const recent = text(Date.parse(only.startedAt) - spanMs);
  const again = text(Date.parse(at) - cursor.lookbackMs);
  const begin = recent < at ? recent : at;
  return [
    { from: only.from ?? '', to: begin },
    { from: begin, to: at },
    { from: again, to: at },
  ];
}

/** As long as it is since, where that is long enough. */
export const spanOf = (startedAt: string, nowMs: number): number =>
  Math.max(leastMs, nowMs - Date.parse(startedAt));
