import { expect } from 'chai';
import { type Api, api, etl, json, ordersProject, start, tableOf } from '../support/cli.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../support/postgres.ts';

const orders = Array.from({ length: 20 }, (_, at) => ({
  id: `o${at}`,
  total: at === 7 ? 'twelve' : `${at}.50`,
  at: new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString(),
}));

const stream = `    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

/** Serves the orders, three a page; a page can be held back. */
const shop = (hold?: (page: number) => Promise<unknown>): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('after') ?? 0);
    const since = query.get('since');
    const matching = orders.filter(({ at }) => since === null || Date.parse(at) >= Date.parse(since));
    const next = from + 3 < matching.length ? String(from + 3) : null;
    const answer = () => json(response, { orders: matching.slice(from, from + 3), next });
    void Promise.resolve(hold?.(from / 3 + 1)).then(answer);
  });

describe('a run with staging on PostgreSQL', function () {
  this.timeout(120_000);
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
  });

  const projectOf = (provider: Api, schema: string): string =>
    ordersProject(provider.url, {
      stream,
      environment: `staging: {dialect: postgres, url: "\${env:STAGING_URL}", schema: ${schema}}`,
    });
  const env = () => ({ STAGING_URL: url });
  const countIn = async (schema: string, table: string): Promise<number> => {
    const [found] = await queryPostgres<{ n: number }>(
      url,
      `SELECT count(*)::int AS n FROM "${schema}".${table}`,
    );
    return found?.n ?? -1;
  };

  const expectLoaded = async (folder: string): Promise<void> => {
    process.env['STAGING_URL'] = url;
    const rows = await tableOf(folder, 'orders').finally(() => delete process.env['STAGING_URL']);
    const expected = orders.filter(({ total }) => total !== 'twelve').map(({ id, total }) => [id, total]);
    expect(rows.map(({ id, total }) => [id, total]).sort()).to.deep.equal(expected.sort());
  };

  it('plans, runs, goes on from its position, and shows what was kept aside', async () => {
    const provider = await shop();
    const schema = ownSchema(url);
    const folder = projectOf(provider, schema);
    const planned = await etl(['plan', '-p', folder], env());
    expect(planned.stdout).to.include('postgres → duckdb');
    const first = await etl(['run', '--json', '-p', folder], env());
    expect(first.code, first.stderr).to.equal(0);
    await expectLoaded(folder);
    expect(await countIn(schema, 'pages')).to.equal(7);
    expect(await countIn(schema, 'stg_orders')).to.equal(19);
    const preview = await etl(['preview', 'orders', '--blocked', '-p', folder], env());
    expect(preview.stdout).to.include('twelve');
    const second = JSON.parse((await etl(['run', '--json', '-p', folder], env())).stdout);
    await provider.close();
    expect(second.result.streams[0].received).to.equal(2);
    expect(second.result.tables[0]).to.include({ inserted: 0, unchanged: 2 });
    const audited = JSON.parse((await etl(['audit', '--json', '-p', folder], env())).stdout);
    expect(audited).to.deep.include({ exitCode: 0, diagnostics: [] });
    expect(audited.result).to.include({ status: 'accounted', accounted_percent: 100 });
    await queryPostgres(url, `DELETE FROM "${schema}".stg_orders WHERE id = 'o3'`);
    expect((await etl(['audit', '-p', folder], env())).code).to.equal(5);
  });

  it('resumes at the next page when it was killed', async () => {
    let killed = (): void => {};
    const reached = new Promise<void>((resolve) => {
      killed = resolve;
    });
    let isHeld = true;
    const provider = await shop(async (page) => {
      if (page !== 6 || !isHeld) return;
      killed();
      await new Promise(() => {});
    });
    const schema = ownSchema(url);
    const folder = projectOf(provider, schema);
    const running = start(['run', '-p', folder], env());
    await reached;
    running.child.kill('SIGKILL');
    await running.finished;
    isHeld = false;
    const kept = await countIn(schema, 'pages');
    provider.asked.length = 0;
    const again = await etl(['run', '-p', folder], env());
    await provider.close();
    expect(again.code, again.stderr).to.equal(0);
    expect(provider.asked).to.have.length(7 - kept);
    await expectLoaded(folder);
  });

  it('says that the server is not there, that the URL is no URL, or that there is none, without the password', async () => {
    const provider = await shop();
    const folder = projectOf(provider, ownSchema(url));
    await provider.close();
    const cases = [
      ['postgres://etl:hunter2@127.0.0.1:1/staging', 'ETL0620', '127.0.0.1:1/staging'],
      ['postgres://etl:hunter2%@db/staging', 'ETL0624', '%25'],
    ] as const;
    for (const [wrong, code, words] of cases) {
      const { code: exit, stdout, stderr } = await etl(['run', '-p', folder], { STAGING_URL: wrong });
      expect(exit).to.equal(1);
      expect(stderr).to.include(code).and.to.include(words);
      expect(stdout + stderr).to.not.include('hunter2');
    }
    const missing = await etl(['run', '-p', folder]);
    expect(missing.stderr).to.include('STAGING_URL');
  });
});
