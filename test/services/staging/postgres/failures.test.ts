import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { ExplainedError, TransientError } from '../../../../engine/model/errors.ts';
import { explained } from '../../../../engine/services/staging/postgres/postgres-failures.ts';
import { openPostgresStaging } from '../../../../engine/services/staging/postgres/postgres-staging.ts';
import { stillClock } from '../../../contracts/staging-samples.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../../../support/postgres.ts';

async function failureOf(work: Promise<unknown>): Promise<ExplainedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(ExplainedError);
  return error as ExplainedError;
}

describe('a PostgreSQL server that cannot be used', () => {
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
  });

  const open = (over: { url?: string; schema?: string; environment?: string; waits?: number[] } = {}) =>
    openPostgresStaging({
      url: over.url ?? url,
      schema: over.schema ?? ownSchema(url),
      environment: over.environment ?? 'dev',
      clock: { ...stillClock, sleep: async (ms) => void over.waits?.push(ms) },
      lockTimeoutMs: 50,
    });

  const changed = (change: (url: URL) => void): string => {
    const other = new URL(url);
    other.password = 'hunter2';
    change(other);
    return other.href;
  };

  it('is not waited for at the start', async () => {
    const waits: number[] = [];
    const staging = open({ url: changed((other) => (other.port = '1')), waits });
    const error = await failureOf(staging.exists());
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0620');
    expect(waits).to.deep.equal([]);
    await staging.close();
  });

  it('says that it does not know the user, or the database, and never the password', async () => {
    const wrong = [
      changed((other) => (other.username = 'nobody_of_this_name')),
      changed((other) => (other.pathname = '/no_such_database')),
    ];
    for (const one of wrong) {
      const staging = open({ url: one });
      const error = await failureOf(staging.migrate());
      expect(error.diagnostic.code).to.equal('ETL0621');
      expect(error.diagnostic.summary).to.match(/(?:nobody_of_this_name|no_such_database)" does not exist/);
      expect(JSON.stringify(error.diagnostic) + error.stack).to.not.include('hunter2');
      await staging.close();
    }
  });

  it('says that its user may not make a schema', async () => {
    const role = `sluice_test_${randomUUID().slice(0, 8)}`;
    await queryPostgres(url, `CREATE ROLE ${role} LOGIN`);
    const staging = open({ url: changed((other) => (other.username = role)) });
    const error = await failureOf(staging.migrate());
    await staging.close();
    await queryPostgres(url, `DROP ROLE ${role}`);
    expect(error.diagnostic.code).to.equal('ETL0605');
    expect(error.diagnostic.help.join()).to.include('GRANT');
  });

  it('says that another process writes, and works once it is done', async () => {
    const schema = ownSchema(url);
    const staging = open({ schema });
    await staging.migrate();
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query(`SELECT pg_advisory_lock(hashtextextended('staging ${schema}', 0))`);
    const error = await failureOf(staging.reservePages(1));
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0601');
    await other.end();
    expect(await staging.reservePages(1)).to.equal(1);
    await staging.close();
  });

  it('keeps environments apart by their schemas', async () => {
    const schema = ownSchema(url);
    const dev = open({ schema });
    await dev.memory.remember('a', '1');
    const production = open({ schema, environment: 'production' });
    const error = await failureOf(production.migrate());
    expect(error.diagnostic.code).to.equal('ETL0607');
    expect(error.diagnostic.help.join()).to.include('environments.production.staging.schema');
    const own = open({ environment: 'production' });
    await own.migrate();
    expect(await own.memory.recall('a')).to.equal(undefined);
    await Promise.all([dev.close(), production.close(), own.close()]);
  });

  it('makes nothing when it is only asked whether there is something', async () => {
    const schema = ownSchema(url);
    const staging = open({ schema });
    expect(await staging.exists()).to.equal(false);
    const sql = `SELECT count(*)::int AS n FROM pg_namespace WHERE nspname = '${schema}'`;
    expect(await queryPostgres(url, sql)).to.deep.equal([{ n: 0 }]);
    await staging.migrate();
    expect(await staging.exists()).to.equal(true);
    await staging.close();
  });
});

describe('what PostgreSQL says', () => {
  const codeOf = (error: unknown): string => {
    const found = explained(error, 'db');
    if (!(found instanceof ExplainedError)) return 'unexplained';
    return `${found.diagnostic.code}${found instanceof TransientError ? ' transient' : ''}`;
  };
  const said = (code: string, message = 'it said so') => ({
    parent: Object.assign(new Error(message), { code }),
  });

  it('is explained once, and nothing else', () => {
    const expected = {
      '55P03': 'ETL0601 transient',
      '53100': 'ETL0602',
      XX001: 'ETL0604',
      '25006': 'ETL0605',
      '42501': 'ETL0605',
      '58030': 'ETL0606',
      '57P01': 'ETL0620 transient',
      '57P03': 'ETL0620 transient',
      '08006': 'ETL0620 transient',
      ECONNRESET: 'ETL0620 transient',
      ENOTFOUND: 'ETL0620 transient',
      '28P01': 'ETL0621',
      '28000': 'ETL0621',
      '3D000': 'ETL0621',
      DEPTH_ZERO_SELF_SIGNED_CERT: 'ETL0622',
      ERR_TLS_CERT_ALTNAME_INVALID: 'ETL0622',
      '53300': 'ETL0623 transient',
      '53200': 'ETL0623 transient',
      '57014': 'ETL0623 transient',
      '23505': 'unexplained',
      '42P01': 'unexplained',
    };
    const found = Object.keys(expected).map((code) => [code, codeOf(said(code))]);
    expect(Object.fromEntries(found)).to.deep.equal(expected);
    expect(codeOf(new Error('Connection terminated unexpectedly'))).to.equal('ETL0620 transient');
    expect(codeOf(new Error('The server does not support SSL connections'))).to.equal('ETL0622');
    const bug = new Error('Assertion failed: a bug');
    expect(explained(bug, 'db')).to.equal(bug);
  });
});
