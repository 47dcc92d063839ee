import { count, type Migration } from './migration.ts';

/** How long loads have kept the warehouse busy. */
export const loadTimes: Migration = {
  name: '0010-load-times',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.addColumn('loads', 'elapsed_ms', count, { transaction });
  },
  async down({ context: { queryInterface, transaction } }) {
    await queryInterface.sequelize.query('ALTER TABLE loads DROP COLUMN elapsed_ms', { transaction });
  },
};
