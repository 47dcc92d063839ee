import { expect } from 'chai';
import { api, etl, json, projectFolder, tableOf } from '../support/cli.ts';

const mapping = (stream: string): string => `kind: mapping
name: ${stream}
from: shop.${stream}
load: {key: [id]}
properties:
  id: {from: id, type: string}
`;

const projectOf = (url: string, streams: string, mapped: readonly string[], more = ''): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: branches\nenvironments: {dev: {}}\n',
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: ${url}\nattempts: 1\n${more}streams:\n${streams}`,
    ...Object.fromEntries(mapped.map((name) => [`mappings/${name}.yml`, mapping(name)])),
  });

const report = `  report:
    job:
      create: {method: POST, path: /reports, body: {since: "{cursor.from}"}, take: {report: id}}
      poll:
        path: "/reports/{job.report}"
        status: state
        done: [done]
        failed: [failed]
        empty: [cancelled]
        every: 5ms
        within: 10ms
        take: {file: file}
    request: {path: "/files/{job.file}"}
    primaryKey: [id]
    cursor: {field: at, start: 2026-01-01T00:00:00Z}
`;

/** An API whose reports are in the state that the test says. */
async function reports() {
  const asked: string[] = [];
  const states: Record<string, string> = {};
  const shop = await api((request, response) => {
    const url = request.url ?? '';
    asked.push(`${request.method} ${url}`);
    if (request.method === 'POST') {
      const id = `r${Object.keys(states).length + 1}`;
      states[id] = 'running';
      return json(response, { id });
    }
    const id = url.split('/').at(-1) ?? '';
    if (url.startsWith('/reports/')) return json(response, { state: states[id], file: id });
    json(response, [{ id: `record of ${id}`, at: '2026-02-01T00:00:00Z' }]);
  });
  return { shop, asked, states };
}

const run = (folder: string) => etl(['run', '--json', '-p', folder]);

describe('a job of an API', function () {
  this.timeout(60_000);

  it('that is not done is asked for again by the next run, and not created twice', async () => {
    const { shop, asked, states } = await reports();
    const folder = projectOf(shop.url, report, ['report']);
    const first = await run(folder);
    expect(first.code).to.equal(1);
    expect(first.stdout).to.contain('ETL0429');
    states['r1'] = 'done';
    const second = await run(folder);
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(asked.filter((one) => one.startsWith('POST'))).to.have.length(1);
    expect(asked.at(-1)).to.equal('GET /files/r1');
    expect(await tableOf(folder, 'report')).to.deep.equal([{ id: 'record of r1' }]);
  });

  it('that has failed is named, and the next run creates another one', async () => {
    const { shop, states } = await reports();
    const folder = projectOf(shop.url, report, ['report']);
    await run(folder);
    states['r1'] = 'failed';
    const waiting = run(folder);
    // Behind the failed one comes another, which is not done either.
    const second = await waiting;
    expect(second.stdout).to.contain('ETL0429');
    expect(Object.keys(states)).to.deep.equal(['r1', 'r2']);
    states['r2'] = 'done';
    const third = await run(folder);
    await shop.close();
    expect(third.code, third.stdout).to.equal(0);
    expect(await tableOf(folder, 'report')).to.deep.equal([{ id: 'record of r2' }]);
  });

  it('that had nothing to give leaves no records, and no failure', async () => {
    const { shop, asked, states } = await reports();
    const folder = projectOf(shop.url, report, ['report']);
    await run(folder);
    states['r1'] = 'cancelled';
    const second = await run(folder);
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(asked.some((one) => one.includes('/files/'))).to.equal(false);
  });

  it('that says less than its next step needs is named with the path', async () => {
    const shop = await api((_, response) => json(response, { name: 'r1' }));
    const folder = projectOf(shop.url, report, ['report']);
    const { code, stdout } = await run(folder);
    await shop.close();
    expect(code).to.equal(1);
    expect(stdout).to.contain('ETL0430').and.to.contain('`job.create`').and.to.contain('`id`');
  });

  it('whose result is elsewhere is fetched there only where that is allowed, and without credentials', async () => {
    const seen: (string | undefined)[] = [];
    let broken = true;
    const store = await api((request, response) => {
      seen.push(request.headers.authorization);
      if (broken) return void response.end('no JSON');
      json(response, [{ id: 'x', at: '2026-02-01T00:00:00Z' }]);
    });
    const shop = await api((request, response) =>
      json(
        response,
        request.method === 'POST'
          ? { id: 'r1' }
          : { state: 'done', file: `${store.url}/bucket/file?X-Signature=secret-signature` },
      ),
    );
    const elsewhere = report.replace('/files/{job.file}', '{job.file}');
    const auth = 'auth: {type: bearer, token: "${env:SHOP_TOKEN}"}\n';
    const refused = projectOf(shop.url, elsewhere, ['report'], auth);
    const env = { SHOP_TOKEN: 'the-token' };
    const first = await etl(['run', '--json', '-p', refused], env);
    expect(first.code).to.equal(1);
    expect(first.stdout).to.contain('ETL0407');
    expect(seen).to.deep.equal([]);
    const allowed = projectOf(shop.url, elsewhere, ['report'], `${auth}allowedOrigins: ["${store.url}"]\n`);
    const unread = await etl(['run', '--json', '-p', allowed], env);
    expect(unread.stdout).to.contain('/bucket/file').and.not.to.contain('secret-signature');
    broken = false;
    const second = await etl(['run', '--json', '-p', allowed], env);
    await Promise.all([shop.close(), store.close()]);
    expect(second.code, second.stdout).to.equal(0);
    expect(seen).to.deep.equal([undefined, undefined]);
  });
});

describe('a stream that is read for each record of another one', function () {
  this.timeout(60_000);

  const streams = `  orders:
    request: {path: /orders}
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    records: orders
  lines:
    request: {path: "/orders/{parent.id}/lines"}
    parent: {stream: orders, parallel: 3}
    records: lines
    primaryKey: [_parent.id, id]
`;

  const ordersAfter = ({ searchParams }: URL): object => {
    const after = Number(searchParams.get('after') ?? 0);
    return {
      orders: [1, 2, 3, 4].map((at) => ({ id: `o${after + at}` })),
      next: after === 0 ? '4' : null,
    };
  };

  it('goes on after a failure with the parents that are left, and asks for no other again', async () => {
    const asked: string[] = [];
    let broken = true;
    const shop = await api((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname === '/orders') return json(response, ordersAfter(url));
      asked.push(url.pathname);
      if (broken && url.pathname === '/orders/o6/lines') return json(response, { error: 'broken' }, 422);
      // Every order has a line of the same name.
      json(response, { lines: [{ id: 'l1' }] });
    });
    const folder = projectOf(shop.url, streams, ['orders', 'lines']);
    const first = await run(folder);
    expect(first.code).to.equal(1);
    expect(first.stdout).to.contain('/orders/o6/lines');
    broken = false;
    asked.length = 0;
    const second = await etl(['run', '--json', '-p', folder, '--select', 'shop.lines']);
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(asked.sort()).to.deep.equal(['o6', 'o7', 'o8'].map((id) => `/orders/${id}/lines`));
    const staged = JSON.parse((await etl(['audit', '--json', '-p', folder])).stdout);
    expect(JSON.stringify(staged.result)).to.contain('"lines"');
  });

  it('is read whole although no mapping reads its parent, and cannot be recorded', async () => {
    const shop = await api((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      json(
        response,
        url.pathname === '/orders' ? ordersAfter(url) : { lines: [{ id: `l ${url.pathname}` }] },
      );
    });
    const folder = projectOf(shop.url, streams, ['lines']);
    const { code, stdout, stderr } = await run(folder);
    const recorded = await etl(['record', 'shop.lines', '-p', folder]);
    await shop.close();
    expect(code, stdout + stderr).to.equal(0);
    expect(stdout).to.not.contain('ETL0220');
    expect(await tableOf(folder, 'lines')).to.have.length(8);
    expect(recorded.code).to.equal(4);
    expect(recorded.stdout + recorded.stderr).to.contain('ETL0991');
  });

  it('names a parent that has nothing to be asked for with', async () => {
    const shop = await api((_, response) => json(response, { orders: [{ id: 'o1' }] }));
    const folder = projectOf(shop.url, streams.replace('{parent.id}', '{parent.code}'), ['orders', 'lines']);
    const { code, stdout } = await run(folder);
    await shop.close();
    expect(code).to.equal(1);
    expect(stdout).to.contain('ETL0514').and.to.contain('`code`');
  });
});
