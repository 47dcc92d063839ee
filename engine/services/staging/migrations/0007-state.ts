import { drop, integer, key, type Migration, optional, text } from './migration.ts';

export const state: Migration = {
  name: '0007-state',
  async up({ context: { queryInterface, transaction } }) {
    const create = queryInterface.createTable.bind(queryInterface);
    await create(
      'locks',
      {
        name: { ...text, ...key },
        token: text,
        holder: text,
        host: text,
        pid: integer,
        /** Tells the process from others that had its pid. */
        birth: text,
        run: text,
        what: text,
        acquired_at: text,
        expires_at: text,
      },
      { transaction },
    );
    await create('plans', { id: { ...text, ...key }, body: text, created_at: text }, { transaction });
    await create(
      'steps',
      {
        run: { ...text, ...key },
        step: { ...text, ...key },
        status: text,
        started_at: text,
        finished_at: text,
      },
      { transaction },
    );
    await queryInterface.addColumn('pages', 'cursor', optional, { transaction });
  },
  async down({ context }) {
    const { queryInterface, transaction } = context;
    await queryInterface.sequelize.query('ALTER TABLE pages DROP COLUMN cursor', { transaction });
    await drop(context, ['steps', 'plans', 'locks']);
  },
};
