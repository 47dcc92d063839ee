import { DataTypes, type QueryInterface, type Transaction } from 'sequelize';
import { count, drop, integer, key, type Migration, text } from './migration.ts';

export const mappings: Migration = {
  name: '0002-mappings',
  async up({ context: { queryInterface, transaction } }) {
    const create = queryInterface.createTable.bind(queryInterface);
    await create(
      'page_rows',
      {
        mapping: { ...text, ...key },
        page: { ...integer, ...key },
        rows: count,
        filtered: count,
        nulled: count,
        blocked: count,
      },
      { transaction },
    );
    await create(
      'blocked_rows',
      {
        id: { ...integer, ...key, autoIncrement: true },
        page: integer,
        mapping: text,
        ordinal: integer,
        idx: { type: DataTypes.INTEGER, allowNull: true },
        record: text,
        property: text,
        code: text,
        reason: text,
        value: text,
        status: { ...text, defaultValue: 'open' },
        created_at: text,
      },
      { transaction },
    );
    await queryInterface.addIndex('blocked_rows', ['mapping', 'page'], {
      name: 'blocked_rows_by_page',
      transaction,
    });
    await createLoads(queryInterface, transaction);
  },
  async down({ context }) {
    const tables = await context.queryInterface.showAllTables({ transaction: context.transaction });
    const staged = tables.map(String).filter((name) => name.startsWith('stg_'));
    await drop(context, [...staged, 'loads', 'mappings', 'blocked_rows', 'page_rows']);
  },
};

async function createLoads(queryInterface: QueryInterface, transaction: Transaction): Promise<void> {
  await queryInterface.createTable(
    'mappings',
    {
      mapping: { ...text, ...key },
      environment: text,
      stream: text,
      hash: text,
      loaded_through: count,
      epoch: integer,
    },
    { transaction },
  );
  const counts = { rows: count, inserted: count, updated: count, unchanged: count, superseded: count };
  await queryInterface.createTable(
    'loads',
    {
      id: { ...text, ...key },
      mapping: text,
      first_page: integer,
      last_page: integer,
      run: text,
      ...counts,
      loaded_at: text,
    },
    { transaction },
  );
}
