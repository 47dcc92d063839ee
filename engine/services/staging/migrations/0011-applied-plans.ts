import { drop, key, type Migration, text } from './migration.ts';

/** Plans that runs have performed whole. A saved plan is known by its nonce; any other by the run itself. */
export const appliedPlans: Migration = {
  name: '0011-applied-plans',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.createTable(
      'applied_plans',
      { nonce: { ...text, ...key }, environment: text, plan: text, run: text, applied_at: text },
      { transaction },
    );
  },
  async down({ context }) {
    await drop(context, ['applied_plans']);
  },
};
