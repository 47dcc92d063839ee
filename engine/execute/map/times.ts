import { type IsoParts, instantText, parseInstant, parseIso } from '../../model/instant.ts';
import type { PropertyPlan } from '../../model/plan.ts';
import { type Decimal, plainText } from './decimals.ts';
import { type Coerced, Invalid, quoted } from './invalid.ts';
import { decimalOf } from './scalars.ts';
import { type WallClock, wallClock } from './zones.ts';

type Format = PropertyPlan['format'];
type Coercer = (value: unknown) => Coerced;

const dateOnly = /^\d{4}-\d\d-\d\d$/;
const timeOnly = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,12}))?)?$/;
const offsetAtEnd = /(?:[+-]\d\d:?(?:\d\d)?)$/;

/** No zone on earth is further from UTC. */
const offsetMinutesMax = 18 * 60;

/** Powers of ten between the unit of a number and a microsecond. */
const microsPower = { epoch: 6, epoch_ms: 3 } as const;

/** Whole seconds of the years 1 to 9999, the range of every warehouse. */
const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59Z');

const inYears = (wholeSecondMs: number): boolean => wholeSecondMs >= firstMs && wholeSecondMs <= lastMs;

/** The canonical instant of an ISO 8601 text with a zone; undefined for anything else. */
export function instantOf(text: string): string | undefined {
  const instant = parseInstant(text);
  if (instant === undefined || instant.startsWith('0000')) return undefined;
  return text.endsWith('Z') || !offsetAtEnd.test(text) || hasPlausibleOffset(text) ? instant : undefined;
}

const hasPlausibleOffset = (text: string): boolean => {
  const parts = parseIso(text);
  const minutes = /[+-]\d\d(?::?[0-5]\d)?$/.test(text);
  return minutes && Math.abs(parts?.offsetMinutes ?? 0) <= offsetMinutesMax;
};

/** The canonical instant of seconds or milliseconds since the epoch, a number or its text. */
export function epochInstant(value: unknown, format: Exclude<Format, 'iso'>): Coerced {
  const decimal = decimalOf(value);
  if (decimal === undefined)
    return new Invalid('type', `expected ${epochName[format]}, got ${quoted(value)}`);
  const micros = wholeMicros(decimal, microsPower[format]);
  if (micros === undefined) {
    return new Invalid(
      'range',
      `expected ${epochName[format]}, got ${quoted(value)}, which is finer than a microsecond`,
    );
  }
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const ms = Number((micros - rest) / 1000n);
  const text = inYears(ms) ? instantText(ms, String(rest).padStart(6, '0')) : undefined;
  return text ?? new Invalid('range', `expected an instant of the years 1 to 9999, got ${quoted(value)}`);
}

const epochName = { epoch: 'seconds since 1970', epoch_ms: 'milliseconds since 1970' } as const;

function wholeMicros(decimal: Decimal, power: number): bigint | undefined {
  const exponent = decimal.exponent + power;
  if (exponent < 0) return undefined;
  // Whatever is longer than this lies beyond the year 9999.
  const text = exponent + decimal.digits.length > 30 ? '9'.repeat(30) : plainText({ ...decimal, exponent });
  return BigInt(text ?? 0);
}

/** Instants: ISO 8601 with a zone, or without one in `zone`, or numbers when `format` says so. */
export function compileTimestamp(format: Format, zone: string | undefined): Coercer {
  if (format !== 'iso') return (value) => epochInstant(value, format);
  const clock = zone === undefined ? undefined : wallClock(zone);
  return (value) => {
    if (typeof value !== 'string') {
      const hint = decimalOf(value) ? '; `format: epoch` or `epoch_ms` reads numbers' : '';
      return new Invalid(
        'type',
        `expected a timestamp such as 2026-01-31T08:15:00Z, got ${quoted(value)}${hint}`,
      );
    }
    return instantOf(value) ?? withoutZone(value, clock);
  };
}

function withoutZone(text: string, clock: WallClock | undefined): Coerced {
  const parts = parseIso(dateOnly.test(text) ? `${text}T00:00` : text);
  if (parts === undefined || parts.offsetMinutes !== undefined || !inYears(parts.wallMs)) {
    return new Invalid('type', `expected a timestamp such as 2026-01-31T08:15:00Z, got ${quoted(text)}`);
  }
  if (clock === undefined) {
    return new Invalid(
      'zone',
      `expected a timestamp with a zone, got ${quoted(text)}; \`zone:\` names the one it is in`,
    );
  }
  const instants = clock.instants(parts.wallMs);
  const [instant] = instants;
  const canonical =
    instant !== undefined && inYears(instant) ? instantText(instant, parts.micros) : undefined;
  if (instants.length === 1 && canonical !== undefined) return canonical;
  return new Invalid(
    'zone',
    `expected a time that ${clock.zone} has once, got ${quoted(text)}, ${counted(instants)}`,
  );
}

const counted = (instants: readonly number[]): string =>
  instants.length > 1
    ? 'which it has twice, when clocks are put back; only a zone in the value can tell which'
    : 'which it skips, when clocks are put forward';

/** Dates and times of a wall clock, without a zone. */
export function compileDatetime(): Coercer {
  return (value) => {
    const parts = typeof value === 'string' ? parseIso(value) : undefined;
    if (parts === undefined || !inYears(parts.wallMs)) {
      return new Invalid('type', `expected a datetime such as 2026-01-31T08:15:00, got ${quoted(value)}`);
    }
    if (parts.offsetMinutes === undefined) return wallText(parts);
    return new Invalid(
      'zone',
      `expected a datetime without a zone, got ${quoted(value)}; use \`type: timestamp\``,
    );
  };
}

const wallText = ({ wallMs, micros }: IsoParts): string =>
  `${new Date(wallMs).toISOString().slice(0, 19)}.${micros}`;

/** Calendar days: `2026-01-31`, or in UTC the day of a number when `format` says so. */
export function compileDate(format: Format): Coercer {
  if (format === 'iso') return isoDate;
  return (value) => {
    const instant = epochInstant(value, format);
    return typeof instant === 'string' ? instant.slice(0, 10) : instant;
  };
}

function isoDate(value: unknown): Coerced {
  if (typeof value !== 'string')
    return new Invalid('type', `expected a date such as 2026-01-31, got ${quoted(value)}`);
  if (dateOnly.test(value) && isCalendarDay(value)) return value;
  const hint = parseIso(value) === undefined ? '' : '; a time of day needs `type: timestamp` or `datetime`';
  return new Invalid('type', `expected a date such as 2026-01-31, got ${quoted(value)}${hint}`);
}

function isCalendarDay(text: string): boolean {
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  if (month < 1 || month > 12 || day < 1 || text.startsWith('0000')) return false;
  if (day <= 28) return true;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).getUTCDate() === day;
}

/** Times of day, to the microsecond. */
export function compileTime(): Coercer {
  return (value) => {
    const found = typeof value === 'string' ? timeOnly.exec(value) : null;
    if (found === null) return new Invalid('type', `expected a time such as 08:15:00, got ${quoted(value)}`);
    const [, hour, minute, second = '00', fraction = ''] = found;
    if (/[1-9]/.test(fraction.slice(6))) {
      return new Invalid('range', `expected a time to the microsecond, got ${quoted(value)}`);
    }
    return `${hour}:${minute}:${second}.${fraction.slice(0, 6).padEnd(6, '0')}`;
  };
}
