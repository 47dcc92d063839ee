import { cursorText, type PageFailure } from '../../model/batch.ts';
import type { CursorPlan } from '../../model/plan.ts';
import * as failures from './failures.ts';
import { compilePath, type JsonObject } from './paths.ts';
import { isStorable, scalarText } from './scalars.ts';
import { epochInstant, instantOf } from './times.ts';
import { toInteger } from './types.ts';

/** Where records say which came first, and how. */
type Ordering = Pick<CursorPlan, 'field' | 'type' | 'format'>;

/** The cursor field of a record, and its normalised text; no text when the value cannot be one. */
type CursorReader = (record: unknown) => {
  readonly value: unknown;
  readonly text: string | undefined;
};

/** Reads cursor values of one stream. */
function compileCursor(plan: Ordering): CursorReader {
  const read = compilePath(plan.field);
  const canonical = compileCanonical(plan);
  return (record) => {
    const value = read(record);
    const text = value === undefined || value === null || value === '' ? undefined : canonical(value);
    return { value, text: text === undefined ? undefined : cursorText(plan.type, text) };
  };
}

function compileCanonical({ type, format }: Ordering): (value: unknown) => string | undefined {
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

export type Cursors = (string | null)[];

/** Compiles what reads the normalised cursors of records; null for each in a stream without a cursor. */
export function compileCursors(
  stream: string,
  plan: Ordering | undefined,
): (records: readonly JsonObject[]) => Cursors | PageFailure {
  if (plan === undefined) return (records) => records.map(() => null);
  const read = compileCursor(plan);
  return (records) => {
    const cursors: string[] = [];
    for (const record of records) {
      const { value, text } = read(record);
      if (text === undefined)
        return failures.noCursor(stream, cursors.length, plan.field, expected(plan), value);
      cursors.push(text);
    }
    return cursors;
  };
}

function expected({ type, format }: Ordering): string {
  if (type !== 'timestamp') return type === 'integer' ? 'an integer' : 'a text';
  const iso = 'an ISO 8601 timestamp with a zone';
  return format === 'iso' || format === 'date'
    ? iso
    : `${iso}, or ${format === 'epoch' ? 'seconds' : 'milliseconds'} since 1970`;
}
