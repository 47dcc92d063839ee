import { count, type Migration } from './migration.ts';

/** Pages whose rows a mapping has made, and not staged. */
export const unstaged: Migration = {
  name: '0006-unstaged',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.addColumn('page_rows', 'unstaged', count, { transaction });
  },
  async down({ context: { queryInterface, transaction } }) {
    // A version that does not know them maps these pages again.
    await queryInterface.sequelize.query('DELETE FROM page_rows WHERE unstaged = 1', { transaction });
    // Sequelize would make the table anew, without its key.
    await queryInterface.sequelize.query('ALTER TABLE page_rows DROP COLUMN unstaged', { transaction });
  },
};
