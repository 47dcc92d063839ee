import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { atEnd } from './at-end.ts';

const sharedUrl = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The PostgreSQL that tests share. Without one the tests are skipped, and fail where everything must be there. */
export async function sharedPostgres(test: Mocha.Context): Promise<string> {
  try {
    await withClient(sharedUrl, (client) => client.query('SELECT 1'));
    return sharedUrl;
  } catch (error) {
    const { host } = new URL(sharedUrl);
    const what = `no PostgreSQL answers at ${host} (${(error as Error).message}); start one, or set DATABASE_URL`;
    if (process.env['CI'] === 'true') throw new Error(what);
    console.error(`SKIPPED: ${what}`);
    return test.skip();
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs one statement on a connection of its own. */
export const queryPostgres = async <T>(url: string, sql: string): Promise<T[]> =>
  withClient(url, async (client) => (await client.query(sql)).rows as T[]);

const schemas = new Map<string, string>();

atEnd(async () => {
  for (const [schema, url] of schemas) {
    schemas.delete(schema);
    await queryPostgres(url, `DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
  }
});

/** A schema that no other test has and that does not exist yet; it goes when the tests are done. */
export function ownSchema(url: string): string {
  const schema = `sluice_test_${randomUUID().replaceAll('-', '')}`;
  schemas.set(schema, url);
  return schema;
}
