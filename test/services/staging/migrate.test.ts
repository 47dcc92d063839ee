import { expect } from 'chai';
import { TerminalError } from '../../../engine/model/errors.ts';
import type { Database } from '../../../engine/services/staging/database.ts';
import { migrateDown, migrateUp } from '../../../engine/services/staging/migrate.ts';
import { migrations } from '../../../engine/services/staging/migrations/migrations.ts';
import { stagingOn } from '../../../engine/services/staging/staging.ts';
import { collect, mappingPlan, openRows, stillClock, streamPlan } from '../../contracts/staging-samples.ts';
import { onEach } from './each-database.ts';
import { fillFirstRelease, firstRelease } from './first-release.ts';
import { databaseAt } from './places.ts';

const tables = [
  'applied_plans',
  'blocker_events',
  'blocker_pages',
  'blockers',
  'forgotten',
  'loads',
  'locks',
  'mappings',
  'memory',
  'migrations',
  'open_listings',
  'page_rows',
  'pages',
  'parent_positions',
  'plans',
  'positions',
  'runs',
  'sequences',
  'steps',
];

onEach((name, place) => {
  describe(`migrations of the staging database on ${name}`, () => {
    let database: Database;

    beforeEach(() => {
      database = databaseAt(place());
    });

    afterEach(() => database.close());

    const tablesNow = async () => {
      const found = await database.sequelize.getQueryInterface().showAllTables();
      // `writers` is PostgreSQL's own: it is there before the first migration, and after the last.
      return found
        .map(String)
        .filter((table) => table !== 'writers')
        .sort();
    };

    const failureOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => undefined,
        (error: unknown) => error,
      );

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

    it('are one transaction: when one fails, none was done', async () => {
      await database.write((handle) => handle.exec('CREATE TABLE loads (other TEXT)'));
      await database.write((handle) => handle.exec('CREATE INDEX pages_by_stream ON loads (other)'));
      expect(await failureOf(migrateUp(database))).to.be.instanceOf(Error);
      expect(await tablesNow()).to.deep.equal(['loads']);
    });

    it('refuse a database that a newer version has changed', async () => {
      await migrateUp(database);
      await database.write((handle) => handle.run("INSERT INTO migrations VALUES ('9999-future')"));
      const failure = await failureOf(migrateUp(database));
      expect(failure).to.be.instanceOf(TerminalError);
      expect((failure as TerminalError).diagnostic.code).to.equal('ETL0608');
      expect(failure).to.have.property('message').that.includes('newer version');
    });

    it('move the blocked rows of the version before into Blockers, and those that are open back', async () => {
      await migrateUp(database);
      const blockers = migrations.find(({ name }) => name === '0005-blockers');
      const step = (direction: 'up' | 'down') =>
        database.write(async (_handle, transaction) => {
          const context = { queryInterface: database.sequelize.getQueryInterface(), transaction };
          await blockers?.[direction]?.({ name: '0005-blockers', context });
        });
      await step('down');
      const row = (page: number, record: string) =>
        `(${page}, 'orders', 3, NULL, '${record}', 'price', 'ETL0521', 'no number', 'x', 'open', '2026-01-01T00:00:00Z')`;
      await database.write(async (handle) => {
        for (const id of [1, 2])
          await handle.run(
            'INSERT INTO pages (id, run, environment, source, account, stream, request, status, records, body_hash, staged_at, body) ' +
              "VALUES (?, 'run-1', 'dev', 'shop', 'default', 'orders', '{}', 200, 1, 'h', '2026', ?)",
            id,
            Buffer.from('x'),
          );
        await handle.exec(
          'INSERT INTO blocked_rows (page, mapping, ordinal, idx, record, property, code, reason, value, status, created_at) ' +
            `VALUES ${row(1, 'a')}, ${row(1, 'b')}, ${row(2, 'a')}`,
        );
      });
      const rows = (sql: string) => database.read((handle) => handle.select<object>(sql));
      const old = await rows('SELECT * FROM blocked_rows ORDER BY id');
      await step('up');
      expect(
        await rows('SELECT id, kind, source, stream, page, record, status, seen FROM blockers ORDER BY id'),
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
      expect(await rows('SELECT * FROM blocked_rows ORDER BY id')).to.deep.equal(old);
    });

    it('keep what the first release has left, and leave it again when they are taken back', async () => {
      await migrateUp(database, firstRelease);
      await fillFirstRelease(database);
      await migrateUp(database);
      await expectFirstRelease(database);
      const [next] = migrations.slice(firstRelease.length);
      if (next !== undefined) await migrateDown(database, next.name);
      const count = 'SELECT count(*) AS found FROM blocked_rows';
      const blocked = await database.read((handle) => handle.first<{ found: number }>(count));
      expect(blocked).to.deep.equal({ found: 1 });
      await migrateUp(database);
      await expectFirstRelease(database);
    });
  });
});

/** What `fillFirstRelease` has left, as the ledger gives it. */
async function expectFirstRelease(database: Database): Promise<void> {
  const staging = stagingOn(database, { environment: 'dev', clock: stillClock });
  const mapping = mappingPlan({ id: 'string', total: 'decimal' });
  await staging.migrate();
  await staging.prepare(mapping);
  expect(await staging.position(streamPlan())).to.deep.equal({ cursor: '2026-01-02' });
  expect(await staging.mappingHashes()).to.deep.equal(new Map([['orders', 'hash-1']]));
  const pages = await collect(staging.pages(streamPlan()));
  expect(pages.map(({ id, run, body }) => [id, run, [...body]])).to.deep.equal([
    [1, 'run-1', [31, 139, 0]],
    [2, 'run-1', [31, 139, 0]],
  ]);
  const [unit, ...others] = await staging.pendingUnits(mapping, 10);
  expect(others).to.deep.equal([]);
  expect(unit).to.include({ firstPage: 2, lastPage: 2, rows: 1 });
  const rows = (await collect(staging.rows(mapping, unit!))).flat();
  expect(rows.map((row) => row.slice(0, 5))).to.deep.equal([['default', 'b', '2.50', 2, 0]]);
  const [blocked] = await openRows(staging, 'orders');
  expect(blocked).to.include({ record: 'c', property: 'total', code: 'ETL0401', value: 'twelve' });
  expect(await staging.memory.recall('token:shop')).to.equal('sealed');
  expect(await staging.reservePages(1)).to.be.at.least(3);
}

describe('migrations of the staging database', () => {
  it('have names in the order in which they run', () => {
    const names = migrations.map(({ name }) => name);
    expect(names).to.deep.equal([...names].sort());
  });
});
