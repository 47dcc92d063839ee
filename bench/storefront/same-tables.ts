import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type JS } from '@duckdb/node-api';
import { packageFolder } from '../support/package-folder.ts';

const statement = (name: string): string =>
  readFileSync(join(packageFolder, `bench/storefront/${name}.sql`), 'utf8');

/** Names and types of the columns that the mapping declares, and a fingerprint of their values. */
async function tableAt(path: string): Promise<{ columns: JS[][]; fingerprint: JS[][] }> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    const columns = await connection.runAndReadAll(statement('columns'));
    const fingerprint = await connection.runAndReadAll(statement('fingerprint'));
    return { columns: columns.getRowsJS(), fingerprint: fingerprint.getRowsJS() };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** @throws Error when two `orders` tables differ in a column, a type or a row of what the mapping declares */
export async function assertSameTables(engine: string, lean: string): Promise<void> {
  const [ours, theirs] = [JSON.stringify(await tableAt(engine)), JSON.stringify(await tableAt(lean))];
  if (ours === theirs) return;
  throw new Error(`The end tables differ, so nothing was measured.\nengine: ${ours}\nlean:   ${theirs}`);
}
