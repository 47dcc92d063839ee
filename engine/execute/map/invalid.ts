import type { StagedValue } from '../../model/batch.ts';
import { stringifyExact } from './exact-json.ts';

/** Codes of values that do not fit; docs/diagnostics.md explains them. */
const valueCodes = {
  missing: 'ETL0520',
  type: 'ETL0521',
  range: 'ETL0522',
  zone: 'ETL0523',
  text: 'ETL0524',
  computed: 'ETL0525',
  each: 'ETL0526',
  transform: 'ETL0527',
  lacking: 'ETL0528',
  narrower: 'ETL0529',
  chosen: 'ETL0537',
} as const;

type Otherwise = 'discard_value' | 'discard_row' | 'quarantine';

/** Why a value does not fit its property. */
export class Invalid {
  readonly code: string;
  readonly reason: string;
  /** What the contract does with it, where that is not for `onInvalid` to say. */
  readonly otherwise: Otherwise | undefined;

  constructor(kind: keyof typeof valueCodes, reason: string, otherwise?: Otherwise) {
    this.code = valueCodes[kind];
    this.reason = reason;
    this.otherwise = otherwise;
  }
}

export type Coerced = StagedValue | Invalid;

/** Characters of a value that a reason quotes, and that a blocked row keeps. */
const quotedMax = 60;
const keptMax = 200;

/** A value as a reason quotes it: `"12,50"`, `an array of 3`. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const text = jsonText(value);
  if (text.startsWith('{')) return 'an object';
  return text.length > quotedMax ? `${cut(text, quotedMax)}…` : text;
}

/** A value as a blocked row keeps it: its JSON, cut to 200 characters; nothing for a value that is not there. */
export const keptText = (value: unknown): string =>
  value === undefined || value instanceof Invalid ? '' : cut(jsonText(value), keptMax);

/** The first characters of a text, never half of a surrogate pair. */
export function cut(text: string, charactersMax: number): string {
  const end = /[\uD800-\uDBFF]/.test(text.charAt(charactersMax - 1)) ? charactersMax - 1 : charactersMax;
  return text.length <= charactersMax ? text : text.slice(0, end);
}

function jsonText(value: unknown): string {
  try {
    return stringifyExact(value);
  } catch {
    return 'a value that nests too deeply';
  }
}
