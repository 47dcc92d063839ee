import { randomUUID } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { atEnd } from './at-end.ts';

const sharedUrl = process.env['MYSQL_URL'];

/** The MySQL or MariaDB that tests share: `mysql://root@127.0.0.1:3306`. Without one they are skipped, and fail under CI. */
export async function sharedMysql(test: Mocha.Context): Promise<string> {
  try {
    if (sharedUrl === undefined) throw new Error('MYSQL_URL is not set');
    await queryMysql(sharedUrl, 'SELECT 1');
    return sharedUrl;
  } catch (error) {
    const what = `no MySQL or MariaDB answers (${(error as Error).message}); start one, and set MYSQL_URL`;
    if (process.env['CI'] === 'true') throw new Error(what);
    console.error(`SKIPPED: ${what}`);
    return test.skip();
  }
}

const withClient = async <T>(url: string, work: (client: Connection) => Promise<T>): Promise<T> => {
  const client = await createConnection({ uri: url, multipleStatements: true });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

/** Runs statements on a connection of their own. */
export const queryMysql = (url: string, sql: string): Promise<unknown> =>
  withClient(url, async (client) => (await client.query(sql))[0]);

const databases = new Map<string, string>();

atEnd(async () => {
  for (const [database, url] of databases) {
    databases.delete(database);
    await queryMysql(url, `DROP DATABASE IF EXISTS \`${database}\``);
  }
});

/** A database that no other test has; it goes when the tests are done. */
export async function ownDatabase(url: string): Promise<string> {
  const database = `sluice_test_${randomUUID().replaceAll('-', '')}`;
  databases.set(database, url);
  await queryMysql(url, `CREATE DATABASE \`${database}\``);
  return database;
}
