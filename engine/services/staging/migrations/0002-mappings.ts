import { createBlockedRows } from './blocked-rows.ts';
import { count, drop, integer, key, type Migration, type MigrationContext, text } from './migration.ts';

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
    await createBlockedRows({ queryInterface, transaction });
    await createLoads({ queryInterface, transaction });
  },
  async down({ context }) {
    const tables = await context.queryInterface.showAllTables({ transaction: context.transaction });
    const staged = tables.map(String).filter((name) => name.startsWith('stg_'));
    await drop(context, [...staged, 'loads', 'mappings', 'blocked_rows', 'page_rows']);
  },
};

async function createLoads({ queryInterface, transaction }: MigrationContext): Promise<void> {
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
