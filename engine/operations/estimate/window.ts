import { cursorText, cursorValue } from '../../model/batch.ts';
import type { RangeHistory, StreamHistory, WindowEstimate } from '../../model/estimate.ts';
import { shiftInstant } from '../../model/instant.ts';
import type { BackfillPlan, ExtractStep } from '../../model/plan.ts';

/** What a run asks a stream for, as the position says. */
export function windowOf(
  { stream: { cursor }, backfill }: ExtractStep,
  { cursor: at, open, range }: StreamHistory,
): WindowEstimate {
  if (backfill !== undefined) return rangeOf(backfill, range);
  if (open !== undefined)
    return { kind: 'resume', pages: open.pages, ...(open.from !== undefined && { from: open.from }) };
  if (cursor === undefined) return { kind: 'whole' };
  if (at === undefined) return { kind: 'first', ...(cursor.start !== undefined && { from: cursor.start }) };
  const { lookbackMs, type } = cursor;
  if (type !== 'timestamp') return { kind: 'cursor', cursor: at, from: at, lookbackMs: 0 };
  const from = cursorText(type, shiftInstant(cursorValue(type, at), -lookbackMs)) ?? at;
  return { kind: 'cursor', cursor: at, from, lookbackMs };
}

/** What is left of a range. */
const rangeOf = ({ window, sliceMs }: BackfillPlan, range: RangeHistory | undefined): WindowEstimate => ({
  kind: 'range',
  from: range?.slices[0]?.from ?? window.from,
  to: window.to,
  slices: range?.slices.length ?? 1,
  sliced: sliceMs !== undefined,
});
