import { join } from 'node:path';
import { expect } from 'chai';
import type { PlanEstimate } from '../../engine/model/estimate.ts';
import type { PlanChanges } from '../../engine/model/plan-changes.ts';
import type { RunReport } from '../../engine/model/run-report.ts';
import { api, etl, json, ordersProject } from '../support/cli.ts';
import { byCursor, edit, type Order, ordersOf, shopOf } from '../support/shop.ts';

interface Shown {
  readonly estimate: PlanEstimate;
  readonly changes: PlanChanges;
}

async function planOf(folder: string): Promise<Shown> {
  const { code, stdout } = await etl(['plan', '--json', '-p', folder]);
  expect(code).to.equal(0, stdout);
  return (JSON.parse(stdout) as { result: Shown }).result;
}

async function runOf(folder: string): Promise<RunReport> {
  const { code, stdout } = await etl(['run', '--json', '-p', folder]);
  expect(code).to.equal(0, stdout);
  return (JSON.parse(stdout) as { result: RunReport }).result;
}

const streamOf = ({ estimate }: Shown) => estimate.streams[0];

describe('the estimate of etl plan', function () {
  this.timeout(120_000);

  it('is unknown before the first read, and what then happens after it', async () => {
    const orders: Order[] = ordersOf(5);
    const provider = await shopOf(orders);
    try {
      const folder = ordersProject(provider.url, { stream: byCursor });
      const first = streamOf(await planOf(folder));
      expect(first?.window).to.deep.equal({ kind: 'first' });
      expect(first?.expected).to.equal(undefined);
      expect(first?.unknown).to.equal('it was not read before, and nothing says how much there is');
      await runOf(folder);
      const afterOne = streamOf(await planOf(folder))?.expected;
      const { streams: second } = await runOf(folder);
      expect(afterOne).to.include({ records: second[0]?.received, requests: second[0]?.requests });
      const { window, expected } = streamOf(await planOf(folder)) ?? {};
      expect(window).to.deep.equal({
        kind: 'cursor',
        cursor: '2020-01-01T00:04:00.000000Z',
        from: '2020-01-01T00:03:00.000000Z',
        lookbackMs: 60_000,
      });
      const { streams } = await runOf(folder);
      expect(expected).to.include({ records: streams[0]?.received, requests: streams[0]?.requests });
      expect(expected?.rows).to.deep.equal({ orders: 2 });
    } finally {
      await provider.close();
    }
  });

  it('counts on what the API has announced, once it has', async () => {
    const state = { broken: true };
    const provider = await api((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      if (page === 3 && state.broken) return json(response, {}, 400);
      const orders = [1, 2].map((one) => ({ id: `${page}-${one}`, total: 1 }));
      json(response, { total: 10, orders: page > 5 ? [] : orders });
    });
    try {
      const paginate =
        '    paginate: {type: page, param: page, size: 2, sizeParam: per_page, total: total, orderedBy: [id]}';
      const folder = ordersProject(provider.url, { stream: paginate });
      expect((await etl(['run', '-q', '-p', folder])).code).to.equal(1);
      const { window, expected } = streamOf(await planOf(folder)) ?? {};
      expect(window).to.deep.equal({ kind: 'resume', pages: 2 });
      expect(expected).to.include({
        records: 6,
        requests: 4,
        basis: 'the API has announced 10 records, of which 4 are read',
      });
      state.broken = false;
      const { streams } = await runOf(folder);
      // The last page is empty: a listing that is gone on with is not counted from its beginning.
      expect(streams[0]).to.include({ requests: 4, received: 6 });
      const whole = streamOf(await planOf(folder));
      expect(whole?.window).to.deep.equal({ kind: 'whole' });
      expect(whole?.expected).to.include({ records: 10, requests: 5 });
    } finally {
      await provider.close();
    }
  });
});

describe('etl plan --detailed-exitcode', function () {
  this.timeout(120_000);

  it('exits with 2 where something changes besides what is read, and names it', async () => {
    const provider = await shopOf(ordersOf(3));
    try {
      const folder = ordersProject(provider.url, { stream: byCursor });
      const plan = () => etl(['plan', '--detailed-exitcode', '-p', folder]);
      const fresh = await plan();
      expect(fresh.code).to.equal(2);
      expect(fresh.stdout).to.contain('No plan was applied here yet: all of it is new.');
      await runOf(folder);
      const same = await plan();
      expect(same.code).to.equal(0, same.stdout);
      expect(same.stdout).to.contain('Nothing has changed since the plan that was applied last');

      edit(join(folder, 'sources/shop.yml'), 'attempts: 2', 'attempts: 5');
      edit(join(folder, 'mappings/orders.yml'), '  id: {', '  label: {value: web, type: string}\n  id: {');
      const other = await plan();
      expect(other.code).to.equal(2);
      const lines = other.stdout.slice(other.stdout.indexOf('Since the plan')).split('\n');
      expect(lines).to.include.members([
        '  ~ the source shop',
        '      attemptsMax: 2 → 5',
        '  ~ the mapping orders',
        '      properties.label: new',
        '  ~ the load of orders',
      ]);
      expect((await planOf(folder)).changes.work).to.deep.equal([
        'the step `remap orders`',
        'the DDL of orders',
      ]);
    } finally {
      await provider.close();
    }
  });

  it('refuses a duration that is none', async () => {
    const { code, stderr } = await etl(['plan', '--out', 'x', '--expires', 'soon']);
    expect(code).to.equal(64);
    expect(stderr).to.contain('--expires takes a duration such as 30s, 10m or 2h, not `soon`');
  });
});
