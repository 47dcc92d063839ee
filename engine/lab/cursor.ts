import type * as config from '../model/config.ts';
import { parseInstant } from '../model/instant.ts';

/**
 * A cursor value that compares with `<`: microseconds since the epoch, an integer, or a text.
 * Numbers that a double cannot hold are bigints; the two compare exactly.
 */
export type CursorKey = number | bigint | string;

const narrow = (exact: bigint): number | bigint =>
  Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;

const integerKey = (text: string): CursorKey | undefined =>
  /^-?\d+$/.test(text) ? narrow(BigInt(text)) : undefined;

function isoKey(text: string): CursorKey | undefined {
  const instant = parseInstant(text);
  if (instant === undefined) return undefined;
  const wholeMs = Date.parse(`${instant.slice(0, 19)}Z`);
  const micros = instant.slice(20, 26);
  const key = wholeMs * 1000 + Number(micros);
  return Number.isSafeInteger(key) ? key : narrow(BigInt(wholeMs) * 1000n + BigInt(micros));
}

/** `digits` is how many decimals of the unit make a microsecond: 6 of a second, 3 of a millisecond. */
function epochKey(text: string, digits: number): CursorKey | undefined {
  const found = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = (found?.[2] ?? '').padEnd(digits, '0');
  return found === null || fraction.length > digits ? undefined : narrow(BigInt(`${found[1]}${fraction}`));
}

const epochDigits = (cursor: config.Cursor): number => (cursor.format === 'epoch' ? 6 : 3);

/** The key right behind another one. */
export const keyAfter = (key: CursorKey): CursorKey =>
  typeof key === 'string' ? `${key}\0` : narrow(BigInt(key) + 1n);

/** The key of a value in a request, which must be written as the stream declares; undefined when it is not. */
export function requestKey(cursor: config.Cursor, text: string): CursorKey | undefined {
  switch (cursor.type ?? 'timestamp') {
    case 'string':
      return text;
    case 'integer':
      return integerKey(text);
    case 'timestamp':
      return (cursor.format ?? 'iso') === 'iso' ? isoKey(text) : epochKey(text, epochDigits(cursor));
  }
}

function numberKey(cursor: config.Cursor, text: string): CursorKey | undefined {
  // Nothing but the declared format says whether a bare number counts seconds or milliseconds.
  if (cursor.type === 'string') return undefined;
  if (cursor.type === 'integer') return integerKey(text);
  return (cursor.format ?? 'iso') === 'iso' ? undefined : epochKey(text, epochDigits(cursor));
}

/**
 * The key of a value in a record; undefined for a value that is not of the cursor's type.
 * @param raw gives the source text of a number that a double may not hold
 */
export function recordKey(cursor: config.Cursor, value: unknown, raw: () => string): CursorKey | undefined {
  if (typeof value === 'number')
    return numberKey(cursor, Number.isSafeInteger(value) ? String(value) : raw());
  if (typeof value !== 'string') return undefined;
  if (cursor.type === 'string') return value;
  return cursor.type === 'integer' ? integerKey(value) : (isoKey(value) ?? numberKey(cursor, value));
}

/** What a cursor value must look like, for messages. */
export function expectedText(cursor: config.Cursor, where: 'record' | 'request'): string {
  if (cursor.type === 'string') return 'a text';
  if (cursor.type === 'integer') return 'a whole number';
  if (cursor.format === 'epoch' || cursor.format === 'epoch_ms') {
    const unit = cursor.format === 'epoch' ? 'seconds' : 'milliseconds';
    const number = `${unit} since 1970 as a number`;
    return where === 'request' ? number : `${number}, or an ISO 8601 time with a zone`;
  }
  return 'an ISO 8601 time with a zone, at most microseconds';
}
