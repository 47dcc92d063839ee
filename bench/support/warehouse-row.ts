import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { packageFolder } from './package-folder.ts';

type Row = Readonly<Record<string, DuckDBValue>>;

/** Runs a query over a DuckDB warehouse, by its file in the repository, and gives its only row. */
export async function warehouseRow(
  path: string,
  query: string,
  parameters: Record<string, string> = {},
): Promise<Row> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const sql = readFileSync(join(packageFolder, query), 'utf8');
    const reader = await connection.runAndReadAll(sql, parameters);
    return reader.getRowObjects()[0] ?? {};
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
