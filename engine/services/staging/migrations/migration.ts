import { DataTypes, type QueryInterface, type Transaction } from 'sequelize';
import type { RunnableMigration } from 'umzug';

export interface MigrationContext {
  readonly queryInterface: QueryInterface;
  /** All migrations of one call share it: another process sees none of them or all. */
  readonly transaction: Transaction;
}

export type Migration = RunnableMigration<MigrationContext>;

export const text = { type: DataTypes.TEXT, allowNull: false } as const;
export const optional = { type: DataTypes.TEXT, allowNull: true } as const;
export const integer = { type: DataTypes.INTEGER, allowNull: false } as const;
export const count = { ...integer, defaultValue: 0 } as const;
export const key = { primaryKey: true } as const;

export async function drop(
  { queryInterface, transaction }: MigrationContext,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) await queryInterface.dropTable(table, { transaction });
}
