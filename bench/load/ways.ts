import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import type { StagedValue } from '../../engine/model/batch.ts';
import type { BoundStatement } from '../../engine/services/snowflake-warehouse/bound-statement.ts';
import type { SnowflakeConnection } from '../../engine/services/snowflake-warehouse/snowflake-connection.ts';

/** What a way of bringing rows is given. */
export interface Carried {
  readonly connection: SnowflakeConnection;
  readonly rows: () => Iterable<readonly StagedValue[]>;
  /** Columns of `_ETL_FILE` in order, with their types in Snowflake. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The load file. */
  readonly file: string;
  readonly stage: string;
  readonly table: string;
}

const put = async ({ connection, stage }: Carried, file: string, compression: string): Promise<void> => {
  const mask = process.umask();
  try {
    await run(
      connection,
      `PUT 'file://${file}' @${stage}/bench/ AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = ${compression} OVERWRITE = TRUE`,
    );
  } finally {
    process.umask(mask);
  }
};

const run = (connection: SnowflakeConnection, sql: string): Promise<unknown> =>
  connection.run({ sql, binds: [] }, {});

/** A JSON object a line, members named as the columns. */
export async function ndjson(carried: Carried): Promise<void> {
  const { connection, rows, columns, file, stage, table } = carried;
  const path = `${file}.ndjson.gz`;
  const zip = createGzip({ level: 6 });
  const written = pipeline(zip, createWriteStream(path));
  for (const row of rows()) {
    const members = columns.flatMap(({ name, type }, at) => {
      const value = row[at] ?? null;
      if (value === null) return [];
      const text = type === 'VARIANT' ? String(value) : JSON.stringify(value);
      return [`${JSON.stringify(name)}:${text}`];
    });
    if (!zip.write(`{${members.join(',')}}\n`)) await once(zip, 'drain');
  }
  zip.end();
  await written;
  await put(carried, path, 'GZIP');
  await run(
    connection,
    `COPY INTO ${table} FROM @${stage}/bench/ FILE_FORMAT = (TYPE = JSON, COMPRESSION = GZIP) MATCH_BY_COLUMN_NAME = CASE_SENSITIVE ON_ERROR = ABORT_STATEMENT PURGE = TRUE`,
  );
}

/** Parquet made by DuckDB of the load file. */
export async function parquet(carried: Carried): Promise<void> {
  const { connection, columns, file, stage, table } = carried;
  const path = `${file}.parquet`;
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const duckdb = await instance.connect();
  const types = columns.map(({ name, type }) => `'${name}': '${duckdbType(type)}'`).join(', ');
  await duckdb.run(
    `COPY (SELECT * FROM read_csv('${file}', auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', ` +
      `nullstr = '\\N', allow_quoted_nulls = false, columns = {${types}})) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`,
  );
  duckdb.closeSync();
  instance.closeSync();
  await put(carried, path, 'AUTO_DETECT');
  const items = columns.map(({ name, type }) =>
    type === 'VARIANT' ? `PARSE_JSON($1:"${name}"::VARCHAR)` : `$1:"${name}"::${type}`,
  );
  await run(
    connection,
    `COPY INTO ${table} (${columns.map(({ name }) => `"${name}"`).join(', ')}) FROM (SELECT ${items.join(', ')} FROM @${stage}/bench/) FILE_FORMAT = (TYPE = PARQUET, USE_LOGICAL_TYPE = TRUE, USE_VECTORIZED_SCANNER = TRUE) ON_ERROR = ABORT_STATEMENT PURGE = TRUE`,
  );
}

const duckdbType = (type: string): string => {
  if (type === 'VARIANT') return 'VARCHAR';
  if (type === 'NUMBER(38,0)') return 'BIGINT';
  if (type.startsWith('NUMBER')) return type.replace('NUMBER', 'DECIMAL');
  if (type.startsWith('TIMESTAMP_TZ')) return 'TIMESTAMPTZ';
  return type;
};

/** With more cells than 100,000 the SDK makes a stage of its own for them. */
const bindRows = 5000;

/** What loaders do that know no files: rows bound to `INSERT … VALUES`, into a table that takes JSON as a text. */
export async function binds({ connection, rows, columns, table }: Carried): Promise<void> {
  const names = columns.map(({ name }) => `"${name}"`);
  const types = columns.map(({ name, type }) => `"${name}" ${type === 'VARIANT' ? 'VARCHAR' : type}`);
  await run(connection, `CREATE OR REPLACE TEMPORARY TABLE ${table} (${types.join(', ')})`);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  const batch: (string | null)[][] = [];
  const send = async (): Promise<void> => {
    const bound = batch.splice(0) as unknown as BoundStatement['binds'];
    if (bound.length > 0) await connection.run({ sql, binds: bound }, {});
  };
  for (const row of rows()) {
    batch.push(row.map((value) => (value === null ? null : String(value))));
    if (batch.length === bindRows) await send();
  }
  await send();
}

/** Reads a file to its end, so that the first way is not the one that pays for a cold disk. */
export async function warm(file: string): Promise<void> {
  for await (const _ of createReadStream(file)) void _;
}
