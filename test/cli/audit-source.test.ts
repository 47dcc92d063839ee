import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import type { SourceAuditReport, SourceMappingAudit } from '../../engine/model/audit.ts';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import { type Api, api, etl, json, ordersProject, projectFolder } from '../support/cli.ts';

type Order = Readonly<Record<string, unknown>>;

const stream = `    paginate: {type: offset, param: from, size: 5, total: all, orderedBy: [id]}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

const timeOf = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const order = (at: number, total: unknown = at): Order => ({ id: `o${at}`, total, at: timeOf(at) });

/** Two orders a page, however many are asked for. */
const shop = (orders: readonly Order[], between: () => void): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('from') ?? 0);
    const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
    const matching = orders.filter(({ at }) => Date.parse(String(at)) >= since);
    json(response, { orders: matching.slice(from, from + 2), all: matching.length });
    between();
  });

interface Audited {
  readonly code: number | null;
  readonly report: SourceAuditReport;
  readonly orders: SourceMappingAudit;
  readonly codes: readonly string[];
  readonly said: string;
}

async function audit(folder: string, ...flags: readonly string[]): Promise<Audited> {
  const { code, stdout } = await etl(['audit', '--source', '--json', '-p', folder, ...flags]);
  const { result, diagnostics } = JSON.parse(stdout);
  return {
    code,
    report: result,
    orders: result?.streams[0].mappings[0],
    codes: diagnostics.map((one: Diagnostic) => one.code),
    said: JSON.stringify(diagnostics),
  };
}

async function warehouse(folder: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

describe('etl audit --source', function () {
  this.timeout(120_000);
  const all = [...Array.from({ length: 6 }, (_, at) => order(at)), order(6, 'odd')];
  const orders: Order[] = [];
  let between = (): void => {};
  let provider: Api;
  let first: string;
  let folder: string;

  before(async () => {
    orders.push(...all);
    provider = await shop(orders, () => between());
    first = ordersProject(provider.url, { stream, project: 'audit: {threshold: 100%}\n' });
    const { code, stdout } = await etl(['run', '--json', '-p', first]);
    expect(code).to.equal(0);
    const { diagnostics } = JSON.parse(stdout);
    expect(diagnostics.map((one: Diagnostic) => one.code)).to.deep.equal(['ETL0426']);
    expect(diagnostics[0].summary).to.contain('5 records a page were asked of shop.orders');
  });

  beforeEach(() => {
    between = () => {};
    orders.splice(0, orders.length, ...all);
    folder = projectFolder({});
    cpSync(first, folder, { recursive: true });
  });

  after(() => provider.close());

  it('says that the source and the table are the same, and what is explained', async () => {
    const { code, report, orders: made, codes } = await audit(folder, 'shop.orders');
    expect([code, codes]).to.deep.equal([0, []]);
    expect(report).to.include({ status: 'accounted', accounted_percent: 100 });
    expect(report.streams[0]).to.include({ pages: 4, records: 7 });
    // The one that is blocked is in no table, and is no fault.
    expect(made.keys).to.include({ expected: 7, found: 6, missing: 0, explained: 1 });
    expect(made).to.include({ blocked: 1 });
    expect(made.per_million).to.deep.equal({ missing: 0, stale: 0, surplus: 0 });
  });

  it('finds clamped pages in the ledger as well', async () => {
    const { stdout } = await etl(['audit', '--json', '-p', folder]);
    const { diagnostics, exitCode } = JSON.parse(stdout);
    expect([exitCode, diagnostics.map((one: Diagnostic) => one.code)]).to.deep.equal([0, ['ETL0426']]);
  });

  it('finds what is missing, stale and surplus, a million keys at a time', async () => {
    await warehouse(folder, "DELETE FROM orders WHERE id = 'o1'");
    orders.splice(2, 1, { ...order(2), total: 99 });
    orders.splice(3, 1);
    const { code, codes, orders: made, said } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1031', 'ETL1032', 'ETL1033']]);
    expect(made.keys).to.include({ missing: 1, stale: 1, surplus: 1 });
    expect(made.per_million).to.deep.equal({ missing: 142_858, stale: 142_858, surplus: 142_858 });
    for (const key of ['id=o1', 'id=o2 (total)', 'id=o3']) expect(said).to.contain(key);
  });

  it('leaves out what changed after it began', async () => {
    let asked = 0;
    between = () => {
      asked += 1;
      if (asked !== 1) return;
      const at = new Date(Date.now() + 5000).toISOString();
      orders.splice(4, 1, { ...order(4), total: 1, at });
      orders.push({ id: 'new', total: 1, at });
    };
    const { code, codes, orders: made } = await audit(folder);
    expect([code, codes]).to.deep.equal([0, []]);
    expect(made.keys).to.include({ missing: 0, stale: 0, explained: 3 });
  });

  it('keeps nothing of it: staging and its positions are as they were', async () => {
    orders.push(order(30));
    await audit(folder);
    const { stdout } = await etl(['run', '--json', '-p', folder]);
    expect(JSON.parse(stdout).result.tables[0]).to.include({ inserted: 1 });
  });

  it('begins where it is told to, and says nothing of what lies before', async () => {
    orders.shift();
    await warehouse(folder, "DELETE FROM orders WHERE id = 'o5'");
    const before = provider.asked.length;
    const { code, orders: made } = await audit(folder, '--window', `${timeOf(4)}..`);
    expect(code).to.equal(5);
    expect(made.keys).to.include({ expected: 3, missing: 1, surplus: 0 });
    expect(provider.asked[before]).to.contain('since=2026-01-01T00%3A04%3A00Z');
  });

  it('finds values that were changed in the warehouse', async () => {
    await warehouse(folder, 'UPDATE orders SET total = total + 1');
    const { codes, orders: made } = await audit(folder);
    expect(codes).to.deep.equal(['ETL1010']);
    expect(made).to.include({ status: 'mismatch', accounted_percent: 14.2857 });
  });

  it('prints a line for each table, and refuses what it cannot do', async () => {
    const { code, stdout } = await etl(['audit', '--source', '-p', folder, '--share', '50%']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/→ main\.orders +7 +6 +0 +0 +0 +1 +0 +100 %/);
    expect(stdout).to.contain('The same: 100 % of 7 keys at the source.');
    expect((await etl(['audit', '--source', '-p', folder, '--share', '0%'])).code).to.equal(64);
    expect((await etl(['audit', '--share', '5%', '-p', folder])).code).to.equal(64);
    expect((await audit(folder, 'shop.order')).codes).to.deep.equal(['ETL0906']);
  });
});
