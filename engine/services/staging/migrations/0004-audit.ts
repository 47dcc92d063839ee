import { DataTypes } from 'sequelize';
import { count, type Migration, type MigrationContext } from './migration.ts';

const text = { type: DataTypes.TEXT, allowNull: false, defaultValue: '' } as const;
const maybe = { type: DataTypes.INTEGER, allowNull: true } as const;

/** What an audit needs to know; the pages of before say nothing of their windows. */
const columns = [
  ['page_rows', 'units', count],
  ['page_rows', 'deduplicated', count],
  ['pages', 'number', maybe],
  ['pages', 'is_last', maybe],
  ['pages', 'total', maybe],
  ['pages', 'outside', maybe],
  ['pages', 'begins_at', { type: DataTypes.TEXT, allowNull: true }],
  ['loads', 'hash', text],
  ['loads', 'epoch', count],
] as const;

/** Until now every unit became a row, or was filtered or blocked. */
const units = 'UPDATE page_rows SET units = rows + filtered + blocked';

/** A load that holds what its pages hold now is one of the mapping as it is now. */
const loads =
  "UPDATE loads SET hash = coalesce((SELECT m.hash FROM mappings m WHERE m.mapping = loads.mapping), '') " +
  'WHERE rows = (SELECT coalesce(sum(r.rows), 0) FROM page_rows r ' +
  'WHERE r.mapping = loads.mapping AND r.page BETWEEN loads.first_page AND loads.last_page)';

export const audit: Migration = {
  name: '0004-audit',
  async up({ context: { queryInterface, transaction } }) {
    for (const [table, column, attribute] of columns)
      await queryInterface.addColumn(table, column, { ...attribute }, { transaction });
    for (const sql of [units, loads]) await queryInterface.sequelize.query(sql, { transaction });
  },
  async down({ context }) {
    for (const [table, column] of columns.toReversed()) await dropColumn(context, table, column);
  },
};

/** Sequelize would make the table anew, without its key. */
async function dropColumn(
  { queryInterface, transaction }: MigrationContext,
  table: string,
  column: string,
): Promise<void> {
  await queryInterface.sequelize.query(`ALTER TABLE ${table} DROP COLUMN ${column}`, { transaction });
}
