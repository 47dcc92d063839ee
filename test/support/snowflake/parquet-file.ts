import type { FileFormat } from './ast.ts';
import { literal, type Typed } from './cast.ts';
import type { Relation } from './scope.ts';
import { notTaken } from './sql-error.ts';
import { binary, boolean, float, type SqlType, type, varchar } from './sql-types.ts';
import type { StagedFile } from './stage-files.ts';
import type { Job } from './world.ts';

/** DuckDB's types of a Parquet file's columns, as Snowflake reads them with USE_LOGICAL_TYPE. */
const types: { readonly [duckdb: string]: SqlType } = {
  TINYINT: type('NUMBER', 38),
  SMALLINT: type('NUMBER', 38),
  INTEGER: type('NUMBER', 38),
  BIGINT: type('NUMBER', 38),
  UBIGINT: type('NUMBER', 38),
  FLOAT: float,
  DOUBLE: float,
  VARCHAR: varchar,
  BOOLEAN: boolean,
  DATE: type('DATE'),
  TIME: type('TIME', 6),
  TIMESTAMP: type('TIMESTAMP_NTZ', 6),
  'TIMESTAMP WITH TIME ZONE': type('TIMESTAMP_LTZ', 6),
  BLOB: binary,
};

/** `$1:name` of a Parquet file: typed by the file itself. */
export async function parquetRelation(job: Job, { file }: StagedFile, format: FileFormat): Promise<Relation> {
  if (format['USE_LOGICAL_TYPE'] !== true)
    throw notTaken('Parquet without USE_LOGICAL_TYPE = TRUE, which loses what numbers mean');
  const found = await job.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${literal(file)}))`,
  );
  const members = new Map<string, Typed>();
  const values = found.map(([name, stored], at) => {
    const to = typeOf(stored ?? '');
    members.set(name ?? '', { sql: `"p${at + 1}"`, type: to });
    const column = `"${(name ?? '').replaceAll('"', '""')}"`;
    return `${to.kind === 'TIMESTAMP_LTZ' ? `CAST(${column} AS TIMESTAMP)` : column} AS "p${at + 1}"`;
  });
  const sql = `(SELECT ${values.join(', ')} FROM read_parquet(${literal(file)}))`;
  return { sql, columns: [], name: ['staged'], positions: [], members };
}

function typeOf(stored: string): SqlType {
  const [, size, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(stored) ?? [];
  const found = size === undefined ? types[stored] : type('NUMBER', Number(size), Number(scale));
  if (found === undefined) throw notTaken(`a Parquet column of the type ${stored}`);
  return found;
}
