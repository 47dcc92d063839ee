import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { ExplainedError, TransientError } from '../../../engine/model/errors.ts';
import type { Clock, Warehouse } from '../../../engine/model/ports.ts';
import { explained } from '../../../engine/services/postgres-warehouse/failures.ts';
import { postgresWarehouse } from '../../../engine/services/postgres-warehouse/postgres-warehouse.ts';
import { stillClock } from '../../contracts/staging-samples.ts';
import {
  type Bench,
  bench,
  empty,
  named,
  row,
  type WarehouseUnderTest,
} from '../../contracts/warehouse-bench.ts';
import { queryPostgres, sharedPostgres } from '../../support/postgres.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.ts';
import { statementsOf } from '../../support/warehouse-statements.ts';
import { postgresUnderTest } from '../../support/warehouses.ts';

async function failureOf(work: Promise<unknown>): Promise<ExplainedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ExplainedError);
  return error as ExplainedError;
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await failureOf(work);
  return `${error.diagnostic.code}${error instanceof TransientError ? ' transient' : ''}`;
};

describe('the PostgreSQL warehouse, when something fails', function () {
  this.timeout(60_000);
  let url: string;
  let proxy: TcpProxy;
  /** What happens while the engine waits, and how long it waited. */
  let meanwhile: () => Promise<unknown>;
  let waits: number[];

  const clock: Clock = {
    ...stillClock,
    sleep: async (ms) => {
      waits.push(ms);
      await meanwhile();
    },
  };

  before(async function () {
    url = await sharedPostgres(this);
  });

  beforeEach(async () => {
    proxy = await tcpProxy(Number(new URL(url).port || 5432));
    waits = [];
    meanwhile = async () => {};
  });

  afterEach(() => proxy.close());

  const changed = (change: (url: URL) => void): string => {
    const other = new URL(url);
    other.password = 'hunter2';
    change(other);
    return other.href;
  };

  const through = (): string =>
    changed((other) => {
      other.hostname = '127.0.0.1';
      other.port = String(proxy.port);
    });

  /** A warehouse behind the proxy. */
  const behind = async (): Promise<WarehouseUnderTest> => {
    const under = await postgresUnderTest(url)();
    return { ...under, open: (statements) => postgresWarehouse({ url: through(), statements, clock }) };
  };

  const direct = (address: string): Warehouse =>
    postgresWarehouse({ url: address, statements: statementsOf({ type: 'postgres' }), clock });

  const rows = (own: Bench) =>
    queryPostgres<{ id: string; c0: string }>(
      url,
      `SELECT id, c0 FROM "${own.under.schema}"."all" ORDER BY id`,
    );

  const query = async (...statements: string[]): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const sql of statements) await client.query(sql);
    return client;
  };

  for (const sent of ['DISCARD TEMP', 'COPY', 'BEGIN', 'judged', 'INSERT INTO', 'COMMIT']) {
    it(`loads a unit once when the connection is cut at ${sent}`, async () => {
      const own = await bench(behind);
      await own.load('1-1', [row('a', named('one'))]);
      proxy.cutAfter(sent);
      const counts = await own.load('2-2', [
        row('a', named('two'), { page: 2, hash: 'two' }),
        row('b', named('new'), { page: 2 }),
      ]);
      expect(counts).to.include({ staged: 2, inserted: 1, updated: 1, unchanged: 0 });
      expect(waits).to.deep.equal([100]);
      expect(await rows(own)).to.deep.equal([
        { id: 'a', c0: 'two' },
        { id: 'b', c0: 'new' },
      ]);
      expect(await own.units()).to.have.length(2);
    });
  }

  it('is waited for when it was reached before, and given up after a minute', async () => {
    const own = await bench(behind);
    await proxy.cut();
    expect(await codeOf(own.load('1-1', [row('a', empty)]))).to.equal('ETL0750 transient');
    expect(waits.reduce((sum, wait) => sum + wait, 0)).to.be.within(50_000, 60_000);
    await proxy.mend();
    expect(await own.load('1-1', [row('a', empty)])).to.include({ inserted: 1 });
  });

  it('is not waited for at the start, and its password is not told', async () => {
    const cases = [
      [changed((other) => (other.port = '1')), 'ETL0750'],
      [changed((other) => (other.username = 'nobody_of_this_name')), 'ETL0751'],
      [changed((other) => (other.pathname = '/no_such_database')), 'ETL0751'],
    ] as const;
    for (const [address, code] of cases) {
      const error = await failureOf(direct(address).tables([{ schema: 'public', table: 't' }]));
      expect(error.diagnostic.code).to.equal(code);
      expect(JSON.stringify(error.diagnostic) + error.stack).to.not.include('hunter2');
    }
    expect(waits).to.deep.equal([]);
    expect(() => direct('postgres://etl:hunter2%@db/x')).to.throw('ETL0754: the URL of the warehouse');
  });

  it('says which grant is missing, and loads once it is there', async () => {
    const role = `sluice_test_${randomUUID().slice(0, 8)}`;
    const own = await bench(postgresUnderTest(url));
    const { schema } = own.under;
    await (await query(`CREATE ROLE ${role} LOGIN`)).end();
    const warehouse = direct(changed((other) => (other.username = role)));
    const made = warehouse.define([`CREATE TABLE "${schema}".x (a integer)`]);
    const error = await failureOf(made);
    expect(error.diagnostic.code).to.equal('ETL0753');
    expect(error.diagnostic.summary).to.include(`permission denied for schema ${schema}`);
    expect(error.diagnostic.help.join()).to.include('GRANT');
    await (await query(`GRANT USAGE, CREATE ON SCHEMA "${schema}" TO ${role}`)).end();
    await warehouse.define([`CREATE TABLE "${schema}".x (a integer)`]);
    await warehouse.close();
    await (await query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)).end();
  });

  it('does a unit again that a deadlock has ended', async () => {
    const own = await bench(async () => {
      const under = await postgresUnderTest(url)();
      return { ...under, open: (statements) => postgresWarehouse({ url, statements, clock }) };
    });
    const { schema } = own.under;
    await own.load('1-1', [row('a', named('one')), row('b', named('one'))]);
    // A load that has changed a waits a moment, and then for what the other transaction holds, which wants a by then.
    const other = await query(
      `CREATE TABLE "${schema}".held AS SELECT 1 AS one`,
      `CREATE FUNCTION "${schema}".wait() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1.5); PERFORM FROM "${schema}".held FOR UPDATE; RETURN new; END $$`,
      `CREATE TRIGGER wait BEFORE INSERT ON "${schema}"._etl_loads FOR EACH ROW EXECUTE FUNCTION "${schema}".wait()`,
      'BEGIN',
      `SELECT FROM "${schema}".held FOR UPDATE`,
      "SET LOCAL deadlock_timeout = '1h'",
    );
    const changes = ['a', 'b'].map((id) => row(id, named('two'), { page: 2, hash: 'two' }));
    const loading = own.load('2-2', changes);
    await queryUntil(
      url,
      `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%${schema}%'`,
    );
    await other.query(`UPDATE "${schema}"."all" SET c1 = 1 WHERE id = 'a'`);
    await other.query('COMMIT');
    await other.end();
    expect(await loading).to.include({ updated: 2 });
    expect(waits).to.deep.equal([100]);
    expect(await rows(own)).to.deep.equal([
      { id: 'a', c0: 'two' },
      { id: 'b', c0: 'two' },
    ]);
  });

  it('ends the statement that runs when it is told to stop', async () => {
    const own = await bench(postgresUnderTest(url));
    const { schema } = own.under;
    await own.load('1-1', [row('a', named('one'))]);
    const other = await query('BEGIN', `LOCK TABLE "${schema}"."all"`);
    const stop = new AbortController();
    const loading = own.load('2-2', [row('a', named('two'), { page: 2, hash: 'two' })], {
      signal: stop.signal,
    });
    loading.catch(() => {});
    await queryUntil(
      url,
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%'`,
    );
    stop.abort(new Error('stopped by SIGINT'));
    expect(await codeOf(loading)).to.equal('ETL0759 transient');
    await other.query('ROLLBACK');
    await other.end();
    expect(await rows(own)).to.deep.equal([{ id: 'a', c0: 'one' }]);
    expect(await own.load('2-2', [row('a', named('two'), { page: 2, hash: 'two' })])).to.include({
      updated: 1,
    });
  });

  it('says what is wrong with a key that another program has doubled, or a value that a trigger refuses', async () => {
    const own = await bench(postgresUnderTest(url));
    await own.under.alter('ALTER TABLE {all} ADD UNIQUE ({c0})');
    const doubled = await failureOf(own.load('1-1', [row('a', named('x')), row('b', named('x'))]));
    expect(doubled.diagnostic.code).to.equal('ETL0760');
    expect(doubled.diagnostic.help.join()).to.include('DROP CONSTRAINT "all_c0_key"');
    const bad = row('a', ['x', 'not a number', ...empty.slice(2)]);
    const unstorable = await failureOf(own.load('1-1', [bad]));
    expect(unstorable.diagnostic.code).to.equal('ETL0761');
    expect(unstorable.diagnostic.summary).to.include('line 1, column c1: "not a number"');
  });

  it('names what the server says', () => {
    const expected = {
      '53100': 'ETL0756',
      '58030': 'ETL0756',
      XX001: 'ETL0756',
      '25006': 'ETL0753',
      '42501': 'ETL0753',
      '53300': 'ETL0757 transient',
      '53200': 'ETL0757 transient',
      '55P03': 'ETL0758 transient',
      '40P01': 'ETL0758 transient',
      '40001': 'ETL0758 transient',
      '57014': 'ETL0759 transient',
      '57P01': 'ETL0750 transient',
      '57P03': 'ETL0750 transient',
      '28P01': 'ETL0751',
      DEPTH_ZERO_SELF_SIGNED_CERT: 'ETL0752',
      '42P01': 'unexplained',
    };
    const found = Object.keys(expected).map((code) => {
      const said = explained(Object.assign(new Error('it said so'), { code }), 'the warehouse w');
      if (!(said instanceof ExplainedError)) return [code, 'unexplained'];
      return [code, `${said.diagnostic.code}${said instanceof TransientError ? ' transient' : ''}`];
    });
    expect(Object.fromEntries(found)).to.deep.equal(expected);
  });
});

/** Waits until the query has a row. */
async function queryUntil(url: string, sql: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await queryPostgres(url, sql)).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing to be seen of ${sql}`);
}
