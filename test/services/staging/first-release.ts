import type { Database } from '../../../engine/services/staging/database.ts';
import type { Handle } from '../../../engine/services/staging/handle.ts';
import { migrations } from '../../../engine/services/staging/migrations/migrations.ts';

/** The schema as the first release had it. */
export const firstRelease = migrations.slice(0, 3);

type Row = { readonly [column: string]: string | number | null | Uint8Array };

async function insert(handle: Handle, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row).map((column) => `"${column}"`);
  const places = columns.map(() => '?').join(', ');
  await handle.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`, ...Object.values(row));
}

const at = '2026-01-02T00:00:00.000Z';
const stream = { environment: 'dev', source: 'shop', account: 'default', stream: 'orders' };

const page = (id: number): Row => ({
  id,
  run: 'run-1',
  ...stream,
  request: '{"method":"GET","url":"/orders","headers":{}}',
  status: 200,
  records: 2,
  body_hash: `body ${id}`,
  staged_at: at,
  body: new Uint8Array([31, 139, 0]),
});

const pageRows = (id: number, blocked: number): Row => ({
  mapping: 'orders',
  page: id,
  rows: 1,
  filtered: 0,
  nulled: 0,
  blocked,
});

const stagedRow = (id: string, total: string, on: number): Row => ({
  _account: 'default',
  id,
  total,
  _page: on,
  _ordinal: 0,
  _index: null,
  _record: id,
  _cursor: null,
  _hash: `hash of ${id}`,
});

const blockedRow: Row = {
  page: 2,
  mapping: 'orders',
  ordinal: 1,
  idx: null,
  record: 'c',
  property: 'total',
  code: 'ETL0401',
  reason: 'not a decimal number',
  value: 'twelve',
  created_at: at,
};

const load: Row = {
  id: 'dev.orders.1-1.00000000',
  mapping: 'orders',
  first_page: 1,
  last_page: 1,
  run: 'run-1',
  rows: 1,
  inserted: 1,
  updated: 0,
  unchanged: 0,
  superseded: 0,
  loaded_at: at,
};

/** Two pages of a stream, one of them loaded, as the first release has written them: its tables, its columns. */
export async function fillFirstRelease(database: Database): Promise<void> {
  const { text, exact, count } =
    database.dialect.setting === 'schema'
      ? { text: 'text COLLATE "C"', exact: 'numeric', count: 'bigint' }
      : { text: 'TEXT', exact: 'TEXT', count: 'INTEGER' };
  await database.write(async (handle) => {
    const run = { id: 'run-1', plan: 'p', environment: 'dev', started_at: at, finished_at: at };
    await insert(handle, 'runs', { ...run, status: 'succeeded' });
    await insert(handle, 'positions', { ...stream, cursor: '2026-01-02', updated_at: at });
    for (const id of [1, 2]) await insert(handle, 'pages', page(id));
    await handle.run("UPDATE sequences SET next = 3 WHERE name = 'page'");
    const mapping = { mapping: 'orders', environment: 'dev', stream: 'shop.orders', hash: 'hash-1' };
    await insert(handle, 'mappings', { ...mapping, loaded_through: 1, epoch: Date.parse(at) });
    await handle.exec(
      `CREATE TABLE stg_orders (_account ${text}, id ${text}, total ${exact}, _page ${count}, _ordinal ${count}, ` +
        `_index ${count}, _record ${text}, _cursor ${text}, _hash ${text})`,
    );
    await handle.exec('CREATE INDEX stg_orders_by_page ON stg_orders (_page)');
    await insert(handle, 'stg_orders', stagedRow('a', '1.00', 1));
    await insert(handle, 'stg_orders', stagedRow('b', '2.50', 2));
    await insert(handle, 'page_rows', pageRows(1, 0));
    await insert(handle, 'page_rows', pageRows(2, 1));
    await insert(handle, 'blocked_rows', blockedRow);
    await insert(handle, 'loads', load);
    await insert(handle, 'memory', {
      environment: 'dev',
      name: 'token:shop',
      text: 'sealed',
      updated_at: at,
    });
  });
}
