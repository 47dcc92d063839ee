import type { Dialect, LimitsPlan, LogicalType } from '../model/plan.ts';

/**
 * What a warehouse cannot hold of values that every type of a mapping has room for; docs/types.md has the whole table. Types
 * themselves are kept within what all warehouses hold: 38 digits, the years 1 to 9999, microseconds, no NaN and no infinity, and
 * rows of 4,000,000 characters.
 */
const limits: { readonly [dialect in Dialect]: { readonly [type in LogicalType['name']]?: LimitsPlan } } = {
  // JSON is kept as it is written.
  duckdb: {},
  // The numbers of jsonb are of its type numeric.
  postgres: { json: { json: { whole: 131_072, scale: 16_383, digits: 147_455 }, noNul: true } },
  // A number of a VARIANT that NUMBER(38) does not hold becomes a double, and loses digits.
  snowflake: { json: { json: { whole: 38, scale: 37, digits: 38 } }, double: { normalOnly: true } },
};

/** Limits of a column in a warehouse, beyond those of its type; undefined where there is none. */
export const typeLimits = (dialect: Dialect, { name }: LogicalType): LimitsPlan | undefined =>
  limits[dialect][name];

/** An entry of an index of PostgreSQL has 2,704 bytes at most. */
const keyBytes: { readonly [dialect in Dialect]?: number } = { postgres: 2_600 };

/** Bytes that all values of a key may have together; undefined where there is no limit. */
export const keyBytesMax = (dialect: Dialect): number | undefined => keyBytes[dialect];
