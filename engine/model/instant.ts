const pattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d)?)?$/;

/** Date and time of an ISO 8601 text; `offsetMinutes` is absent when the text has no zone. */
export interface IsoParts {
  /** Milliseconds since the epoch of the wall clock's whole second, read as if it were UTC. */
  readonly wallMs: number;
  /** Six digits. */
  readonly micros: string;
  readonly offsetMinutes?: number;
}

function offsetOf(
  zulu: string | undefined,
  sign: string | undefined,
  hours = '0',
  minutes = '0',
): number | undefined {
  if (zulu !== undefined) return 0;
  if (sign === undefined) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Reads an ISO 8601 date and time. A fraction finer than microseconds is refused, since it could not be kept. */
export function parseIso(text: string): IsoParts | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', fraction = ''] = found;
  const whole = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const wallMs = Date.parse(whole);
  // Date.parse takes 24:00 and 30 February for later days; what does not print as it was read is not a date.
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== whole) return undefined;
  if (/[1-9]/.test(fraction.slice(6))) return undefined;
  const offsetMinutes = offsetOf(found[8], found[9], found[10], found[11]);
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return offsetMinutes === undefined ? { wallMs, micros } : { wallMs, micros, offsetMinutes };
}

/** The canonical text of an instant: UTC, microseconds, `2026-01-31T08:15:00.000000Z`. Undefined outside years 0–9999. */
export function instantText(wholeSecondMs: number, micros = '000000'): string | undefined {
  const date = new Date(wholeSecondMs);
  if (Number.isNaN(wholeSecondMs) || Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return iso.length === 24 ? `${iso.slice(0, 19)}.${micros}Z` : undefined;
}

const canonical =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,6}))?Z$/;

/** Whole seconds in UTC, as most APIs write them. */
const wholeSecond = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** The canonical instant of an ISO 8601 text with a zone; undefined for anything else. */
export function parseInstant(text: string): string | undefined {
  if (wholeSecond.test(text)) return `${text.slice(0, 19)}.000000Z`;
  const fast = canonical.exec(text);
  if (fast !== null) return `${text.slice(0, 19)}.${(fast[1] ?? '').padEnd(6, '0')}Z`;
  const parts = parseIso(text);
  if (parts?.offsetMinutes === undefined) return undefined;
  return instantText(parts.wallMs - parts.offsetMinutes * 60_000, parts.micros);
}

/** Milliseconds since the epoch of a canonical instant, with the fraction of a millisecond. */
export const instantMs = (instant: string): number =>
  Date.parse(`${instant.slice(0, 19)}Z`) + Number(instant.slice(20, 26)) / 1000;

/** The last microsecond of the unit of so many milliseconds, one at least, that begins at an instant. */
export const endOfUnit = (instant: string, unitMs: number): string =>
  `${shiftInstant(instant, unitMs - 1).slice(0, 23)}999Z`;

/** A canonical instant moved by whole milliseconds. */
export function shiftInstant(instant: string, ms: number): string {
  const micros = Number(instant.slice(20, 26)) + ms * 1000;
  const seconds = Math.floor(micros / 1_000_000);
  const rest = String(micros - seconds * 1_000_000).padStart(6, '0');
  return instantText(Date.parse(`${instant.slice(0, 19)}Z`) + seconds * 1000, rest) ?? instant;
}
