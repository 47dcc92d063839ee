import { count, type Migration, type MigrationContext, text } from './migration.ts';

/** Markers beside the rows, what they have taken away, and all streams that a mapping is made of. */
export const deletes: Migration = {
  name: '0008-deletes',
  async up({ context }) {
    const { queryInterface, transaction } = context;
    await queryInterface.addColumn('page_rows', 'marks', count, { transaction });
    await queryInterface.addColumn('page_rows', 'tombstones', count, { transaction });
    await queryInterface.addColumn('loads', 'deleted', count, { transaction });
    await queryInterface.addColumn('mappings', 'streams', { ...text, defaultValue: '' }, { transaction });
    await run(context, "UPDATE mappings SET streams = ',' || stream || ','");
    for (const table of await stagedTables(context))
      await run(context, `ALTER TABLE "${table}" ADD COLUMN "_op" TEXT`);
  },
  async down({ context }) {
    for (const table of await stagedTables(context)) {
      if (!('_op' in (await context.queryInterface.describeTable(table)))) continue;
      await run(context, `DELETE FROM "${table}" WHERE "_op" IS NOT NULL`);
      await run(context, `ALTER TABLE "${table}" DROP COLUMN "_op"`);
    }
    await run(context, 'ALTER TABLE mappings DROP COLUMN streams');
    await run(context, 'ALTER TABLE loads DROP COLUMN deleted');
    await run(context, 'ALTER TABLE page_rows DROP COLUMN tombstones');
    await run(context, 'ALTER TABLE page_rows DROP COLUMN marks');
  },
};

const stagedTables = async ({ queryInterface, transaction }: MigrationContext): Promise<readonly string[]> =>
  (await queryInterface.showAllTables({ transaction })).map(String).filter((name) => name.startsWith('stg_'));

const run = ({ queryInterface, transaction }: MigrationContext, sql: string): Promise<unknown> =>
  queryInterface.sequelize.query(sql, { transaction });
