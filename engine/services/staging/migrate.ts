import { DataTypes, QueryTypes, type Transaction } from 'sequelize';
import { Umzug, type UmzugStorage } from 'umzug';
import type { Database } from './database.ts';
import { newerSchema } from './failures.ts';
import { type MigrationContext, migrations } from './migrations.ts';

const table = 'migrations';

/** Brings the schema up to date, in one transaction. @throws TerminalError when a newer version has been here. */
export async function migrateUp(database: Database): Promise<void> {
  await database.write(async (_handle, transaction) => {
    const umzug = migrator(database, transaction);
    await database.sequelize
      .getQueryInterface()
      .createTable(table, { name: { type: DataTypes.TEXT, primaryKey: true } }, { transaction });
    const known = migrations.map(({ name }) => name);
    const unknown = (await umzug.executed()).find(({ name }) => !known.includes(name));
    if (unknown !== undefined) throw newerSchema(database.storage, unknown.name);
    await umzug.up();
  });
}

/** Takes the schema back to before its first migration, with everything in it. */
export async function migrateDown(database: Database): Promise<void> {
  await database.write(async (_handle, transaction) => {
    await migrator(database, transaction).down({ to: 0 });
  });
}

function migrator({ sequelize }: Database, transaction: Transaction): Umzug<MigrationContext> {
  const context = { queryInterface: sequelize.getQueryInterface(), transaction };
  return new Umzug({ migrations: [...migrations], context, storage, logger: undefined });
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
