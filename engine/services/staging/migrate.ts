import { DataTypes, QueryTypes, type Transaction } from 'sequelize';
import { Umzug, type UmzugStorage } from 'umzug';
import type { Database } from './database.ts';
import { newerSchema } from './failures.ts';
import type { MigrationContext } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';

const table = 'migrations';

/** Brings the schema up to date, in one transaction. @throws TerminalError when a newer version has been here. */
export async function migrateUp(database: Database): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const context = contextOf(database, transaction);
    const name = { type: DataTypes.TEXT, primaryKey: true };
    await context.queryInterface.createTable(table, { name }, { transaction });
    const known = migrations.map((migration) => migration.name);
    const unknown = (await storage.executed({ context })).find((one) => !known.includes(one));
    if (unknown !== undefined) throw newerSchema(database, unknown);
    await migrator(context).up();
  });
}

/** Takes the schema back to before its first migration, with everything in it. */
export async function migrateDown(database: Database): Promise<void> {
  await database.write(async (_handle, transaction) => {
    await migrator(contextOf(database, transaction)).down({ to: 0 });
  });
}

const contextOf = ({ sequelize }: Database, transaction: Transaction): MigrationContext => ({
  queryInterface: sequelize.getQueryInterface(),
  transaction,
});

const migrator = (context: MigrationContext): Umzug<MigrationContext> =>
  new Umzug({ migrations: [...migrations], context, storage, logger: undefined });

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
