import { cursorText, cursorValue } from './batch.ts';
import { shiftInstant } from './instant.ts';
import type { BackfillPlan, CursorPlan, PinnedWindow } from './plan.ts';

/** The slice of a range that begins at a cursor. Slices lie at even distances from the beginning of the range. */
export function sliceFrom({ window, sliceMs }: BackfillPlan, cursor: CursorPlan, from: string): PinnedWindow {
  if (sliceMs === undefined) return { from, to: window.to };
  const end = cursorText(cursor.type, shiftInstant(cursorValue(cursor.type, from), sliceMs));
  return { from, to: end < window.to ? end : window.to };
}

/** What is left of a range, slice by slice, at most so many. */
export function slicesFrom(
  plan: BackfillPlan,
  cursor: CursorPlan,
  from: string,
  slicesMax: number,
): readonly PinnedWindow[] {
  const found: PinnedWindow[] = [];
  for (let at = from; at < plan.window.to && found.length < slicesMax; ) {
    const slice = sliceFrom(plan, cursor, at);
    found.push(slice);
    at = slice.to;
  }
  return found;
}
