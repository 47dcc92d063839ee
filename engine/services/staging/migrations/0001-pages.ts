import { DataTypes } from 'sequelize';
import { drop, integer, key, type Migration, optional, text } from './migration.ts';

export const pages: Migration = {
  name: '0001-pages',
  async up({ context: { queryInterface, transaction } }) {
    const stream = { environment: text, source: text, account: text, stream: text };
    const create = queryInterface.createTable.bind(queryInterface);
    await create(
      'runs',
      {
        id: { ...text, ...key },
        plan: text,
        environment: text,
        started_at: text,
        finished_at: optional,
        status: text,
      },
      { transaction },
    );
    await create(
      'positions',
      {
        environment: { ...text, ...key },
        source: { ...text, ...key },
        account: { ...text, ...key },
        stream: { ...text, ...key },
        cursor: optional,
        window: optional,
        shape: optional,
        updated_at: text,
      },
      { transaction },
    );
    await create(
      'pages',
      {
        id: { ...integer, ...key },
        run: text,
        ...stream,
        request: text,
        status: integer,
        records: integer,
        body_hash: text,
        staged_at: text,
        // Last, so that the other columns are read without it.
        body: { type: DataTypes.BLOB, allowNull: false },
      },
      { transaction },
    );
    await queryInterface.addIndex('pages', [...Object.keys(stream), 'id'], {
      name: 'pages_by_stream',
      transaction,
    });
    await create('sequences', { name: { ...text, ...key }, next: integer }, { transaction });
    await queryInterface.bulkInsert('sequences', [{ name: 'page', next: 1 }], { transaction });
  },
  async down({ context }) {
    await drop(context, ['sequences', 'pages', 'positions', 'runs']);
  },
};
