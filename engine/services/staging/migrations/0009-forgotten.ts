import { count, drop, key, type Migration, optional, text } from './migration.ts';

/** Tombstones of persons. `by` and `at` are words of SQL. */
export const forgotten: Migration = {
  name: '0009-forgotten',
  async up({ context: { queryInterface, transaction } }) {
    const counts = { pages: count, records: count, staged: count, blockers: count, loaded: count };
    await queryInterface.createTable(
      'forgotten',
      {
        environment: { ...text, ...key },
        stream: { ...text, ...key },
        hash: { ...text, ...key },
        salt: text,
        status: text,
        asked_by: text,
        asked_at: text,
        finished_at: optional,
        ...counts,
      },
      { transaction },
    );
    // Rows that a load has brought, and that were erased since.
    await queryInterface.addColumn('loads', 'forgotten', count, { transaction });
  },
  async down({ context }) {
    const { queryInterface, transaction } = context;
    await queryInterface.sequelize.query('ALTER TABLE loads DROP COLUMN forgotten', { transaction });
    await drop(context, ['forgotten']);
  },
};
