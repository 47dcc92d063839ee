import { expect } from 'chai';
import { TerminalError } from '../../../engine/model/errors.ts';
import { migrateDown, migrateUp } from '../../../engine/services/staging/migrate.ts';
import { migrations } from '../../../engine/services/staging/migrations/migrations.ts';
import { SqliteDatabase } from '../../../engine/services/staging/sqlite/sqlite-database.ts';

const tables = [
  'blocker_events',
  'blocker_pages',
  'blockers',
  'loads',
  'mappings',
  'memory',
  'migrations',
  'page_rows',
  'pages',
  'positions',
  'runs',
  'sequences',
];

describe('migrations of the staging database', () => {
  let database: SqliteDatabase;

  beforeEach(() => {
    database = new SqliteDatabase({ storage: ':memory:', busyTimeoutMs: 50 });
  });

  afterEach(() => database.close());

  const tablesNow = async () => {
    const sql =
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
    const rows = await database.read((handle) => handle.select<{ name: string }>(sql));
    return rows.map(({ name }) => name);
  };

  it('go forward, again without effect, back and forward again', async () => {
    await migrateUp(database);
    expect(await tablesNow()).to.deep.equal(tables);
    await migrateUp(database);
    await database.write((handle) => handle.exec('CREATE TABLE stg_orders (id TEXT)'));
    await migrateDown(database);
    expect(await tablesNow()).to.deep.equal(['migrations']);
    await migrateUp(database);
    expect(await tablesNow()).to.deep.equal(tables);
  });

  it('move the blocked rows of the version before into Blockers, and those that are open back', async () => {
    await migrateUp(database);
    const blockers = migrations.find(({ name }) => name === '0004-blockers');
    const step = (direction: 'up' | 'down') =>
      database.write(async (_handle, transaction) => {
        const context = { queryInterface: database.sequelize.getQueryInterface(), transaction };
        await blockers?.[direction]?.({ name: '0004-blockers', context });
      });
    await step('down');
    const row = (page: number, record: string) =>
      `(${page}, 'orders', 3, NULL, '${record}', 'price', 'ETL0521', 'no number', 'x', 'open', '2026-01-01T00:00:00Z')`;
    await database.write(async (handle) => {
      const page = (id: number) =>
        `(${id}, 'run-1', 'dev', 'shop', 'default', 'orders', '{}', 200, 1, 'h', '2026', x'00')`;
      await handle.exec(
        `INSERT INTO pages (id, run, environment, source, account, stream, request, status, records, body_hash, staged_at, body) VALUES ${page(1)}, ${page(2)}`,
      );
      await handle.exec(
        'INSERT INTO blocked_rows (page, mapping, ordinal, idx, record, property, code, reason, value, status, created_at) ' +
          `VALUES ${row(1, 'a')}, ${row(1, 'b')}, ${row(2, 'a')}`,
      );
    });
    const rows = (sql: string) => database.read((handle) => handle.select<object>(sql));
    const old = await rows('SELECT * FROM blocked_rows');
    await step('up');
    expect(
      await rows('SELECT id, kind, source, stream, page, record, status, seen FROM blockers'),
    ).to.deep.equal([
      {
        id: 1,
        kind: 'record',
        source: 'shop',
        stream: 'orders',
        page: 1,
        record: 'a',
        status: 'open',
        seen: 1,
      },
      {
        id: 2,
        kind: 'record',
        source: 'shop',
        stream: 'orders',
        page: 1,
        record: 'b',
        status: 'open',
        seen: 1,
      },
    ]);
    expect(await rows('SELECT blocker, page FROM blocker_pages ORDER BY 1, 2')).to.deep.equal([
      { blocker: 1, page: 1 },
      { blocker: 1, page: 2 },
      { blocker: 2, page: 1 },
    ]);
    await step('down');
    expect(await rows('SELECT * FROM blocked_rows')).to.deep.equal(old);
  });

  it('are one transaction: when one fails, none was done', async () => {
    await database.write((handle) => handle.exec('CREATE TABLE sequences (other TEXT)'));
    const failure = await migrateUp(database).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(Error);
    expect(await tablesNow()).to.deep.equal(['sequences']);
  });

  it('refuse a database that a newer version has changed', async () => {
    await migrateUp(database);
    await database.write((handle) => handle.run("INSERT INTO migrations VALUES ('9999-future')"));
    const failure = await migrateUp(database).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(TerminalError);
    expect((failure as TerminalError).diagnostic.code).to.equal('ETL0608');
    expect(failure).to.have.property('message').that.includes('newer version');
  });

  it('have names in the order in which they run', () => {
    const names = migrations.map(({ name }) => name);
    expect(names).to.deep.equal([...names].sort());
  });
});
