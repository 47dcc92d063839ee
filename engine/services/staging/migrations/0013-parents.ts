import { count, drop, integer, key, type Migration, optional, text } from './migration.ts';

/** Where streams stand with each parent of their records, for those that have positions of this kind. */
export const parents: Migration = {
  name: '0013-parents',
  async up({ context: { queryInterface, transaction } }) {
    const part = { ...text, ...key };
    await queryInterface.createTable(
      'parent_positions',
      {
        ...{ environment: { ...part }, source: { ...part }, account: { ...part }, stream: { ...part } },
        parent: { ...part },
        parent_stream: { ...text },
        window: { ...integer },
        cursor: { ...optional },
        gone: { ...count },
      },
      { transaction },
    );
  },
  async down({ context }) {
    await drop(context, ['parent_positions']);
  },
};
