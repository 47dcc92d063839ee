import { expect } from 'chai';
import { TerminalError } from '../../../engine/model/errors.ts';
import type { Database } from '../../../engine/services/staging/database.ts';
import { migrateDown, migrateUp } from '../../../engine/services/staging/migrate.ts';
import { migrations } from '../../../engine/services/staging/migrations/migrations.ts';
import { stagingOn } from '../../../engine/services/staging/staging.ts';
import { collect, mappingPlan, stillClock, streamPlan } from '../../contracts/staging-samples.ts';
import { onEach } from './each-database.ts';
import { fillFirstRelease, firstRelease } from './first-release.ts';
import { databaseAt } from './places.ts';

const tables = [
  'blocked_rows',
  'forgotten',
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
  const [blocked] = await staging.blocked('orders', 10);
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
