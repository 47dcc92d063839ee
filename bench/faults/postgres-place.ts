import { basename } from 'node:path';
import { queryOf } from '../support/postgres-server.ts';
import type { StagingPlace } from './staging-place.ts';

/** The name of a project's database. */
export const databaseOf = (folder: string): string => basename(folder).replace(/\W/g, '_').toLowerCase();

/** A PostgreSQL in which databases can be made. */
interface Server {
  /** URL of one of its databases. */
  url(database: string): string;
  run(...statements: readonly string[]): Promise<void>;
}

/** A database for each project. */
export const postgresPlace = (server: Server): StagingPlace => ({
  dialect: 'postgres',
  declare: () => '{dialect: postgres, url: "${env:STAGING_URL}"}',
  async make(folder, like) {
    const template = like === undefined ? '' : ` TEMPLATE ${databaseOf(like)}`;
    await server.run(`CREATE DATABASE ${databaseOf(folder)}${template}`);
  },
  env: (folder) => ({ STAGING_URL: server.url(databaseOf(folder)) }),
  async read(folder, queries) {
    const url = server.url(databaseOf(folder));
    const [found] = await queryOf(url, "SELECT schemaname FROM pg_tables WHERE tablename = 'page_rows'");
    if (found === undefined) return queries.map(() => []);
    const rows = [];
    for (const query of queries)
      rows.push(await queryOf(url, `SELECT * FROM (${query}) AS looked`, String(found['schemaname'])));
    return rows;
  },
  remove: async (folder) => server.run(`DROP DATABASE IF EXISTS ${databaseOf(folder)} WITH (FORCE)`),
});
