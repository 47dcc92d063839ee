import { DataTypes, QueryTypes, type Transaction } from 'sequelize';
import type { Umzug, UmzugStorage } from 'umzug';
import type { Database } from './database.ts';
import { newerSchema } from './failures.ts';
import type { MigrationContext } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';

const table = 'migrations';

/** The version of the schema that this program works with: the name of its last migration. */
export const schemaVersion = migrations.at(-1)?.name ?? '';

/** Brings the schema up to date, in one transaction. @throws TerminalError when a newer version has been here. */
export async function migrateUp(database: Database, known = migrations): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const context = contextOf(database, transaction);
    const name = { type: DataTypes.TEXT, primaryKey: true };
    await context.queryInterface.createTable(table, { name }, { transaction });
    const names = known.map(({ name }) => name);
    const executed = await storage.executed({ context });
    const unknown = executed.find((one) => !names.includes(one));
    if (unknown !== undefined) throw newerSchema(database, unknown);
    if (names.every((one) => executed.includes(one))) return;
    await withUmzug(context, known, (umzug) => umzug.up());
  });
}

/** Takes the schema back to before a migration, with everything that came since: to before the first, unless one is named. */
export async function migrateDown(database: Database, name?: string): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const context = contextOf(database, transaction);
    await withUmzug(context, migrations, (umzug) => umzug.down({ to: name ?? 0 }));
  });
}

const contextOf = ({ sequelize }: Database, transaction: Transaction): MigrationContext => ({
  queryInterface: sequelize.getQueryInterface(),
  transaction,
});

/** It brings a command line of its own: it is loaded only where there is something to migrate. */
async function withUmzug(
  context: MigrationContext,
  known: typeof migrations,
  work: (umzug: Umzug<MigrationContext>) => Promise<unknown>,
): Promise<void> {
  const { MigrationError, Umzug } = await import('umzug');
  const umzug = new Umzug({ migrations: [...known], context, storage, logger: undefined });
  await work(umzug).catch((error: unknown) => {
    // It wraps what went wrong: a full disk is none of its affairs.
    throw error instanceof MigrationError ? error.cause : error;
  });
}

/** umzug's own storage for Sequelize cannot take part in our transaction. */
const storage: UmzugStorage<MigrationContext> = {
  async logMigration({ name, context: { queryInterface, transaction } }) {
    await queryInterface.bulkInsert(table, [{ name }], { transaction });
  },
  async unlogMigration({ name, context: { queryInterface, transaction } }) {
    await queryInterface.bulkDelete(table, { name }, { transaction });
  },
  async executed({ context: { queryInterface, transaction } }) {
    const type = QueryTypes.SELECT;
    const rows = await queryInterface.sequelize.query<{ name: string }>(
      `SELECT name FROM ${table} ORDER BY name`,
      {
        type,
        transaction,
      },
    );
    return rows.map(({ name }) => name);
  },
};
