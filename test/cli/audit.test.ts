import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect } from 'chai';
import type { AuditReport, MappingAudit } from '../../engine/model/audit.ts';
import type { Diagnostic } from '../../engine/model/diagnostic.ts';
import { type Api, api, etl, json, ordersProject, projectFolder } from '../support/cli.ts';

interface Order {
  readonly id: string;
  readonly total: unknown;
  readonly at: string;
}

const stream = `    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

const timeOf = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
const order = (at: number, total: unknown = at): Order => ({ id: `o${at}`, total, at: timeOf(at) });

/** Three orders a page. */
const shop = (orders: readonly Order[]): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('after') ?? 0);
    const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
    const matching = orders.filter(({ at }) => Date.parse(at) >= since);
    json(response, {
      orders: matching.slice(from, from + 3),
      next: from + 3 < matching.length ? String(from + 3) : null,
    });
  });

interface Audited {
  readonly code: number | null;
  readonly report: AuditReport;
  readonly mapping: MappingAudit;
  readonly found: readonly Diagnostic[];
  /** Codes of what was found. */
  readonly codes: readonly string[];
}

async function audit(folder: string, ...flags: readonly string[]): Promise<Audited> {
  const { code, stdout } = await etl(['audit', '--json', '-p', folder, ...flags]);
  const { result, diagnostics } = JSON.parse(stdout);
  return {
    code,
    report: result,
    mapping: result?.mappings[0],
    found: diagnostics,
    codes: diagnostics.map((one: Diagnostic) => one.code),
  };
}

const saying = (found: readonly Diagnostic[], code: string): string =>
  found
    .filter((one) => one.code === code)
    .map(({ summary, help }) => [summary, ...help].join(' '))
    .join('\n');

async function warehouse(folder: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

function staging(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, '.etl/staging.sqlite'));
  database.exec(sql);
  database.close();
}

describe('etl audit', function () {
  this.timeout(120_000);
  const orders: Order[] = [];
  let provider: Api;
  let first: string;
  let folder: string;

  // The last one is filtered, the one before it is blocked, and the first comes twice.
  const all = [
    order(0),
    ...Array.from({ length: 8 }, (_, at) => order(at)),
    order(8, 'odd'),
    order(9, 'test'),
  ];

  before(async () => {
    orders.push(...all);
    provider = await shop(orders);
    first = ordersProject(provider.url, {
      stream,
      project: 'audit: {threshold: 100%}\n',
      mapping: 'where: {total: {ne: test}}',
    });
    expect((await etl(['run', '-q', '-p', first])).code).to.equal(0);
  });

  beforeEach(() => {
    orders.splice(0, orders.length, ...all);
    folder = projectFolder({});
    cpSync(first, folder, { recursive: true });
  });

  after(() => provider.close());

  it('accounts for every unit of honest runs', async () => {
    orders.splice(3, 1, { ...order(2, 99), at: timeOf(20) });
    orders.push(order(21));
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    const { code, report, mapping, found } = await audit(folder);
    expect(found).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(report).to.include({ status: 'accounted', accounted_percent: 100, threshold: 100 });
    // The lookback reads the filtered one and the blocked one again, and the last row.
    const { units, loads, keys } = mapping;
    expect(units.units).to.equal(
      units.staged + units.deduplicated + units.filtered + units.blocked + units.held,
    );
    expect(units).to.include({ deduplicated: 1 });
    expect(loads).to.include({ units: 2, witnessed: 2, updated: 1, pending: 0, repeated: 0 });
    expect(loads.staged).to.equal(loads.inserted + loads.updated + loads.unchanged + loads.superseded);
    expect(keys).to.include({
      expected: 9,
      found: 9,
      missing: 0,
      stale: 0,
      changed: 0,
      surplus: 0,
      doubled: 0,
    });
  });

  it('counts what waits for a Blocker of its record as held', async () => {
    orders.push({ ...order(8, 5), at: timeOf(22) });
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    const { code, found, mapping } = await audit(folder);
    expect([code, found]).to.deep.equal([0, []]);
    const { units, loads, keys } = mapping;
    expect(units).to.include({ held: 1 });
    expect(units.units).to.equal(
      units.staged + units.deduplicated + units.filtered + units.blocked + units.held,
    );
    expect(loads).to.include({ staged: units.staged, pending: 0, repeated: 0 });
    expect(keys).to.include({ expected: 8, found: 8, missing: 0 });
  });

  it('prints tables, the verdict, and then what was found', async () => {
    await warehouse(folder, "DELETE FROM orders WHERE id = 'o3'");
    const { code, stdout, stderr } = await etl(['audit', '-p', folder]);
    expect(code).to.equal(5);
    expect(stdout).to.match(/ledger +pages +units +staged +deduplicated +gone +filtered +blocked +held\n/);
    expect(stdout).to.match(/orders → main\.orders +8 +7 +1 +0 +0 +0 +0 +90\.909 %/);
    expect(stdout).to.contain(
      'Mismatch: 90.909 % of 11 units accounted for; the threshold is 100 % of each mapping.',
    );
    expect(stderr).to.contain('error[ETL1008]: 1 row is missing from main.orders');
    expect(stderr).to.contain('id=o3');
  });

  it('finds a row that was deleted in the warehouse', async () => {
    await warehouse(folder, "DELETE FROM orders WHERE id = 'o3'");
    const { code, codes, mapping, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1008']]);
    expect(mapping.keys).to.include({ missing: 1, expected: 8, found: 7 });
    expect(saying(found, 'ETL1008')).to.contain('id=o3');
  });

  it('finds a value that was changed in the warehouse, and names its column', async () => {
    await warehouse(folder, "UPDATE orders SET total = 1000 WHERE id = 'o4'");
    const { code, codes, mapping, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1010']]);
    expect(mapping.keys).to.include({ changed: 1, stale: 0 });
    expect(saying(found, 'ETL1010')).to.contain('id=o4 (total)');
  });

  it('finds an old version of a row', async () => {
    await warehouse(folder, "UPDATE orders SET total = 7, _hash = 'old' WHERE id = 'o4'");
    const { code, codes } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1009']]);
  });

  it('finds a row that was inserted in the warehouse, and one that is there twice', async () => {
    await warehouse(
      folder,
      "INSERT INTO orders SELECT * REPLACE ('made up' AS id) FROM orders WHERE id = 'o1'; " +
        "INSERT INTO orders SELECT * FROM orders WHERE id = 'o2'",
    );
    const { code, codes, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1011', 'ETL1012']]);
    expect(saying(found, 'ETL1011')).to.contain('id=made up');
    expect(saying(found, 'ETL1012')).to.contain('id=o2');
  });

  it('finds a row that is gone from staging, and the row that it leaves in the warehouse', async () => {
    staging(folder, "DELETE FROM stg_orders WHERE id = 'o5'");
    const { code, codes, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1003', 'ETL1011']]);
    expect(saying(found, 'ETL1003')).to.contain('page 3: 3 staged, 2 found in stg_orders');
    expect(saying(found, 'ETL1011')).to.contain('id=o5');
  });

  it('finds a value that was changed in staging', async () => {
    staging(folder, "UPDATE stg_orders SET total = '5.50' WHERE id = 'o5'");
    const { code, codes, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1004', 'ETL1010']]);
    expect(saying(found, 'ETL1004')).to.contain('record o5 of page 3');
  });

  it('finds a blocked row that nobody can decide on, and a page that is gone from the ledger', async () => {
    staging(folder, 'DELETE FROM blocker_pages');
    const blocked = await audit(folder);
    expect([blocked.code, blocked.codes]).to.deep.equal([5, ['ETL1002']]);
    expect(saying(blocked.found, 'ETL1002')).to.contain('1 unit of orders is not accounted for');
    staging(folder, 'DELETE FROM pages WHERE id = (SELECT min(id) FROM pages)');
    const gone = await audit(folder);
    expect([gone.code, gone.codes]).to.deep.equal([5, ['ETL1002']]);
    expect(saying(gone.found, 'ETL1002')).to.contain('4 units of orders are not accounted for');
  });

  it('finds a page whose account was changed, and one that has none', async () => {
    staging(folder, 'UPDATE page_rows SET filtered = filtered + 1 WHERE page = 2');
    expect((await audit(folder)).codes).to.deep.equal(['ETL1002']);
    staging(folder, 'DELETE FROM page_rows WHERE page = 2');
    const { code, codes, found } = await audit(folder);
    expect([code, codes.includes('ETL1001')]).to.deep.equal([5, true]);
    expect(saying(found, 'ETL1001')).to.contain('page 2: 3 records');
  });

  it('finds counts in _etl_loads that are not those of the ledger', async () => {
    await warehouse(folder, 'UPDATE _etl_loads SET inserted = inserted - 1, updated = updated + 1');
    const { code, codes, found, mapping } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1005']]);
    expect(mapping.loads).to.include({ units: 1, witnessed: 0 });
    expect(saying(found, 'ETL1005')).to.contain('_etl_loads says 8 staged, 7 inserted, 1 updated');
  });

  it('names loads that only one side knows', async () => {
    await warehouse(
      folder,
      "UPDATE _etl_loads SET unit = 'dev.orders.made-up', loaded_at = loaded_at + INTERVAL 1 HOUR",
    );
    const { code, codes, found } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1006', 'ETL1006']]);
    const said = saying(found, 'ETL1006');
    expect(said).to.match(/1 load of orders is in the ledger, and not in _etl_loads dev\.orders\.1-/);
    expect(said).to.contain('1 load of orders is in _etl_loads, and not in the ledger dev.orders.made-up');
  });

  it('finds a load that is gone from the ledger', async () => {
    staging(folder, 'DELETE FROM loads');
    const { code, codes } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1007', 'ETL1006']]);
  });

  it('finds a table that is gone', async () => {
    await warehouse(folder, 'DROP TABLE orders');
    const { code, codes, mapping } = await audit(folder);
    expect([code, codes]).to.deep.equal([5, ['ETL1019']]);
    expect(mapping.keys).to.include({ missing: 8, found: 0 });
  });

  it('lets pass what lies above the threshold, and still names it', async () => {
    const lenient = ordersProject(provider.url, { stream, project: 'audit: {threshold: 90%}\n' });
    await etl(['run', '-q', '-p', lenient]);
    await warehouse(lenient, "DELETE FROM orders WHERE id = 'o3'");
    const { code, codes, found, report } = await audit(lenient);
    expect([code, codes, report.status]).to.deep.equal([0, ['ETL1008'], 'accounted']);
    expect(found[0]?.severity).to.equal('warning');
  });

  it('looks at one run, or at windows of a range, when it is told to', async () => {
    orders.push(order(30), order(31));
    await etl(['run', '-q', '-p', folder]);
    await warehouse(folder, "DELETE FROM orders WHERE id = 'o3'");
    const late = await audit(folder, '--window', `${timeOf(0)}..`);
    expect([late.code, late.mapping.units.pages]).to.deep.equal([0, 2]);
    const early = await audit(folder, '--window', `..${timeOf(0)}`);
    expect([early.code, early.mapping.units.pages]).to.deep.equal([5, 4]);
    const none = await audit(folder, '--run', 'no-such-run');
    expect([none.code, none.codes]).to.deep.equal([3, ['ETL1021']]);
    expect((await audit(folder, '--window', 'yesterday..')).codes).to.deep.equal(['ETL1020']);
    expect((await etl(['audit', '--window', 'today', '-p', folder])).code).to.equal(64);
  });

  it('cannot tell before something was run, or after a mapping has changed', async () => {
    const fresh = ordersProject(provider.url, { stream });
    expect(await audit(fresh)).to.deep.include({ code: 6, codes: ['ETL1013'] });
    expect(existsSync(join(fresh, '.etl'))).to.equal(false);
    expect((await audit(fresh, 'order')).codes).to.deep.equal(['ETL0903']);
  });
});
