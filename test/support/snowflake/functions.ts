import { constant, type Facts, type Scalar, text, whole } from './arguments.ts';
import { asText, cast, jsonOf, keyOf, literal, readBinary, type Typed } from './cast.ts';
import { construct, dateAdd, inZone } from './dates-and-objects.ts';
import { formatted } from './formats.ts';
import { mismatch, notTaken, SqlError } from './sql-error.ts';
import {
  binary,
  boolean,
  float,
  integer,
  meeting,
  type SqlType,
  type,
  varchar,
  variant,
  written,
} from './sql-types.ts';

/** All of one type. */
export function same(args: readonly Typed[], what: string): SqlType {
  return args
    .map((one) => one.type)
    .reduce((a, b) => {
      const both = meeting(a, b);
      if (both === undefined)
        throw mismatch(`${what}: ${written(a)} and ${written(b)} do not meet; cast one`);
      return both;
    });
}

/** Values of one type, so that DuckDB meets no surprises. */
export const met = (args: readonly Typed[], what: string, facts: Facts): Typed[] => {
  const to = same(args, what);
  return args.map((one) =>
    one.type.kind === to.kind || to.kind === 'NULL' ? one : cast(one, to, facts.timezone),
  );
};

const onTexts =
  (name: string, to: SqlType = varchar): Scalar =>
  (args) => ({ sql: `${name}(${args.map(text).join(', ')})`, type: to });

/** Snowflake: NULL as soon as one is NULL. */
const extreme =
  (name: string): Scalar =>
  (args, facts) => {
    const all = met(args, name, facts);
    if (all.some(({ type: { kind } }) => kind === 'TIMESTAMP_TZ')) throw notTaken(`${name} of TIMESTAMP_TZ`);
    const isNull = all.map(({ sql }) => `${sql} IS NULL`).join(' OR ');
    return {
      sql: `CASE WHEN ${isNull} THEN NULL ELSE ${name}(${all.map(({ sql }) => sql).join(', ')}) END`,
      type: same(all, name),
    };
  };

const reading =
  (to: SqlType, isTry: boolean): Scalar =>
  ([of, ...more], { timezone }) => {
    if (of === undefined || more.length > 0) throw notTaken('a format when reading texts: write ISO 8601');
    return cast(of, to, timezone, isTry);
  };

/** Digits of base 16 in the format `XXX`, which has one X for each. */
function fromHex(of: Typed, format: string): Typed {
  if (!/^X{1,15}$/.test(format)) throw notTaken(`TO_NUMBER in the format ${format}`);
  const digits = text(of);
  const read = `CASE WHEN regexp_full_match(${digits}, '[0-9a-fA-F]{1,${format.length}}') THEN CAST('0x' || ${digits} AS BIGINT) END`;
  return {
    sql: `sf_or(CAST(${read} AS DECIMAL(38,0)), ${digits}, '[100038/22018] Numeric value ''{}'' is not recognized')`,
    type: type('NUMBER', 38, 0),
  };
}

const toNumber =
  (isTry: boolean): Scalar =>
  ([of, size, scale], { timezone }) => {
    if (of === undefined) throw notTaken('TO_NUMBER of nothing');
    if (size?.type.kind === 'VARCHAR') return fromHex(of, constant(size));
    const to = type('NUMBER', size === undefined ? 38 : whole(size), scale === undefined ? 0 : whole(scale));
    return cast(of, to, timezone, isTry);
  };

const toBinary =
  (isTry: boolean): Scalar =>
  ([of, format]) => ({
    sql: readBinary(text(of), format === undefined ? 'HEX' : constant(format).toUpperCase(), isTry),
    type: binary,
  });

const bytes = (of: Typed | undefined): string =>
  of?.type.kind === 'BINARY' ? of.sql : `encode(${text(of)})`;

const name =
  (pick: (facts: Facts) => string | undefined): Scalar =>
  (args, facts) => {
    if (args.length > 0) throw notTaken('an argument here');
    const value = pick(facts);
    return { sql: value === undefined ? 'CAST(NULL AS VARCHAR)' : literal(value), type: varchar };
  };

const coalesce: Scalar = (args, facts) => {
  const all = met(args, 'COALESCE', facts);
  return { sql: `coalesce(${all.map(({ sql }) => sql).join(', ')})`, type: same(all, 'COALESCE') };
};

const substring: Scalar = ([of, from, count]) => {
  if (from?.sql === '0') throw notTaken('SUBSTR from 0: count from 1');
  const length = count === undefined ? '' : `, CAST(${count.sql} AS BIGINT)`;
  return { sql: `substr(${text(of)}, CAST(${from?.sql} AS BIGINT)${length})`, type: varchar };
};

const side =
  (which: string): Scalar =>
  ([of, count]) => ({ sql: `${which}(${text(of)}, CAST(${count?.sql} AS BIGINT))`, type: varchar });

const numeric =
  (write: (args: readonly string[]) => string): Scalar =>
  (args) => {
    const to = same(args, 'numbers');
    if (to.kind !== 'NUMBER' && to.kind !== 'FLOAT')
      throw mismatch(`a number is expected, not ${written(to)}`);
    return { sql: write(args.map(({ sql }) => sql)), type: to };
  };

const toVarchar: Scalar = ([of, format]) => {
  if (of === undefined) throw notTaken('TO_VARCHAR of nothing');
  if (format === undefined) return asText(of);
  return { sql: formatted(of, constant(format)), type: varchar };
};

const iff: Scalar = ([when, then, otherwise], facts) => {
  if (when === undefined || then === undefined || otherwise === undefined)
    throw notTaken('IFF but with three arguments');
  if (when.type.kind !== 'BOOLEAN' && when.type.kind !== 'NULL') throw mismatch('IFF needs a condition');
  const [a, b] = met([then, otherwise], 'IFF', facts);
  return {
    sql: `CASE WHEN ${when.sql} THEN ${a?.sql} ELSE ${b?.sql} END`,
    type: same([then, otherwise], 'IFF'),
  };
};

const nullIf: Scalar = (args, facts) => {
  const [a, b] = met(args, 'NULLIF', facts);
  if (a === undefined || b === undefined) throw notTaken('NULLIF but with two arguments');
  return { sql: `CASE WHEN ${keyOf(a)} = ${keyOf(b)} THEN NULL ELSE ${a.sql} END`, type: a.type };
};

const concat: Scalar = (args) => ({
  sql: `(${args.map((one) => asText(one).sql).join(' || ')})`,
  type: varchar,
});

const concatWith: Scalar = (args) => {
  const all = args.map((one) => asText(one).sql);
  const isNull = all.map((sql) => `${sql} IS NULL`).join(' OR ');
  return { sql: `CASE WHEN ${isNull} THEN NULL ELSE concat_ws(${all.join(', ')}) END`, type: varchar };
};

const moment = (kind: 'TIMESTAMP_TZ' | 'TIMESTAMP_NTZ' | 'TIMESTAMP_LTZ' | 'TIME'): SqlType => type(kind, 9);

const parts: { readonly [name: string]: readonly [min: number, max: number, scalar: Scalar] } = {
  COALESCE: [2, 99, coalesce],
  NVL: [2, 2, coalesce],
  IFNULL: [2, 2, coalesce],
  IFF: [3, 3, iff],
  NULLIF: [2, 2, nullIf],
  STARTSWITH: [2, 2, onTexts('starts_with', boolean)],
  ENDSWITH: [2, 2, onTexts('ends_with', boolean)],
  CONTAINS: [2, 2, onTexts('contains', boolean)],
  LENGTH: [
    1,
    1,
    ([of]) => ({
      sql: of?.type.kind === 'BINARY' ? `octet_length(${of.sql})` : `length(${text(of)})`,
      type: integer,
    }),
  ],
  OCTET_LENGTH: [1, 1, ([of]) => ({ sql: `octet_length(${bytes(of)})`, type: integer })],
  LEFT: [2, 2, side('left')],
  RIGHT: [2, 2, side('right')],
  SUBSTR: [2, 3, substring],
  SUBSTRING: [2, 3, substring],
  UPPER: [1, 1, onTexts('upper')],
  LOWER: [1, 1, onTexts('lower')],
  TRIM: [1, 1, ([of]) => ({ sql: `trim(${text(of)}, ' ')`, type: varchar })],
  REPLACE: [3, 3, onTexts('replace')],
  SPLIT_PART: [
    3,
    3,
    ([of, by, at]) => ({ sql: `split_part(${text(of)}, ${text(by)}, ${whole(at)})`, type: varchar }),
  ],
  CONCAT: [1, 99, concat],
  CONCAT_WS: [2, 99, concatWith],
  MD5: [1, 1, ([of]) => ({ sql: `md5(${bytes(of)})`, type: varchar })],
  SHA2: [
    1,
    2,
    ([of, bits]) => {
      if (bits !== undefined && whole(bits) !== 256) throw notTaken('SHA2 but with 256 bits');
      return { sql: `sha256(${bytes(of)})`, type: varchar };
    },
  ],
  HEX_ENCODE: [1, 1, ([of]) => ({ sql: `hex(${bytes(of)})`, type: varchar })],
  BASE64_ENCODE: [1, 1, ([of]) => ({ sql: `base64(${bytes(of)})`, type: varchar })],
  TO_BINARY: [1, 2, toBinary(false)],
  TRY_TO_BINARY: [1, 2, toBinary(true)],
  PARSE_JSON: [1, 1, ([of]) => ({ sql: `sf_json(${text(of)})`, type: variant })],
  TRY_PARSE_JSON: [1, 1, ([of]) => ({ sql: `sf_try_json(${text(of)})`, type: variant })],
  TO_JSON: [
    1,
    1,
    ([of]) => {
      if (of?.type.kind !== 'VARIANT') throw mismatch('TO_JSON needs a VARIANT');
      return { sql: of.sql, type: varchar };
    },
  ],
  TO_VARIANT: [1, 1, ([of]) => ({ sql: jsonOf(of as Typed), type: variant })],
  ARRAY_CONSTRUCT: [
    0,
    99,
    (args) => ({
      sql: `sf_json('[' || concat_ws(',', ${args.map((one) => `sf_defined(${jsonOf(one)})`).join(', ') || "''"}) || ']')`,
      type: variant,
    }),
  ],
  OBJECT_CONSTRUCT: [0, 999, construct(false)],
  OBJECT_CONSTRUCT_KEEP_NULL: [0, 999, construct(true)],
  TO_VARCHAR: [1, 2, toVarchar],
  TO_CHAR: [1, 2, toVarchar],
  DATEADD: [3, 3, dateAdd],
  CONVERT_TIMEZONE: [2, 2, inZone],
  ABS: [1, 1, numeric(([a]) => `abs(${a})`)],
  MOD: [2, 2, numeric(([a, b]) => `(${a} % ${b})`)],
  GREATEST: [1, 99, extreme('greatest')],
  LEAST: [1, 99, extreme('least')],
  CURRENT_TIMESTAMP: [
    0,
    0,
    (_, { now }) => ({ sql: `TIMESTAMP ${literal(now)}`, type: type('TIMESTAMP_LTZ', 9) }),
  ],
  CURRENT_DATABASE: [0, 0, name(({ database }) => database)],
  CURRENT_SCHEMA: [0, 0, name(({ schema }) => schema)],
  CURRENT_ROLE: [0, 0, name(({ role }) => role)],
  CURRENT_WAREHOUSE: [0, 0, name(({ warehouse }) => warehouse)],
  CURRENT_VERSION: [0, 0, name(() => '9.38.0')],
};

const readings: { readonly [name: string]: SqlType } = {
  TIMESTAMP_TZ: moment('TIMESTAMP_TZ'),
  TIMESTAMP_NTZ: moment('TIMESTAMP_NTZ'),
  TIMESTAMP_LTZ: moment('TIMESTAMP_LTZ'),
  TIME: moment('TIME'),
  DATE: type('DATE'),
  DOUBLE: float,
  BOOLEAN: boolean,
};

/** A scalar function of the closed list. */
export function scalar(called: string, args: readonly Typed[], facts: Facts): Typed {
  const [, attempt, read] = /^(TRY_)?TO_(\w+)$/.exec(called) ?? [];
  const isTry = attempt !== undefined;
  const to = readings[read ?? ''];
  if (to !== undefined) return reading(to, isTry)(args, facts);
  if (read === 'NUMBER' || read === 'DECIMAL') return toNumber(isTry)(args, facts);
  const found = parts[called];
  if (found === undefined)
    throw new SqlError('002140', '42601', `SQL compilation error:\nUnknown function ${called}`);
  const [min, max, translate] = found;
  if (args.length < min || args.length > max)
    throw new SqlError(
      '000938',
      '22023',
      `SQL compilation error: not enough or too many arguments for function [${called}]`,
    );
  return translate(args, facts);
}
