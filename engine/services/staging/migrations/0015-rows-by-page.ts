import type { Migration } from './migration.ts';

const index = 'page_rows_by_page';

/** What a page has made, whatever the mapping: without it each such question reads the rows of all pages. */
export const rowsByPage: Migration = {
  name: '0015-rows-by-page',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.addIndex('page_rows', ['page'], { name: index, transaction });
  },
  async down({ context: { queryInterface, transaction } }) {
    await queryInterface.sequelize.query(`DROP INDEX ${index}`, { transaction });
  },
};
