import { DataTypes, QueryTypes, type Transaction } from 'sequelize';
import { MigrationError, Umzug, type UmzugStorage } from 'umzug';
import type { Database } from './database.ts';
import { newerSchema } from './failures.ts';
import type { MigrationContext } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';

const table = 'migrations';

/** Brings the schema up to date, in one transaction. @throws TerminalError when a newer version has been here. */
export async function migrateUp(database: Database, known = migrations): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const context = contextOf(database, transaction);
    const name = { type: DataTypes.TEXT, primaryKey: true };
    await context.queryInterface.createTable(table, { name }, { transaction });
    const names = known.map(({ name }) => name);
    const unknown = (await storage.executed({ context })).find((one) => !names.includes(one));
    if (unknown !== undefined) throw newerSchema(database, unknown);
    await migrator(context, known).up().catch(asTheDatabaseSaid);
  });
}

/** Takes the schema back to before a migration, with everything that came since: to before the first, unless one is named. */
export async function migrateDown(database: Database, name?: string): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const context = contextOf(database, transaction);
    await migrator(context, migrations)
      .down({ to: name ?? 0 })
      .catch(asTheDatabaseSaid);
  });
}

/** umzug wraps what went wrong: a full disk is none of its affairs. */
function asTheDatabaseSaid(error: unknown): never {
  throw error instanceof MigrationError ? error.cause : error;
}

const contextOf = ({ sequelize }: Database, transaction: Transaction): MigrationContext => ({
  queryInterface: sequelize.getQueryInterface(),
  transaction,
});

const migrator = (context: MigrationContext, known: typeof migrations): Umzug<MigrationContext> =>
  new Umzug({ migrations: [...known], context, storage, logger: undefined });

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
