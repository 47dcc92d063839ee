import type { TerminalError } from '../model/errors.ts';
import { parseInstant } from '../model/instant.ts';
import { parseDuration } from '../model/units.ts';
import { labError } from './complain.ts';

/** Where a generator stands, and for how many values. */
interface Site {
  /** `source.stream`. */
  readonly stream: string;
  /** Such as `record.lines.of.price`. */
  readonly place: string;
  readonly seed: number;
  /** How many values it may be asked for: records, or within lists the most elements of all records. */
  readonly values: number;
}

/** A {@link Site} before its own seed is known. */
export type Place = Omit<Site, 'seed'> & { readonly streamSeed: number };

/** A record, an object in it, or a generator. */
export type Spec = { readonly [key: string]: unknown };

export const isSpec = (value: unknown): value is Spec =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The place of a key of an object. */
export const inside = (place: Place, key: string): Place => ({ ...place, place: `${place.place}.${key}` });

/** The complaint about a key of a generated record. */
export const generatorError = (
  site: Pick<Site, 'stream' | 'place'>,
  message: string,
  ...help: string[]
): TerminalError => labError('badGenerator', `${site.stream}: ${site.place} ${message}`, ...help);

/** The options of one `{gen: …}`, read with complaints that name where they stand. */
export class GeneratorOptions {
  readonly site: Site;
  private readonly given: { readonly [option: string]: unknown };

  constructor(site: Site, given: { readonly [option: string]: unknown }) {
    this.site = site;
    this.given = given;
  }

  has(option: string): boolean {
    return this.given[option] !== undefined;
  }

  /** The value as it stands. @throws TerminalError when there is none. */
  required(option: string, expected: string): unknown {
    const value = this.given[option];
    return value === undefined ? this.fail(option, expected) : value;
  }

  number(option: string, fallback: number): number {
    const value = this.given[option] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(option, 'a number');
  }

  integer(option: string, fallback: number, min = Number.MIN_SAFE_INTEGER): number {
    const value = this.number(option, fallback);
    if (Number.isSafeInteger(value) && value >= min) return value;
    return this.fail(option, min < 0 ? 'a whole number' : `a whole number of at least ${min}`);
  }

  share(option: string, fallback: number): number {
    const value = this.number(option, fallback);
    return value >= 0 && value <= 1 ? value : this.fail(option, 'a share from 0 to 1');
  }

  oneOf<T extends string>(option: string, allowed: readonly T[]): T | undefined {
    const value = this.given[option];
    if (value === undefined) return undefined;
    return allowed.find((name) => name === value) ?? this.fail(option, allowed.join(' or '));
  }

  text(option: string): string {
    const value = this.given[option];
    return typeof value === 'string' ? value : this.fail(option, 'a text');
  }

  instant(option: string): string {
    const value = this.given[option];
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    return instant ?? this.fail(option, 'an ISO 8601 time with a zone, such as 2026-01-01T00:00:00Z');
  }

  durationMs(option: string): number {
    const value = this.given[option];
    if (typeof value === 'string' && /^\d+(ms|s|m|h|d)$/.test(value)) return parseDuration(value);
    return this.fail(option, 'a duration such as 250ms, 5m or 24h');
  }

  /** `min` and `max`, in order. */
  range(read: (option: 'min' | 'max') => number): { readonly min: number; readonly max: number } {
    const range = { min: read('min'), max: read('max') };
    return range.min <= range.max ? range : this.fail('max', `at least min (${range.min})`);
  }

  fail(option: string, expected: string): never {
    const value = this.given[option];
    const got = value === undefined ? 'it is missing' : `got ${JSON.stringify(value)}`;
    throw generatorError(this.site, `needs ${option}: ${expected}; ${got}`);
  }

  /** @throws TerminalError for an option that this generator does not have */
  checkNames(allowed: readonly string[]): void {
    const unknown = Object.keys(this.given).find((option) => !allowed.includes(option));
    if (unknown === undefined) return;
    throw generatorError(this.site, `has an unknown option ${unknown}`, `Options: ${allowed.join(', ')}.`);
  }
}
