import { expect } from 'chai';
import { ExplainedError, TransientError } from '../../../engine/model/errors.ts';
import type { LoadCounts } from '../../../engine/model/ports.ts';
import { type Bench, bench, define, row } from './bench.ts';

const first = [row('a', ['x'], 1, 'h1'), row('b', [null], 1, 'h2')];
const all = { staged: 2, inserted: 2, updated: 0, unchanged: 0 };

/** What a failure is called, and what it says. */
async function failureOf(work: Promise<unknown>): Promise<ExplainedError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ExplainedError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

/** Rows of the target, and loads that the warehouse knows. */
async function held({ warehouse }: Bench): Promise<readonly [rows: number, loads: number]> {
  const { total } = await warehouse.sample('sales', 'all', 10);
  return [total, (await warehouse.loadedUnits('dev', 0, 10)).length];
}

/** The same unit in another run: what is there already is recognised, what is not is loaded. */
const again = (one: Bench): Promise<LoadCounts> => one.run('1-1', first, { run: 'r2' });

describe('the Snowflake warehouse, when something fails', function () {
  this.timeout(120_000);

  it('sends a statement again after 503, under the same request', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({ kind: '503', on: /^MERGE INTO "SALES"/, times: 3 });
    expect(await one.run('1-1', first)).to.include(all);
    expect(await held(one)).to.deep.equal([2, 1]);
  });

  it('performs a merge once whose answer was lost with the socket', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({ kind: 'drop after', on: /^MERGE INTO "SALES"/ });
    expect(await one.run('1-1', first)).to.include(all);
    expect(await held(one)).to.deep.equal([2, 1]);
  });

  for (const kind of ['390114', '390104'] as const) {
    for (const [name, on] of [
      ['a merge', /^MERGE INTO "SALES"/],
      ['the commit', /^COMMIT/],
      ['an upload', /^PUT/],
    ] as const) {
      it(`begins the unit again in a new session when ${name} meets ${kind}`, async () => {
        const one = await bench();
        await define(one);
        one.standIn.fault({ kind, on });
        expect(await one.run('1-1', first)).to.include(all);
        expect(await held(one)).to.deep.equal([2, 1]);
      });
    }
  }

  it('renews a token that expires in mid-load', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({ kind: '390112', on: /^MERGE INTO "SALES"/ });
    expect(await one.run('1-1', first)).to.include(all);
    expect(one.standIn.sessions.opened).to.equal(1);
  });

  it('gives up, resumable, when session after session is lost', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({ kind: '390114', on: /^MERGE INTO "SALES"/, times: 3 });
    const failure = await failureOf(one.run('1-1', first));
    expect(failure).to.be.instanceOf(TransientError);
    expect(failure.diagnostic.code).to.equal('ETL0739');
    expect(await held(one)).to.deep.equal([0, 0]);
    expect(await again(one)).to.include(all);
  });

  it('names rows of one key that a merge refuses, and rolls back', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({
      kind: 'error',
      on: /^MERGE INTO "SALES"/,
      code: '100090',
      sqlState: '42P18',
      message: 'Duplicate row detected during DML action\nRow Values: ["default", "a"]',
    });
    const { diagnostic } = await failureOf(one.run('1-1', first));
    expect(diagnostic.code).to.equal('ETL0735');
    expect(diagnostic.summary).to.match(/Duplicate row detected.*\(Snowflake 100090, query [0-9a-f-]+\)/);
    expect(diagnostic.help[0]).to.equal('It was loading pages 1 to 1 of all into sales.all.');
    expect(await held(one)).to.deep.equal([0, 0]);
    expect(await again(one)).to.include(all);
  });

  it('cancels the running statement at the server when asked to stop', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({ kind: 'hang', on: /^MERGE INTO "SALES"/ });
    const stop = new AbortController();
    const loading = failureOf(one.run('1-1', first, { signal: stop.signal }));
    while (one.standIn.sent(/^MERGE INTO "SALES"/).length === 0)
      await new Promise((next) => setTimeout(next, 20));
    stop.abort(new Error('stopped by SIGINT'));
    expect((await loading).diagnostic.code).to.equal('ETL0740');
    expect(await held(one)).to.deep.equal([0, 0]);
    expect(await again(one)).to.include(all);
  });

  it('names a statement that took too long', async () => {
    const one = await bench({ settings: { statementTimeout: '1s' } });
    await define(one);
    one.standIn.fault({ kind: 'hang', on: /^MERGE INTO "SALES"/ });
    const failure = await failureOf(one.run('1-1', first));
    expect(failure).to.be.instanceOf(TransientError);
    expect(failure.diagnostic.code).to.equal('ETL0737');
    expect(await again(one)).to.include(all);
  });

  it('names a login that is refused, asks once, and never says the password', async () => {
    const secret = 'not the password';
    process.env['TEST_SNOWFLAKE_WRONG'] = secret;
    const one = await bench({ settings: { password: '${env:TEST_SNOWFLAKE_WRONG}' } });
    const { diagnostic } = await failureOf(define(one));
    expect(diagnostic.code).to.equal('ETL0730');
    expect(JSON.stringify(diagnostic)).not.to.contain(secret);
    expect(one.standIn.sessions.refused).to.equal(1);
  });

  it('names a grant that is missing', async () => {
    const one = await bench();
    await define(one);
    one.standIn.revoke('LOADER', 'everything');
    for (const given of [
      'USAGE ON WAREHOUSE LOAD_WH',
      'USAGE ON DATABASE ANALYTICS',
      'USAGE ON SCHEMA ANALYTICS.PUBLIC',
    ])
      one.standIn.grant('LOADER', given);
    const { diagnostic } = await failureOf(one.run('1-1', first));
    expect(diagnostic.code).to.equal('ETL0732');
    one.standIn.grant('LOADER', 'CREATE STAGE ON SCHEMA ANALYTICS.PUBLIC');
    one.standIn.grant('LOADER', 'CREATE TABLE ON SCHEMA ANALYTICS.PUBLIC');
    expect(await again(one)).to.include(all);
  });

  it('needs no grant to make a schema that is there', async () => {
    const one = await bench({}, { schemas: ['ANALYTICS.PUBLIC', 'ANALYTICS.SALES'] });
    one.standIn.revoke('LOADER', 'everything');
    for (const given of [
      'USAGE ON WAREHOUSE LOAD_WH',
      'USAGE ON DATABASE ANALYTICS',
      'USAGE ON SCHEMA ANALYTICS.PUBLIC',
      'CREATE TABLE ON SCHEMA ANALYTICS.PUBLIC',
      'CREATE STAGE ON SCHEMA ANALYTICS.PUBLIC',
      'USAGE ON SCHEMA ANALYTICS.SALES',
      'CREATE TABLE ON SCHEMA ANALYTICS.SALES',
    ])
      one.standIn.grant('LOADER', given);
    await define(one);
    expect(await one.run('1-1', first)).to.include(all);
  });

  it('names a table that is gone', async () => {
    const one = await bench();
    await define(one);
    await one.warehouse.define(['DROP TABLE "SALES"."ALL"']);
    const { diagnostic } = await failureOf(one.run('1-1', first));
    expect(diagnostic.code).to.equal('ETL0733');
    expect(diagnostic.summary).to.contain('ALL');
  });

  it('names a warehouse that is lacking', async () => {
    const one = await bench({ settings: { warehouse: 'OTHER_WH' } });
    const { diagnostic } = await failureOf(define(one).then(() => one.run('1-1', first)));
    expect(diagnostic.code).to.equal('ETL0734');
  });

  it('names a value that does not fit, with its file', async () => {
    const one = await bench({ types: ['integer'] });
    await define(one);
    const { diagnostic } = await failureOf(one.run('1-1', [row('a', ['many'], 1, 'h1')]));
    expect(diagnostic.code).to.equal('ETL0736');
    expect(diagnostic.summary).to.contain("'many'");
    expect(await held(one)).to.deep.equal([0, 0]);
  });

  it('names file, line and column where Snowflake does', async () => {
    const one = await bench();
    await define(one);
    one.standIn.fault({
      kind: 'error',
      on: /^(?:--[^\n]*\n)*COPY INTO/,
      code: '100038',
      sqlState: '22018',
      message:
        'Numeric value \'many\' is not recognized\n  File \'dev/r1/unit/part-00002.csv.gz\', line 3, character 14\n  Row 3, column "_ETL_FILE"["C0":3]\n  If you would like to continue loading when an error is encountered, use other values.',
    });
    const { diagnostic } = await failureOf(one.run('1-1', first));
    expect(diagnostic.code).to.equal('ETL0736');
    expect(diagnostic.summary).to.match(
      /^Snowflake could not store a value: Numeric value 'many' is not recognized, file part-00002\.csv\.gz, line 3, character 14, column C0 \(Snowflake 100038, query /,
    );
    expect(await again(one)).to.include(all);
  });

  it('names an upload that is cut, and uploads again', async () => {
    const one = await bench({}, { uploads: 'GCS' });
    await define(one);
    one.standIn.uploadFault('cut', 20);
    const failure = await failureOf(one.run('1-1', first));
    expect(failure).to.be.instanceOf(TransientError);
    expect(failure.diagnostic.code).to.equal('ETL0741');
    expect(await held(one)).to.deep.equal([0, 0]);
    one.standIn.clearFaults();
    expect(await again(one)).to.include(all);
    expect(one.standIn.uploads.length).to.be.greaterThan(0);
  });

  it('names a host that does not answer', async () => {
    const one = await bench({ settings: { host: 'http://127.0.0.1:9' } });
    const failure = await failureOf(define(one));
    expect(failure).to.be.instanceOf(TransientError);
    expect(failure.diagnostic.code).to.equal('ETL0738');
  });

  it('speaks in clear text with this machine alone', async () => {
    const one = await bench({ settings: { host: 'http://snowflake.example' } });
    expect((await failureOf(define(one))).diagnostic.code).to.equal('ETL0731');
  });
});
