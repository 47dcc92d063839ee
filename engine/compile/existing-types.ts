import type { Dialect, LogicalType } from '../model/plan.ts';

/** What a column of a table holds, said as a type of a mapping. */
export interface ExistingType {
  readonly logical: LogicalType;
  /** Of an integer type narrower than ours: digits that it may hold, one more than it holds all numbers of. */
  readonly digits?: number;
  /** Of a text with a length. */
  readonly charactersMax?: number;
  /** Digits of a second's fraction, where there are fewer than six. */
  readonly fraction?: number;
  /** Of a floating-point number with half the bits. */
  readonly isSingle?: true;
}

const decimal = (precision: number, scale = 0): LogicalType => ({ name: 'decimal', precision, scale });
const whole = (digits: number): ExistingType => ({ logical: decimal(digits - 1), digits });
const single: ExistingType = { logical: { name: 'double' }, isSingle: true };

/** Names by which the warehouses know their types, besides those that we give. */
const plain: { readonly [name: string]: ExistingType } = {
  TINYINT: whole(3),
  SMALLINT: whole(5),
  INTEGER: whole(10),
  BIGINT: whole(19),
  HUGEINT: { logical: { name: 'integer' } },
  REAL: single,
  DOUBLE: { logical: { name: 'double' } },
  'DOUBLE PRECISION': { logical: { name: 'double' } },
  BOOLEAN: { logical: { name: 'boolean' } },
  DATE: { logical: { name: 'date' } },
  TEXT: { logical: { name: 'string' } },
  VARCHAR: { logical: { name: 'string' } },
  'CHARACTER VARYING': { logical: { name: 'string' } },
  JSON: { logical: { name: 'json' } },
  JSONB: { logical: { name: 'json' } },
  VARIANT: { logical: { name: 'json' } },
  BLOB: { logical: { name: 'binary' } },
  BYTEA: { logical: { name: 'binary' } },
  BINARY: { logical: { name: 'binary' } },
  TIME: { logical: { name: 'time' } },
  'TIME WITHOUT TIME ZONE': { logical: { name: 'time' } },
  TIMESTAMP: { logical: { name: 'datetime' } },
  TIMESTAMP_S: { logical: { name: 'datetime' }, fraction: 0 },
  TIMESTAMP_MS: { logical: { name: 'datetime' }, fraction: 3 },
  'TIMESTAMP WITHOUT TIME ZONE': { logical: { name: 'datetime' } },
  TIMESTAMP_NTZ: { logical: { name: 'datetime' } },
  'TIMESTAMP WITH TIME ZONE': { logical: { name: 'timestamp' } },
  TIMESTAMP_TZ: { logical: { name: 'timestamp' } },
};

/** The same name means fewer bits in PostgreSQL's and DuckDB's `FLOAT`, and all of them in Snowflake's. */
const floats: { readonly [dialect in Dialect]: ExistingType } = {
  duckdb: single,
  postgres: single,
  snowflake: { logical: { name: 'double' } },
};

const shape = /^([A-Z_]+)(?:\((\d+)(?:,(\d+))?\))?((?: [A-Z]+)*)$/;

/** What a type of the warehouse holds; undefined for one that no type of a mapping is like. */
export function existingType(dialect: Dialect, text: string): ExistingType | undefined {
  const found = shape.exec(text.toUpperCase().replace(/\s*([(),])\s*/g, '$1'));
  if (found === null) return undefined;
  const [, head = '', first, second, tail = ''] = found;
  // `character varying(20)` and `timestamp(3) without time zone` have their number in different places.
  const name = head + tail;
  const number = first === undefined ? undefined : Number(first);
  if (/^(DECIMAL|NUMERIC|NUMBER)$/.test(name)) return numberType(number, Number(second ?? 0));
  if (name === 'FLOAT') return floats[dialect];
  const known = Object.hasOwn(plain, name) ? plain[name] : undefined;
  return known === undefined || number === undefined ? known : measured(known, number);
}

function numberType(precision: number | undefined, scale: number): ExistingType | undefined {
  // Without a precision it has as many digits as a value needs, which no type of ours says.
  if (precision === undefined || precision > 38 || scale > precision) return undefined;
  return { logical: precision === 38 && scale === 0 ? { name: 'integer' } : decimal(precision, scale) };
}

function measured(known: ExistingType, size: number): ExistingType {
  const { name } = known.logical;
  if (name === 'string') return { ...known, charactersMax: size };
  return ['time', 'datetime', 'timestamp'].includes(name) && size < 6 ? { ...known, fraction: size } : known;
}

interface Digits {
  readonly whole: number;
  readonly scale: number;
}

/** Digits before and behind the point that a number may have. */
function digitsOf(type: LogicalType): Digits | undefined {
  if (type.name === 'integer') return { whole: 38, scale: 0 };
  return type.name === 'decimal' ? { whole: type.precision - type.scale, scale: type.scale } : undefined;
}

/** Digits that a double holds whatever they are. */
const doubleDigits = 15;

/** Whether every value of a column can be one of another type, unchanged. */
export function isWidening(from: ExistingType, to: LogicalType): boolean {
  const had = from.digits === undefined ? digitsOf(from.logical) : { whole: from.digits, scale: 0 };
  if (had !== undefined) return holdsDigits(had, to);
  if (from.logical.name !== to.name) return false;
  return from.isSingle === true || from.charactersMax !== undefined || from.fraction !== undefined;
}

function holdsDigits(had: Digits, to: LogicalType): boolean {
  if (to.name === 'double') return had.scale === 0 && had.whole <= doubleDigits;
  const has = digitsOf(to);
  return has !== undefined && has.whole >= had.whole && has.scale >= had.scale;
}

/** Whether the dialect changes the type of a column where it stands, without writing a copy of it beside. */
export function altersInPlace(dialect: Dialect, from: ExistingType, to: LogicalType): boolean {
  if (dialect !== 'snowflake') return true;
  if (from.charactersMax !== undefined) return true;
  // Snowflake gives a number more digits, but never more of them behind the point.
  const [had, has] = [digitsOf(from.logical), digitsOf(to)];
  return had !== undefined && has !== undefined && had.scale === has.scale;
}

/** A type as a part of a name: `decimal_18_2`. */
export const typeWord = (type: LogicalType): string =>
  type.name === 'decimal' ? `decimal_${type.precision}_${type.scale}` : type.name;

/** The type as which values of two columns can be compared, none of them changed; undefined where there is none. */
export function meetingType(a: LogicalType, b: LogicalType): LogicalType | undefined {
  if (a.name !== 'decimal' && a.name === b.name) return a;
  const [left, right] = [digitsOf(a), digitsOf(b)];
  if (left === undefined || right === undefined) return undefined;
  const scale = Math.max(left.scale, right.scale);
  const precision = Math.max(left.whole, right.whole) + scale;
  return precision > 38 ? undefined : { name: 'decimal', precision, scale };
}
