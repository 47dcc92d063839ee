import { cursorText } from '../../model/batch.ts';
import type { CursorPlan } from '../../model/plan.ts';
import { compilePath } from './paths.ts';
import { isStorable, scalarText } from './scalars.ts';
import { epochInstant, instantOf } from './times.ts';
import { toInteger } from './types.ts';

/** The cursor field of a record, and its normalised text; no text when the value cannot be one. */
export type CursorReader = (record: unknown) => {
  readonly value: unknown;
  readonly text: string | undefined;
};

/** Reads cursor values of one stream. */
export function compileCursor(plan: CursorPlan): CursorReader {
  const read = compilePath(plan.field);
  const canonical = compileCanonical(plan);
  return (record) => {
    const value = read(record);
    const text = value === undefined || value === null || value === '' ? undefined : canonical(value);
    return { value, text: text === undefined ? undefined : cursorText(plan.type, text) };
  };
}

function compileCanonical({ type, format }: CursorPlan): (value: unknown) => string | undefined {
  if (type === 'integer') return (value) => textOf(toInteger(value));
  if (type === 'string') return (value) => storable(scalarText(value));
  return (value) => {
    const instant = typeof value === 'string' ? instantOf(value) : undefined;
    if (instant !== undefined || format === 'iso' || format === 'date') return instant;
    return textOf(epochInstant(value, format));
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const storable = (text: string | undefined): string | undefined =>
  text !== undefined && isStorable(text) ? text : undefined;
