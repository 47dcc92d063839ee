import { expect } from 'chai';
import { TransientError } from '../../../../engine/model/errors.ts';
import type { Clock } from '../../../../engine/model/ports.ts';
import { openPostgresStaging } from '../../../../engine/services/staging/postgres/postgres-staging.ts';
import type { OpenStaging } from '../../../../engine/services/staging/staging.ts';
import {
  checkPlan,
  collect,
  commitAll,
  mappingPlan,
  stagedPage,
  stillClock,
  streamPlan,
} from '../../../contracts/staging-samples.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../../../support/postgres.ts';
import { type TcpProxy, tcpProxy } from '../../../support/tcp-proxy.ts';

const mapping = mappingPlan({ id: 'string' });
const page = (id: number, rows = 3) => ({
  id,
  rows: Array.from({ length: rows }, (_, at) => ({ values: [`${id}-${at}`] })),
});

describe('a PostgreSQL server that goes away', function () {
  this.timeout(60_000);
  let url: string;
  let schema: string;
  let proxy: TcpProxy;
  let staging: OpenStaging;
  /** What happens while the engine waits for the server. */
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
    const through = new URL(url);
    proxy = await tcpProxy(Number(through.port || 5432));
    through.hostname = '127.0.0.1';
    through.port = String(proxy.port);
    schema = ownSchema(url);
    waits = [];
    meanwhile = async () => {};
    staging = openPostgresStaging({ url: through.href, schema, environment: 'dev', clock });
    await staging.migrate();
    await staging.prepare(mapping);
  });

  afterEach(async () => {
    await staging.close();
    await proxy.close();
  });

  const count = async (table: string): Promise<number> => {
    const [found] = await queryPostgres<{ n: number }>(
      url,
      `SELECT count(*)::int AS n FROM "${schema}".${table}`,
    );
    return found?.n ?? -1;
  };

  const expectOnce = async (pages: number): Promise<void> => {
    expect(await count('pages')).to.equal(pages);
    expect(await count('stg_orders')).to.equal(3 * pages);
    expect(await staging.position(streamPlan())).to.deep.equal({ cursor: `cursor of ${pages}` });
  };

  it('is waited for when it comes back: what was interrupted is done then, once', async () => {
    await commitAll(staging, [page(1)]);
    await proxy.cut();
    meanwhile = async () => {
      if (waits.length === 3) await proxy.mend();
    };
    await commitAll(staging, [page(2)]);
    // The pool may hand out a refusal that came late.
    expect(waits.slice(0, 4)).to.deep.equal([100, 200, 400, 800].slice(0, waits.length));
    expect(waits.length).to.be.within(3, 6);
    await expectOnce(2);
  });

  for (const sent of ['INSERT INTO pages', 'COPY', 'INSERT INTO page_rows', 'pg_advisory_xact_lock']) {
    it(`takes back a transaction that was cut at ${sent}, and does it again`, async () => {
      await commitAll(staging, [page(1)]);
      proxy.cutAfter(sent);
      await commitAll(staging, [page(2)]);
      expect(waits).to.deep.equal([100]);
      await expectOnce(2);
    });
  }

  it('is asked whether a commit was done of which the answer was lost', async () => {
    proxy.cutAfter('COMMIT');
    await commitAll(staging, [page(1)]);
    await expectOnce(1);
    proxy.cutAfter('COMMIT');
    expect(await staging.memory.swap('token', undefined, 'new')).to.equal(true);
    expect(await staging.memory.recall('token')).to.equal('new');
    proxy.cutAfter('COMMIT');
    const first = await staging.reservePages(5);
    expect(await staging.reservePages(1)).to.equal(first + 5);
    expect(waits).to.deep.equal([100, 100, 100]);
  });

  it('is read from again, also what a check had found out on the connection before', async () => {
    await commitAll(staging, [page(1), { ...page(2), rows: [{ values: [null], record: '1-0' }] }]);
    const check = () => staging.check(mapping, checkPlan({ kind: 'not_null', column: 'id' }), 0);
    const before = await check();
    expect(before.found).to.equal('1 of 3 rows, first: 1-0');
    proxy.cutAfter('pg_current_snapshot');
    expect(await check()).to.deep.equal(before);
    await queryPostgres(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etl' AND query LIKE '%${schema}%'`,
    );
    proxy.cutAfter('FROM pages');
    expect((await collect(staging.pages(streamPlan()))).map(({ id }) => id)).to.deep.equal([1, 2]);
  });

  it('is given up after a minute, with a clear word; nothing is lost, and it goes on when the server is back', async () => {
    await commitAll(staging, [page(1)]);
    await proxy.cut();
    const error = await staging
      .commit(streamPlan(), [stagedPage(page(2))])
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TransientError);
    const { diagnostic } = error as TransientError;
    expect(diagnostic.code).to.equal('ETL0620');
    expect(diagnostic.summary).to.include(`(schema ${schema}) cannot be reached: connect ECONNREFUSED`);
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    expect(total).to.be.within(50_000, 60_000);
    // Whatever a run asks next does not wait for another minute.
    const before = waits.length;
    await staging.reservePages(1).catch(() => {});
    expect(waits.slice(before)).to.deep.equal([100, 200, 400]);
    await proxy.mend();
    await commitAll(staging, [page(2)]);
    await expectOnce(2);
  });
});
