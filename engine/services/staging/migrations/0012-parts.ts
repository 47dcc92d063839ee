import { count, type Migration } from './migration.ts';

/** Plans that were saved and are a part of the project only: what comes next is not compared with them. */
export const parts: Migration = {
  name: '0012-parts',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.addColumn('applied_plans', 'partial', count, { transaction });
  },
  async down({ context: { queryInterface, transaction } }) {
    await queryInterface.sequelize.query('DELETE FROM applied_plans WHERE partial = 1', { transaction });
    await queryInterface.sequelize.query('ALTER TABLE applied_plans DROP COLUMN partial', { transaction });
  },
};
