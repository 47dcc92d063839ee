import type { Dialect, LogicalType } from '../model/plan.ts';

/**
 * `type` is the column's, as the warehouse's own schema names it; `fileType` is what the load file is read as; binary stands
 * in the file as base64 text.
 */
export interface ColumnType {
  readonly type: string;
  readonly fileType: string;
  readonly fromBase64: boolean;
  /** Whether it is compared letter by letter, which some databases do in the way of a language. */
  readonly isText: boolean;
}

type Names = { readonly [name in Exclude<LogicalType['name'], 'decimal'>]: string };

interface DialectTypes {
  readonly names: Names;
  readonly decimal: string;
  /** Of page numbers and positions. */
  readonly page: string;
  readonly text: string;
}

const dialects: { readonly [dialect in Dialect]: DialectTypes } = {
  duckdb: {
    names: {
      string: 'VARCHAR',
      integer: 'HUGEINT',
      double: 'DOUBLE',
      boolean: 'BOOLEAN',
      date: 'DATE',
      time: 'TIME',
      timestamp: 'TIMESTAMP WITH TIME ZONE',
      datetime: 'TIMESTAMP',
      json: 'JSON',
      binary: 'BLOB',
    },
    decimal: 'DECIMAL',
    page: 'BIGINT',
    text: 'VARCHAR',
  },
  postgres: {
    names: {
      string: 'text',
      integer: 'numeric(38,0)',
      double: 'double precision',
      boolean: 'boolean',
      date: 'date',
      time: 'time without time zone',
      timestamp: 'timestamp with time zone',
      datetime: 'timestamp without time zone',
      json: 'jsonb',
      binary: 'bytea',
    },
    decimal: 'numeric',
    page: 'bigint',
    text: 'text',
  },
  snowflake: {
    names: {
      string: 'VARCHAR',
      integer: 'NUMBER(38,0)',
      double: 'FLOAT',
      boolean: 'BOOLEAN',
      date: 'DATE',
      time: 'TIME(6)',
      timestamp: 'TIMESTAMP_TZ(6)',
      datetime: 'TIMESTAMP_NTZ(6)',
      json: 'VARIANT',
      binary: 'BINARY',
    },
    decimal: 'NUMBER',
    page: 'NUMBER(38,0)',
    text: 'VARCHAR',
  },
};

/** Column types of a dialect. */
export const columnTypes =
  (dialect: Dialect) =>
  (type: LogicalType): ColumnType => {
    const { names, decimal, text } = dialects[dialect];
    const name = type.name === 'decimal' ? `${decimal}(${type.precision},${type.scale})` : names[type.name];
    const fromBase64 = type.name === 'binary';
    const fileType = fromBase64 ? text : name;
    return { type: name, fileType, fromBase64, isText: name === text };
  };

export function pageType(dialect: Dialect): ColumnType {
  const { page } = dialects[dialect];
  return { type: page, fileType: page, fromBase64: false, isText: false };
}

/** How each dialect writes a text. In Snowflake a backslash begins an escape. */
export const texts: { readonly [dialect in Dialect]: (text: string) => string } = {
  duckdb: (text) => `'${text.replaceAll("'", "''")}'`,
  postgres: (text) => `'${text.replaceAll("'", "''")}'`,
  snowflake: (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** How each dialect writes a name. Snowflake's people write names without quotes, and those it turns to upper case. */
export const identifiers: { readonly [dialect in Dialect]: (name: string) => string } = {
  duckdb: quoted,
  postgres: quoted,
  snowflake: (name) => quoted(name.toUpperCase()),
};
