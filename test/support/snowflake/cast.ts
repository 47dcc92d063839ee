import { mismatch, notTaken } from './sql-error.ts';
import {
  binaryMax,
  type Kind,
  type SqlType,
  storedAs,
  textMax,
  type as typed,
  written,
} from './sql-types.ts';

/** A translated expression, with the type that Snowflake gives it. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
}

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Readings of texts: a DuckDB expression that is NULL for what cannot be read, and what Snowflake then says. */
const readings: {
  readonly [kind in Kind]?: readonly [read: (x: string, to: SqlType) => string, message: string];
} = {
  NUMBER: [
    (x, to) => `CASE WHEN sf_is_number(${x}) THEN ${decimal(`ltrim(trim(${x}, ' '), '+')`, to)} END`,
    "[100038/22018] Numeric value '{}' is not recognized",
  ],
  FLOAT: [(x) => `sf_read_float(${x})`, "[100038/22018] Numeric value '{}' is not recognized"],
  BOOLEAN: [(x) => `sf_read_boolean(${x})`, "[100037/22018] Boolean value '{}' is not recognized"],
  DATE: [(x) => `sf_read_date(${x})`, "[100040/22007] Date '{}' is not recognized"],
  TIME: [(x) => `sf_read_time(${x})`, "[100108/22007] Time '{}' is not recognized"],
  TIMESTAMP_NTZ: [(x) => `sf_read_ntz(${x})`, "[100035/22007] Timestamp '{}' is not recognized"],
  TIMESTAMP_TZ: [(x) => `sf_read_tz(${x})`, "[100035/22007] Timestamp '{}' is not recognized"],
  TIMESTAMP_LTZ: [(x) => `(sf_read_tz(${x})).t`, "[100035/22007] Timestamp '{}' is not recognized"],
  BINARY: [
    (x) => `sf_read_hex(${x})`,
    "[100145/22000] The following string is not a legal hex-encoded value: '{}'",
  ],
};

/** DuckDB reads wide decimals a thousand times slower than narrow ones: first as a narrow one. */
function decimal(x: string, to: SqlType): string {
  const wide = `TRY_CAST(${x} AS ${storedAs(to)})`;
  if (to.size <= 18 || to.scale > 12) return wide;
  return `coalesce(CAST(TRY_CAST(${x} AS DECIMAL(18,${to.scale})) AS ${storedAs(to)}), ${wide})`;
}

/** A text read as a kind of value; what cannot be read is an error, or NULL if it is only tried. */
function readText(x: string, to: SqlType, isTry: boolean): string {
  const [read, message] = readings[to.kind] ?? [];
  if (read === undefined || message === undefined) throw notTaken(`a text read as ${written(to)}`);
  return isTry ? read(x, to) : `sf_or(${read(x, to)}, ${x}, ${literal(message)})`;
}

export const readBinary = (x: string, format: string, isTry: boolean): string => {
  if (format === 'UTF-8' || format === 'UTF8') return `encode(${x})`;
  const read = { HEX: `sf_read_hex(${x})`, BASE64: `sf_read_base64(${x})` }[format];
  if (read === undefined) throw notTaken(`the binary format ${format}`);
  const message = `[100145/22000] The following string is not a legal ${format.toLowerCase()}-encoded value: '{}'`;
  return isTry ? read : `sf_or(${read}, ${x}, ${literal(message)})`;
};

const wallOf = (x: string): string => `((${x}).t + to_minutes((${x}).o))`;

/** Texts of values, in Snowflake's default output formats: of timestamps they keep milliseconds. */
function textOf({ sql, type }: Typed): string {
  switch (type.kind) {
    case 'FLOAT':
      return `sf_float_text(${sql})`;
    case 'TIME':
      return `strftime(DATE '1970-01-01' + ${sql}, '%H:%M:%S')`;
    case 'TIMESTAMP_NTZ':
      return `strftime(${sql}, '%Y-%m-%d %H:%M:%S.%g')`;
    case 'TIMESTAMP_TZ':
      return `(strftime(${wallOf(sql)}, '%Y-%m-%d %H:%M:%S.%g') || ' ' || sf_offset_text((${sql}).o))`;
    case 'TIMESTAMP_LTZ':
      throw notTaken('TIMESTAMP_LTZ as a text, which depends on the TIMEZONE of the session');
    case 'VARIANT':
      return `sf_variant_text(${sql})`;
    case 'BINARY':
      return `hex(${sql})`;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

/** The JSON text of a value; NULL stays NULL. */
export function jsonOf(of: Typed): string {
  if (of.type.kind === 'VARIANT' || of.type.kind === 'NULL') return of.sql;
  if (of.type.kind === 'NUMBER' || of.type.kind === 'BOOLEAN') return `sf_json(CAST(${of.sql} AS VARCHAR))`;
  if (of.type.kind === 'FLOAT') return `sf_json(CAST(to_json(${of.sql}) AS VARCHAR))`;
  return `sf_json(CAST(to_json(${textOf(of)}) AS VARCHAR))`;
}

type Conversion = (of: Typed, to: SqlType) => string;
const direct: Conversion = ({ sql }, to) => `CAST(${sql} AS ${storedAs(to)})`;

/** By the pair of kinds. What needs the session's TIMEZONE is missing on purpose: name the zone. */
const conversions: { readonly [pair: string]: Conversion } = {
  'NUMBER>FLOAT': direct,
  'FLOAT>NUMBER': direct,
  'NUMBER>BOOLEAN': ({ sql }) => `(${sql} <> 0)`,
  'BOOLEAN>NUMBER': direct,
  'DATE>TIMESTAMP_NTZ': direct,
  'TIMESTAMP_NTZ>DATE': direct,
  'TIMESTAMP_NTZ>TIME': direct,
  'TIMESTAMP_TZ>TIMESTAMP_NTZ': ({ sql }) => wallOf(sql),
  'TIMESTAMP_TZ>DATE': ({ sql }) => `CAST(${wallOf(sql)} AS DATE)`,
  'TIMESTAMP_TZ>TIME': ({ sql }) => `CAST(${wallOf(sql)} AS TIME)`,
  'TIMESTAMP_TZ>TIMESTAMP_LTZ': ({ sql }) => `(${sql}).t`,
  'NUMBER>NUMBER': direct,
};

/** With the session's TIMEZONE at UTC these mean one thing. */
const inUtc: { readonly [pair: string]: Conversion } = {
  'TIMESTAMP_LTZ>TIMESTAMP_TZ': ({ sql }) => tz(sql),
  'TIMESTAMP_NTZ>TIMESTAMP_TZ': ({ sql }) => tz(sql),
  'TIMESTAMP_NTZ>TIMESTAMP_LTZ': ({ sql }) => sql,
  'TIMESTAMP_LTZ>TIMESTAMP_NTZ': ({ sql }) => sql,
  'TIMESTAMP_LTZ>DATE': direct,
};

const tz = (instant: string): string =>
  `CASE WHEN ${instant} IS NOT NULL THEN struct_pack(t := ${instant}, o := 0) END`;

/** An explicit cast. */
export function cast(of: Typed, to: SqlType, timezone: string, isTry = false): Typed {
  if (isTry && of.type.kind !== 'VARCHAR' && of.type.kind !== 'NULL')
    throw mismatch(`TRY_CAST reads texts, not ${written(of.type)}`);
  return { sql: bounded(converted(of, to, timezone, isTry), to), type: to };
}

function converted(of: Typed, to: SqlType, timezone: string, isTry: boolean): string {
  const from = of.type.kind;
  if (from === 'NULL') return `CAST(${of.sql} AS ${storedAs(to)})`;
  if (to.kind === 'VARIANT') return jsonOf(of);
  if (to.kind === 'VARCHAR') return asText(of).sql;
  if (from === 'VARCHAR' || from === 'VARIANT') return readText(asText(of).sql, to, isTry);
  return from === to.kind && from !== 'NUMBER' ? of.sql : byPair(of, to, timezone);
}

function byPair(of: Typed, to: SqlType, timezone: string): string {
  const pair = `${of.type.kind}>${to.kind}`;
  const conversion = conversions[pair] ?? (timezone === 'UTC' ? inUtc[pair] : undefined);
  if (conversion !== undefined) return conversion(of, to);
  const why = pair in inUtc ? `, which depends on the TIMEZONE of the session (${timezone})` : '';
  throw notTaken(`a cast from ${written(of.type)} to ${written(to)}${why}`);
}

/** Lengths are kept. */
function bounded(sql: string, to: SqlType): string {
  if (to.kind === 'VARCHAR' && to.size < textMax) return `sf_text_up_to(${sql}, ${to.size})`;
  if (to.kind === 'BINARY' && to.size < binaryMax) return `sf_binary_up_to(${sql}, ${to.size})`;
  return sql;
}

/** Pairs that are never assigned without a cast. */
const explicitOnly = /^(?:VARCHAR>(?:VARIANT|BINARY)|BINARY>.*|.*>BINARY|VARIANT>(?:BINARY|TIME.*|DATE))$/;

/** A value on its way into a column: what Snowflake converts by itself, within the column's bounds. */
export function assigned(of: Typed, column: { name: string; type: SqlType }, timezone: string): string {
  const { type: to } = column;
  const pair = `${of.type.kind}>${to.kind}`;
  if (of.type.kind !== to.kind && of.type.kind !== 'NULL' && explicitOnly.test(pair))
    throw mismatch(
      `Expression type does not match column data type, expecting ${written(to)} but got ${written(of.type)} for column ${column.name}`,
    );
  const sql = converted(of, to, timezone, false);
  if (to.kind === 'VARCHAR') return `sf_text_up_to(${sql}, ${to.size})`;
  if (to.kind === 'VARIANT') return `sf_variant_up_to(${sql})`;
  return to.kind === 'BINARY' ? `sf_binary_up_to(${sql}, ${to.size})` : sql;
}

/** What is compared, grouped and ordered by: of an instant with an offset, the instant. */
export const keyOf = ({ sql, type }: Typed): string => (type.kind === 'TIMESTAMP_TZ' ? `(${sql}).t` : sql);

/** As the answer has it: every value a text. */
export function encoded({ sql, type }: Typed): string {
  const digits = (x: string): string =>
    type.size >= 6
      ? `(${x} || '${'0'.repeat(type.size - 6)}')`
      : `left(${x}, strlen(${x}) - ${6 - type.size})`;
  switch (type.kind) {
    case 'NUMBER':
      return `CAST(CAST(${sql} AS DECIMAL(38,${type.scale})) AS VARCHAR)`;
    case 'BOOLEAN':
      return `CASE WHEN ${sql} THEN '1' WHEN NOT ${sql} THEN '0' END`;
    case 'DATE':
      return `CAST(date_diff('day', DATE '1970-01-01', ${sql}) AS VARCHAR)`;
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
      return digits(`sf_micros(epoch_us(${sql}))`);
    case 'TIMESTAMP_TZ':
      return `(${digits(`sf_micros(epoch_us((${sql}).t))`)} || ' ' || CAST((${sql}).o + 1440 AS VARCHAR))`;
    case 'VARIANT':
      return sql;
    default:
      return textOf({ sql, type });
  }
}

export const asText = (of: Typed): Typed => ({
  sql: of.type.kind === 'VARCHAR' ? of.sql : textOf(of),
  type: typed('VARCHAR', textMax),
});
