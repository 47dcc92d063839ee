import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

type Order = Readonly<Record<string, unknown>>;

const stream = `    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

/** An API over a list that a test may change; two records a page, in the order of the list. */
const shop = (orders: readonly Order[], between?: (page: number) => void): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('after') ?? 0);
    const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
    between?.(from / 2 + 1);
    const matching = orders.filter((one) => Date.parse(String(one['at'])) >= since);
    json(response, {
      orders: matching.slice(from, from + 2),
      next: from + 2 < matching.length ? String(from + 2) : null,
    });
  });

const edit = (path: string, from: string | RegExp, to: string): void =>
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));

const old = (minute: number): string => new Date(Date.UTC(2020, 0, 1, 0, minute)).toISOString();
const fiveOrders = (): Order[] =>
  Array.from({ length: 5 }, (_, at) => ({ id: `o${at}`, total: at, at: old(at) }));

async function run(folder: string): Promise<{
  code: number | null;
  stderr: string;
  result: { tables: Record<string, unknown>[]; streams: Record<string, unknown>[] };
}> {
  const { code, stdout } = await etl(['run', '--json', '-p', folder]);
  const { result, diagnostics } = JSON.parse(stdout);
  return { code, result, stderr: JSON.stringify(diagnostics) };
}

describe('a project that changes', function () {
  this.timeout(60_000);

  it('fills a renamed and a retyped column for every row', async () => {
    const provider = await shop(fiveOrders());
    const folder = ordersProject(provider.url, { stream });
    await run(folder);
    edit(
      join(folder, 'mappings/orders.yml'),
      'total: {from: total, type: "decimal(18,2)"}',
      'amount: {from: total, type: integer}',
    );
    expect((await run(folder)).result.tables[0]).to.include({ updated: 5 });
    await provider.close();
    expect((await tableOf(folder, 'orders')).map((row) => row['amount'])).to.deep.equal([
      '0',
      '1',
      '2',
      '3',
      '4',
    ]);
  });

  it('loads everything again into a warehouse that was lost, without asking for it again', async () => {
    const provider = await shop(fiveOrders());
    const folder = ordersProject(provider.url, { stream });
    await run(folder);
    rmSync(join(folder, '.etl/warehouse.duckdb'));
    const { stdout } = await etl(['plan', '-p', folder]);
    expect(stdout).to.contain('reload orders: all that is staged goes to main.orders again');
    const asked = provider.asked.length;
    expect((await run(folder)).result.tables[0]).to.include({ inserted: 5 });
    await provider.close();
    expect(provider.asked.length - asked).to.equal(1);
    expect(await tableOf(folder, 'orders')).to.have.length(5);
  });

  it('reads a stream anew when what it asks for has changed, and says so', async () => {
    const provider = await shop(fiveOrders());
    const folder = ordersProject(provider.url, { stream });
    await run(folder);
    edit(join(folder, 'sources/shop.yml'), 'path: /orders', 'path: /orders, query: {status: any}');
    expect((await etl(['plan', '-p', folder])).stdout).to.contain('it is read anew');
    expect((await run(folder)).result.streams[0]).to.include({ received: 5 });
    await provider.close();
  });

  it('gets out of kept pages that have another shape', async () => {
    let envelope = 'orders';
    const provider = await api((_, response) => json(response, { [envelope]: fiveOrders() }));
    const folder = ordersProject(provider.url, { stream: '    paginate: {type: none}' });
    await run(folder);
    envelope = 'data';
    edit(join(folder, 'sources/shop.yml'), 'records: orders', 'records: data');
    const second = await run(folder);
    await provider.close();
    expect(second.code).to.equal(0);
    expect(second.stderr).to.contain('ETL0418');
    expect(await tableOf(folder, 'orders')).to.have.length(5);
  });

  it('counts and names the rows that a changed mapping keeps aside', async () => {
    const provider = await shop(fiveOrders().map((order) => ({ ...order, total: '1,5', note: 'x' })));
    const folder = ordersProject(provider.url, { stream, properties: '  note: {from: note, type: string}' });
    edit(join(folder, 'mappings/orders.yml'), 'type: "decimal(18,2)"', 'type: string');
    await run(folder);
    edit(
      join(folder, 'mappings/orders.yml'),
      'note: {from: note, type: string}',
      'note: {from: note, type: integer}',
    );
    rmSync(join(folder, '.etl/warehouse.duckdb'));
    const { result } = await run(folder);
    await provider.close();
    // Five of the kept pages, and two that the lookback reads again.
    expect(result.tables[0]).to.include({ blocked: 7 });
  });

  it('keeps other tables going when one fails its check in the first run', async () => {
    const provider = await shop(fiveOrders());
    const folder = ordersProject(provider.url, { stream, mapping: 'checks: [{kind: row_count, min: 99}]' });
    const other = readFileSync(join(folder, 'mappings/orders.yml'), 'utf8')
      .replace('name: orders', 'name: others')
      .replace(/checks: .*\n/, '');
    writeFileSync(join(folder, 'mappings/others.yml'), other);
    const { code, result } = await run(folder);
    await provider.close();
    expect(code).to.equal(1);
    expect(result.tables.map((table) => [table['mapping'], table['status']])).to.deep.equal([
      ['orders', 'failed'],
      ['others', 'succeeded'],
    ]);
    expect(await tableOf(folder, 'others')).to.have.length(5);
  });

  it('drops and loosens required columns', async () => {
    const orders = fiveOrders();
    const provider = await shop(orders);
    const folder = ordersProject(provider.url, {
      stream,
      properties: '  at: {from: at, type: timestamp, required: true}',
    });
    await run(folder);
    orders.push({ id: 'o9', total: 9, at: old(9) });
    edit(join(folder, 'mappings/orders.yml'), / {2}at: .*\n/, '');
    expect((await run(folder)).code).to.equal(0);
    await provider.close();
    expect(await tableOf(folder, 'orders')).to.have.length(6);
  });
});

describe('a cursor', function () {
  this.timeout(60_000);

  it('does not pass what changed while a long listing was read', async () => {
    const orders = fiveOrders();
    const now = Date.now();
    const changed: { done?: true } = {};
    const provider = await shop(orders, (page) => {
      if (page !== 2 || changed.done) return;
      changed.done = true;
      // The first record changes after it was read; a later one is newer still, so the greatest cursor lies beyond it.
      orders[0] = { id: 'o0', total: 100, at: new Date(now + 60_000).toISOString() };
      orders[4] = { id: 'o4', total: 4, at: new Date(now + 3_600_000).toISOString() };
    });
    const folder = ordersProject(provider.url, { stream });
    await run(folder);
    await run(folder);
    await provider.close();
    const rows = await tableOf(folder, 'orders');
    expect(rows.find((row) => row['id'] === 'o0')?.['total']).to.equal('100.00');
  });

  it('is not led astray by one record from the future', async () => {
    const orders: Order[] = [...fiveOrders(), { id: 'odd', total: 1, at: '2099-01-01T00:00:00Z' }];
    const provider = await shop(orders);
    const folder = ordersProject(provider.url, { stream });
    await run(folder);
    orders.push({ id: 'new', total: 2, at: new Date().toISOString() });
    await run(folder);
    await provider.close();
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.include('new');
  });
});

describe('a secret', function () {
  this.timeout(60_000);
  const secret = 's3cr3t-value-7f';

  const everything = (folder: string): string =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'schema.json')
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('\n');

  it('that an API repeats in its answer is neither shown nor kept', async () => {
    const provider = await api((request, response) =>
      json(response, { error: `bad token ${request.headers.authorization}` }, 401),
    );
    const folder = ordersProject(provider.url, {
      source: 'auth: {type: bearer, token: "${env:SLUICE_TEST_TOKEN}"}',
    });
    const { stderr, stdout, code } = await etl(['run', '-p', folder], { SLUICE_TEST_TOKEN: secret });
    const previewed = await etl(['preview', 'orders', '-p', folder], { SLUICE_TEST_TOKEN: secret });
    await provider.close();
    expect(code).to.equal(1);
    expect(previewed.stderr).to.contain('bad token Bearer ***').and.not.to.contain(secret);
    expect(stderr).to.contain('bad token Bearer ***');
    expect(stderr + stdout + everything(join(folder, '.etl'))).not.to.contain(secret);
  });

  it('in a query is not kept with a link that repeats it', async () => {
    const { gunzipSync } = await import('node:zlib');
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const provider: Api = await api((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const next = searchParams.has('page') ? null : `/orders?page=2&key=${searchParams.get('key')}`;
      json(
        response,
        { orders: [{ id: searchParams.get('page') ?? '1', total: 1 }], next },
        searchParams.get('key') === secret ? 200 : 401,
      );
    });
    const folder = ordersProject(provider.url, {
      source: 'auth: {type: api_key, query: key, value: "${env:SLUICE_TEST_TOKEN}"}',
      stream: '    paginate: {type: next_url, path: next}',
    });
    const { code } = await etl(['run', '-q', '-p', folder], { SLUICE_TEST_TOKEN: secret });
    await provider.close();
    expect(code).to.equal(0);
    const database = new DatabaseSync(join(folder, '.etl/staging.sqlite'));
    const bodies = database.prepare('SELECT body FROM pages').all() as { body: Uint8Array }[];
    database.close();
    expect(bodies).to.have.length(2);
    expect(bodies.map(({ body }) => gunzipSync(body).toString()).join('')).not.to.contain(secret);
    expect(everything(join(folder, '.etl'))).not.to.contain(secret);
  });
});
