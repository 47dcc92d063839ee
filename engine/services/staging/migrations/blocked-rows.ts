import { DataTypes } from 'sequelize';
import { integer, key, type MigrationContext, text } from './migration.ts';

/** The table that kept rows aside before there were Blockers. */
export async function createBlockedRows({ queryInterface, transaction }: MigrationContext): Promise<void> {
  await queryInterface.createTable(
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
}
