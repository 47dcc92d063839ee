import { DataTypes, QueryTypes } from 'sequelize';
import { identityOf } from '../blocker-identity.ts';
import type { BlockerRow } from '../blocker-rows.ts';
import { createBlockedRows } from './blocked-rows.ts';
import { count, integer, key, type Migration, type MigrationContext, text } from './migration.ts';

const number = { type: DataTypes.INTEGER, allowNull: true } as const;
const id = { ...integer, ...key, autoIncrement: true } as const;
const empty = { ...text, defaultValue: '' } as const;

/** `blocked_rows`, which only knew rows, becomes `blockers`. */
export const blockers: Migration = {
  name: '0005-blockers',
  async up({ context }) {
    await createBlockers(context);
    await moveRows(context);
    const { queryInterface, transaction } = context;
    await queryInterface.dropTable('blocked_rows', { transaction });
    await queryInterface.addColumn('loads', 'held', count, { transaction });
  },
  async down({ context }) {
    const { queryInterface, transaction } = context;
    await queryInterface.sequelize.query('ALTER TABLE loads DROP COLUMN held', { transaction });
    await createBlockedRows(context);
    await queryInterface.sequelize.query(
      'INSERT INTO blocked_rows (page, mapping, ordinal, idx, record, property, code, reason, value, status, created_at) ' +
        'SELECT p.page, b.mapping, p.ordinal, b.idx, b.record, b.property, b.code, b.reason, b.value, b.status, b.created_at ' +
        "FROM blockers AS b JOIN blocker_pages AS p ON p.blocker = b.id WHERE b.kind = 'record' AND b.status = 'open' " +
        'ORDER BY p.page, b.id',
      { transaction },
    );
    for (const table of ['blocker_events', 'blocker_pages', 'blockers'])
      await queryInterface.dropTable(table, { transaction });
  },
};

async function createBlockers({ queryInterface, transaction }: MigrationContext): Promise<void> {
  const create = queryInterface.createTable.bind(queryInterface);
  await create(
    'blockers',
    {
      id,
      identity: text,
      kind: text,
      code: text,
      severity: { ...text, defaultValue: 'error' },
      source: empty,
      account: empty,
      stream: empty,
      mapping: empty,
      page: number,
      ordinal: number,
      idx: number,
      record: empty,
      property: empty,
      reason: text,
      value: empty,
      status: { ...text, defaultValue: 'open' },
      owner: empty,
      note: empty,
      run: empty,
      step: empty,
      seen: { ...integer, defaultValue: 1 },
      created_at: text,
      updated_at: text,
    },
    { transaction },
  );
  await create(
    'blocker_pages',
    { blocker: { ...integer, ...key }, page: { ...integer, ...key }, ordinal: { ...integer, ...key } },
    { transaction },
  );
  await create(
    'blocker_events',
    { id, blocker: integer, at: text, event: text, actor: empty, detail: empty },
    { transaction },
  );
  const index = (table: string, fields: string[], name: string): Promise<void> =>
    queryInterface.addIndex(table, fields, { name, transaction });
  await index('blockers', ['identity'], 'blockers_by_identity');
  await index('blockers', ['mapping', 'status', 'record'], 'blockers_by_record');
  await index('blocker_pages', ['page'], 'blocker_pages_by_page');
  await index('blocker_events', ['blocker'], 'blocker_events_by_blocker');
}

/** A row of `blocked_rows`, and where its page comes from. */
interface OldRow
  extends Pick<BlockerRow, 'mapping' | 'idx' | 'record' | 'property' | 'code' | 'reason' | 'value'>,
    Pick<BlockerRow, 'created_at' | 'run' | 'source' | 'account' | 'stream'> {
  readonly page: number;
  readonly ordinal: number;
}

const rowsPerQuery = 1000;

async function moveRows({ queryInterface, transaction }: MigrationContext): Promise<void> {
  const { sequelize } = queryInterface;
  const ids = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = await sequelize.query<OldRow & { readonly id: number }>(
      'SELECT r.*, p.run, p.source, p.account, p.stream FROM blocked_rows AS r JOIN pages AS p ON p.id = r.page ' +
        'WHERE r.id > :after ORDER BY r.id LIMIT :limit',
      { type: QueryTypes.SELECT, transaction, replacements: { after, limit: rowsPerQuery } },
    );
    for (const row of rows) await moveRow({ queryInterface, transaction }, row, ids);
    if (rows.length < rowsPerQuery) return;
    after = rows.at(-1)?.id ?? 0;
  }
}

/** Rows of several pages that say the same are one Blocker. */
async function moveRow(
  { queryInterface, transaction }: MigrationContext,
  { created_at, ...row }: OldRow,
  ids: Map<string, number>,
): Promise<void> {
  const identity = identityOf({ ...row, kind: 'record', index: row.idx });
  const known = ids.get(identity);
  const blocker = known ?? ids.size + 1;
  ids.set(identity, blocker);
  const insert = (table: string, values: object): Promise<unknown> =>
    queryInterface.bulkInsert(table, [values], { transaction });
  if (known === undefined) {
    const { id: _, status: __, ...kept } = { id: 0, status: '', ...row };
    const times = { created_at, updated_at: created_at };
    await insert('blockers', { ...kept, identity, kind: 'record', ...times });
    await insert('blocker_events', { blocker, at: created_at, event: 'opened', actor: `run ${row.run}` });
  }
  await insert('blocker_pages', { blocker, page: row.page, ordinal: row.ordinal });
}
