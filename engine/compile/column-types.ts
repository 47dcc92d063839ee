import type { LogicalType } from '../model/plan.ts';

/** `type` is the column's, `fileType` what the load file is read as; binary stands in the file as base64 text. */
export interface ColumnType {
  readonly type: string;
  readonly fileType: string;
  readonly fromBase64: boolean;
}

const duckdbNames = {
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
} as const;

function duckdbType(type: LogicalType): ColumnType {
  const name = type.name === 'decimal' ? `DECIMAL(${type.precision},${type.scale})` : duckdbNames[type.name];
  return {
    type: name,
    fileType: type.name === 'binary' ? 'VARCHAR' : name,
    fromBase64: type.name === 'binary',
  };
}

/** Column types of each dialect, as its information schema names them. */
export const columnTypes = { duckdb: duckdbType } as const;
