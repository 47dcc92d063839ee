import { DataTypes, type QueryInterface, type Transaction } from 'sequelize';
import type { RunnableMigration } from 'umzug';

export interface MigrationContext {
  readonly queryInterface: QueryInterface;
  /** All migrations of one call share it: another process sees none of them or all. */
  readonly transaction: Transaction;
}

type Migration = RunnableMigration<MigrationContext>;

const text = { type: DataTypes.TEXT, allowNull: false } as const;
const optional = { type: DataTypes.TEXT, allowNull: true } as const;
const integer = { type: DataTypes.INTEGER, allowNull: false } as const;
const count = { ...integer, defaultValue: 0 } as const;
const key = { primaryKey: true } as const;

const pages: Migration = {
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

const mappings: Migration = {
  name: '0002-mappings',
  async up({ context: { queryInterface, transaction } }) {
    const create = queryInterface.createTable.bind(queryInterface);
    await create(
      'page_rows',
      {
        mapping: { ...text, ...key },
        page: { ...integer, ...key },
        rows: count,
        filtered: count,
        nulled: count,
        blocked: count,
      },
      { transaction },
    );
    await create(
      'blocked_rows',
      {
        id: { ...integer, ...key, autoIncrement: true },
        page: integer,
        mapping: text,
        ordinal: integer,
        idx: { type: DataTypes.INTEGER, allowNull: true },
        record: text,
        property: text,
        code: text,
        reason: text,
        value: text,
        status: { ...text, defaultValue: 'open' },
        created_at: text,
      },
      { transaction },
    );
    await queryInterface.addIndex('blocked_rows', ['mapping', 'page'], {
      name: 'blocked_rows_by_page',
      transaction,
    });
    await createLoads(queryInterface, transaction);
  },
  async down({ context }) {
    const tables = await context.queryInterface.showAllTables({ transaction: context.transaction });
    const staged = tables.map(String).filter((name) => name.startsWith('stg_'));
    await drop(context, [...staged, 'loads', 'mappings', 'blocked_rows', 'page_rows']);
  },
};

async function createLoads(queryInterface: QueryInterface, transaction: Transaction): Promise<void> {
  await queryInterface.createTable(
    'mappings',
    {
      mapping: { ...text, ...key },
      environment: text,
      stream: text,
      hash: text,
      loaded_through: count,
      epoch: integer,
    },
    { transaction },
  );
  const counts = { rows: count, inserted: count, updated: count, unchanged: count, superseded: count };
  await queryInterface.createTable(
    'loads',
    {
      id: { ...text, ...key },
      mapping: text,
      first_page: integer,
      last_page: integer,
      run: text,
      ...counts,
      loaded_at: text,
    },
    { transaction },
  );
}

const memory: Migration = {
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

async function drop(
  { queryInterface, transaction }: MigrationContext,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) await queryInterface.dropTable(table, { transaction });
}

/** The schema's history, forward and back. An entry that was released is never edited. */
export const migrations: readonly Migration[] = [pages, mappings, memory];
