import { cursorValue } from '../../engine/model/batch.ts';
import { instantMs } from '../../engine/model/instant.ts';
import type { CursorPlan } from '../../engine/model/plan.ts';

/** The query parameter for a normalised cursor, written as the API wants it. */
export function cursorParameter(cursor: CursorPlan, from: string): string {
  const value = cursorValue(cursor.type, from);
  if (cursor.type === 'timestamp' && cursor.format === 'date') return value.slice(0, 10);
  if (cursor.type !== 'timestamp' || cursor.format === 'iso') return trimmedFraction(cursor, value);
  // Rounded down: a window that begins a moment early reads a record twice, one that begins late loses it.
  const ms = instantMs(value);
  return String(Math.floor(cursor.format === 'epoch' ? ms / 1000 : ms));
}

/** The same for the end of a window. Rounded up: one that ends a moment late reads a record twice. */
export function endParameter(cursor: CursorPlan, to: string): string {
  if (cursor.type !== 'timestamp' || cursor.format === 'iso' || cursor.format === 'date')
    return cursorParameter(cursor, to);
  const value = cursorValue(cursor.type, to);
  const ms = instantMs(value) + (/000Z$/.test(value) ? 0 : 1);
  return String(Math.ceil(cursor.format === 'epoch' ? ms / 1000 : ms));
}

/** Many APIs refuse a fraction of a second; a fraction of zero says nothing, so it is left out. */
const trimmedFraction = (cursor: CursorPlan, value: string): string =>
  cursor.type === 'timestamp' ? value.replace(/\.000000Z$/, 'Z').replace(/000Z$/, 'Z') : value;
