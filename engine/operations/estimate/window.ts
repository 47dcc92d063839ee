import { cursorText, cursorValue } from '../../model/batch.ts';
import type { StreamHistory, WindowEstimate } from '../../model/estimate.ts';
import { shiftInstant } from '../../model/instant.ts';
import type { StreamPlan } from '../../model/plan.ts';

/** What a run asks a stream for, as the position says. */
export function windowOf({ cursor }: StreamPlan, { cursor: at, open }: StreamHistory): WindowEstimate {
  if (open !== undefined)
    return { kind: 'resume', pages: open.pages, ...(open.from !== undefined && { from: open.from }) };
  if (cursor === undefined) return { kind: 'whole' };
  if (at === undefined) return { kind: 'first', ...(cursor.start !== undefined && { from: cursor.start }) };
  const { lookbackMs, type } = cursor;
  if (type !== 'timestamp') return { kind: 'cursor', cursor: at, from: at, lookbackMs: 0 };
  const from = cursorText(type, shiftInstant(cursorValue(type, at), -lookbackMs)) ?? at;
  return { kind: 'cursor', cursor: at, from, lookbackMs };
}
