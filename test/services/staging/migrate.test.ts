import { expect } from 'chai';
import { TerminalError } from '../../../engine/model/errors.ts';
import { migrateDown, migrateUp } from '../../../engine/services/staging/migrate.ts';
import { migrations } from '../../../engine/services/staging/migrations/migrations.ts';
import { SqliteDatabase } from '../../../engine/services/staging/sqlite/sqlite-database.ts';

const tables = [
  'blocked_rows',
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
