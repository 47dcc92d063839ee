import type { StagedColumn } from '../staged-table.ts';

type Type = StagedColumn['type'];

/** Compares by bytes, as SQLite does, whatever the language of the server. */
const text = 'text COLLATE "C"';

/**
 * Types of the columns. They hold every value that mapping makes exactly: `numeric` as many digits as are written, times
 * to the microsecond. JSON and binary (base64) are texts, which keep their bytes.
 */
export const columnTypes: { readonly [T in Type]: string } = {
  string: text,
  word: text,
  json: text,
  binary: text,
  integer: 'numeric',
  decimal: 'numeric',
  double: 'double precision',
  boolean: 'boolean',
  date: 'date',
  time: 'time(6)',
  timestamp: 'timestamptz(6)',
  datetime: 'timestamp(6)',
  count: 'bigint',
};

/** What a value is compared as, where a check names it as a text. */
export const castTypes: { readonly [T in Type]?: string } = {
  integer: 'numeric',
  decimal: 'numeric',
  double: 'double precision',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamptz',
  datetime: 'timestamp',
};

const asText = (sql: string): string => `CAST(${sql} AS text)`;

const formats: { readonly [T in Type]?: (sql: string) => string } = {
  integer: asText,
  decimal: asText,
  date: (sql) => `to_char(${sql}, 'YYYY-MM-DD')`,
  time: (sql) => `to_char(${sql}, 'HH24:MI:SS.US')`,
  timestamp: (sql) => `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  datetime: (sql) => `to_char(${sql}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`,
};

/** SQL of a value as its canonical text. */
export const canonical = (sql: string, type: Type): string =>
  formats[type]?.(sql) ?? (columnTypes[type] === text ? sql : asText(sql));

/** SQL of a value as it was staged. */
export function staged(sql: string, type: Type): string {
  return type === 'boolean' ? `CAST(${sql} AS integer)` : (formats[type]?.(sql) ?? sql);
}
