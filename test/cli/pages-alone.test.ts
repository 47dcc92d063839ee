import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { type Api, api, etl, ordersProject, tableOf } from '../support/cli.ts';

const pages = 7;

/** An API with pages of two orders each, compressed, that lead to each other by their headers. */
const shop = (beforeLast: () => Promise<void>): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const page = Number(query.get('page') ?? 1);
    const isNew = query.get('since') === null;
    const orders = [1, 2].map((at) => ({
      id: `o${page}-${at}`,
      total: page,
      at: '2026-01-01T00:00:00Z',
      note: 'ł"é',
    }));
    const link = isNew && page < pages ? { link: `</orders?page=${page + 1}>; rel="next"` } : {};
    void Promise.resolve(page === pages ? beforeLast() : undefined).then(() =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', ...link })
        .end(gzipSync(JSON.stringify({ orders: isNew ? orders : [] }))),
    );
  });

const projectOf = (provider: Api, more: { mapping?: string; stream?: string } = {}): string =>
  ordersProject(provider.url, {
    environment: 'staging: {rows: false}',
    stream: `    paginate: {type: link_header}
    cursor: {field: at, from: {query: since}}`,
    properties: '  note: {from: note, type: string}',
    ...more,
  });

const expected = Array.from({ length: pages }, (_, page) =>
  [1, 2].map((at) => ({ id: `o${page + 1}-${at}`, total: `${page + 1}.00`, note: 'ł"é' })),
).flat();

describe('staging: {rows: false}', function () {
  this.timeout(60_000);
  let provider: Api;
  let beforeLast: () => Promise<void>;

  beforeEach(async () => {
    beforeLast = async () => {};
    provider = await shop(() => beforeLast());
  });

  afterEach(() => provider.close());

  it('loads every row, and asks for each page once', async () => {
    const folder = projectOf(provider);
    const { code, stderr } = await etl(['run', '-p', folder]);
    expect(code, stderr).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.deep.members(expected);
    expect(provider.asked).to.have.length(pages);
    const audit = await etl(['audit', '--json', '-p', folder]);
    expect(audit.code, audit.stdout).to.equal(0);
    expect(provider.asked).to.have.length(pages);
  });

  it('makes the rows of kept pages when their load files are gone', async () => {
    const folder = projectOf(provider);
    let held: DuckDBInstance | undefined;
    beforeLast = async () => {
      held = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
    };
    const failed = await etl(['run', '-p', folder]);
    held?.closeSync();
    expect(failed.code).to.not.equal(0);
    expect(provider.asked).to.have.length(pages);
    const { code, stdout } = await etl(['run', '--json', '-p', folder]);
    expect(code).to.equal(0);
    expect(JSON.parse(stdout).result.tables[0]).to.include({ inserted: 2 * pages, blocked: 0 });
    expect(await tableOf(folder, 'orders')).to.have.deep.members(expected);
    expect(provider.asked).to.have.length(pages + 1);
  });

  it('makes them without a request, too', async () => {
    const folder = projectOf(provider);
    let held: DuckDBInstance | undefined;
    beforeLast = async () => {
      held = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
    };
    await etl(['run', '-p', folder]);
    held?.closeSync();
    const { code, stdout } = await etl(['run', '--from-ledger', '--json', '-p', folder]);
    expect(code, stdout).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.deep.members(expected);
    expect(provider.asked).to.have.length(pages);
  });

  it('does not hold where something looks at rows before they are loaded, and the plan says so', async () => {
    const plain = await etl(['plan', '-p', projectOf(provider)]);
    expect(plain.stdout).to.not.contain('in spite of');
    const folder = projectOf(provider, { mapping: 'checks: [{kind: not_null, column: id}]' });
    expect((await etl(['plan', '-p', folder])).stdout).to.contain(
      'its rows are staged in spite of `staging: {rows: false}`: its checks look at them',
    );
    const deletes = '    deletes: [{by: flag, where: {gone: true}}]';
    const leaving = projectOf(provider, { stream: deletes });
    expect((await etl(['plan', '-p', leaving])).stdout).to.contain(
      'its rows are staged in spite of `staging: {rows: false}`: what leaves the table is found among them',
    );
  });

  it('stages the rows of a mapping with checks', async () => {
    const folder = projectOf(provider, {
      mapping: 'checks: [{kind: unique, columns: [id]}, {kind: not_null, column: total}]',
    });
    const { code, stderr } = await etl(['run', '-p', folder]);
    expect(code, stderr).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.deep.members(expected);
  });
});
