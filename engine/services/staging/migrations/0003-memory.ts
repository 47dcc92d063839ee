import { drop, key, type Migration, text } from './migration.ts';

export const memory: Migration = {
  name: '0003-memory',
  async up({ context: { queryInterface, transaction } }) {
    await queryInterface.createTable(
      'memory',
      { environment: { ...text, ...key }, name: { ...text, ...key }, text, updated_at: text },
      { transaction },
    );
  },
  async down({ context }) {
    await drop(context, ['memory']);
  },
};
