import { randomUUID } from 'node:crypto';
import { compareDecimals, parseDecimal } from './decimals.ts';
import { stringEnd } from './json-string.ts';

/**
 * A JSON number that a double cannot hold. Its text is no own property: a path must find nothing inside a number.
 */
export class ExactNumber {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The token as received. */
  get text(): string {
    return this.#text;
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return mark + this.#text;
  }
}

/** Begins the strings that stand for number tokens for a moment. Random, so that no document can hold it. */
const mark = `number-${randomUUID()}:`;
const marked = new RegExp(`"${mark}([^"]+)"`, 'g');

/** Digits that any double holds; numbers with more are looked at closely. */
const digitsSafe = 15;

/**
 * JSON.parse, except that numbers beyond a double's precision or range become {@link ExactNumber}.
 * @throws SyntaxError as JSON.parse does.
 */
export function parseExact(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  if (!mayBeInexact(text)) return plain;
  const rewritten = markNumbers(text);
  return rewritten === undefined ? plain : revive(JSON.parse(rewritten));
}

/** Inverse of {@link parseExact}: an ExactNumber is written as the token it was. */
export function stringifyExact(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(mark) ? text.replace(marked, '$1') : text;
}

/** The same value with doubles for exact numbers; what has none is not copied. */
export function toDoubles(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(toDoubles);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toDoubles(child)]));
}

/** Whether a walk ran out of stack, as it does where values nest in each other thousands of times. */
export const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message.includes('call stack');

/** A number with an exponent, where a value ends. */
const exponent = /\d[eE][-+]?\d+\s*(?:[,}\]]|$)/;

/**
 * Whether the text may hold a number that a double cannot. Says yes too often, never no wrongly: a run of 16 digits has
 * one at a multiple of 16, so that every 16th character is enough to look at.
 */
function mayBeInexact(text: string): boolean {
  const stride = digitsSafe + 1;
  for (let at = digitsSafe; at < text.length; at += stride) {
    if (isNumeric(text, at) && isLongNumber(text, at)) return true;
  }
  return exponent.test(text);
}

function isNumeric(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 48 && code <= 57) || code === 46;
}

function isLongNumber(text: string, at: number): boolean {
  let first = at;
  while (first > 0 && isNumeric(text, first - 1)) first -= 1;
  let end = at + 1;
  while (end < text.length && isNumeric(text, end)) end += 1;
  // Digits behind a quote or a letter are part of a string: identifiers are common there.
  return end - first > digitsSafe && (first === 0 || '-:,[ \t\r\n'.includes(text.charAt(first - 1)));
}

/** The text with every inexact number as a marked string; undefined when there is none. The text is valid JSON. */
function markNumbers(text: string): string | undefined {
  const token = /"|-?\d[\d.eE+-]*/g;
  let result = '';
  let copied = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [number] = found;
    if (number === '"') token.lastIndex = stringEnd(text, found.index);
    else if (!fitsDouble(number)) {
      result += `${text.slice(copied, found.index)}"${mark}${number}"`;
      copied = token.lastIndex;
    }
  }
  return copied === 0 ? undefined : result + text.slice(copied);
}

function fitsDouble(token: string): boolean {
  if (token.length <= digitsSafe && !/[eE]/.test(token)) return true;
  const written = parseDecimal(token);
  const held = parseDecimal(String(Number(token)));
  return written !== undefined && held !== undefined && compareDecimals(written, held) === 0;
}

/** Puts numbers back in place. Only own keys that exist are written, so that `__proto__` stays plain data. */
function revive(value: unknown): unknown {
  if (typeof value === 'string')
    return value.startsWith(mark) ? new ExactNumber(value.slice(mark.length)) : value;
  if (value === null || typeof value !== 'object') return value;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    const child = holder[key];
    if (typeof child === 'string' || typeof child === 'object') holder[key] = revive(child);
  }
  return value;
}
