import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

interface Order {
  readonly id: string;
  total: string;
  changed: string;
}

const stream = `    paginate: {type: page, param: page, size: 2, orderedBy: [id]}
    cursor: {field: changed, type: timestamp, from: {query: since}}`;

const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;

/** A shop whose orders a test changes; it lists what has changed since, two a page. */
async function shop(): Promise<Api & { readonly orders: Order[] }> {
  const orders: Order[] = [];
  const provider = await api((request, response) => {
    const query = new URL(request.url ?? '', 'http://shop').searchParams;
    const since = (query.get('since') ?? '').slice(0, 19);
    const listed = orders.filter(({ changed }) => changed.slice(0, 19) >= since);
    const page = Number(query.get('page') ?? 1);
    json(response, { orders: listed.slice(2 * (page - 1), 2 * page) });
  });
  return { ...provider, orders };
}

const project = (url: string): string =>
  ordersProject(url, { stream, properties: '  changed: {from: changed, type: timestamp}' });

const staging = (folder: string, name = 'staging.sqlite'): string => join(folder, '.etl', name);

/** A copy of the file and of what SQLite keeps beside it, as a backup of an idle database has it. */
function copied(from: string, to: string): void {
  for (const beside of ['-wal', '-shm']) rmSync(to + beside, { force: true });
  copyFileSync(from, to);
  for (const beside of ['-wal', '-shm'])
    if (existsSync(from + beside)) copyFileSync(from + beside, to + beside);
}

const change = (orders: Order[], id: string, total: string, minute: number): void => {
  const found = orders.find((order) => order.id === id);
  if (found === undefined) orders.push({ id, total, changed: at(minute) });
  else Object.assign(found, { total, changed: at(minute) });
};

/** What happens in the shop between the runs. */
const history: readonly ((orders: Order[]) => void)[] = [
  (orders) => {
    for (let id = 1; id <= 5; id += 1) change(orders, String(id), '1.00', id);
  },
  (orders) => {
    change(orders, '1', '2.00', 11);
    change(orders, '2', '2.00', 12);
    change(orders, '6', '1.00', 13);
  },
  (orders) => {
    change(orders, '2', '3.00', 22);
    change(orders, '3', '3.00', 23);
    change(orders, '7', '1.00', 24);
  },
  (orders) => change(orders, '8', '1.00', 32),
];

const runs = async (provider: { readonly orders: Order[] }, folder: string, parts: typeof history) => {
  for (const part of parts) {
    part(provider.orders);
    const { code, stderr } = await etl(['run', '-p', folder, '--quiet']);
    expect(code).to.equal(0, stderr);
  }
};

/** Everything is accounted for, whatever staging has lost. */
async function audited(folder: string): Promise<void> {
  const { code, stdout } = await etl(['audit', '--json', '-p', folder]);
  const { result, diagnostics } = JSON.parse(stdout);
  expect([code, result?.status, result?.accounted_percent], JSON.stringify(diagnostics)).to.deep.equal([
    0,
    'accounted',
    100,
  ]);
}

const sorted = async (folder: string) =>
  (await tableOf(folder, 'orders')).sort((a, b) => Number(a['id']) - Number(b['id']));

describe('a staging database that is older than the warehouse', function () {
  this.timeout(180_000);

  for (const [name, restore] of [
    [
      'restored from a backup of two runs ago',
      (folder: string) => copied(staging(folder, 'backup'), staging(folder)),
    ],
    [
      'lost',
      (folder: string) => {
        for (const beside of ['', '-wal', '-shm']) rmSync(staging(folder) + beside, { force: true });
      },
    ],
  ] as const)
    it(`is recognised and reconciled when it was ${name}`, async () => {
      const [provider, untouched] = await Promise.all([shop(), shop()]);
      try {
        const [folder, other] = [project(provider.url), project(untouched.url)];
        await runs(provider, folder, history.slice(0, 1));
        mkdirSync(join(folder, '.etl'), { recursive: true });
        copied(staging(folder), staging(folder, 'backup'));
        await runs(provider, folder, history.slice(1, 3));
        restore(folder);

        const plan = await etl(['plan', '-p', folder]);
        expect(plan.stdout).to.match(
          /1\. reconcile staging: staging is older than the warehouse, which has \d loads of \d runs \(2\d{3}-.* UTC, up to page \d+\)/,
        );
        history[3]?.(provider.orders);
        const run = await etl(['run', '--json', '-p', folder]);
        const { result } = JSON.parse(run.stdout);
        expect(run.code).to.equal(0, run.stdout);
        expect(result.diagnostics.map(({ code }: { code: string }) => code)).to.deep.equal(['ETL0634']);
        expect(result.tables[0]).to.include({ inserted: 1, updated: 0 });
        await audited(folder);

        // Without backup and restoration, the same would have become of it.
        await runs(untouched, other, history);
        expect(await sorted(folder)).to.deep.equal(await sorted(other));
        expect((await etl(['plan', '-p', folder])).stdout).not.to.contain('reconcile');
      } finally {
        await Promise.all([provider.close(), untouched.close()]);
      }
    });
});

describe('a warehouse that is older than staging', function () {
  this.timeout(180_000);

  it('is loaded again when it was restored from a backup of two runs ago', async () => {
    const [provider, untouched] = await Promise.all([shop(), shop()]);
    try {
      const [folder, other] = [project(provider.url), project(untouched.url)];
      const warehouse = join(folder, '.etl/warehouse.duckdb');
      await runs(provider, folder, history.slice(0, 1));
      copyFileSync(warehouse, `${warehouse}.backup`);
      await runs(provider, folder, history.slice(1, 3));
      rmSync(`${warehouse}.wal`, { force: true });
      copyFileSync(`${warehouse}.backup`, warehouse);

      const plan = await etl(['plan', '-p', folder]);
      expect(plan.stdout).to.match(
        /reload orders: the warehouse lacks the last load of orders .*: it was restored from a backup, or is another one/,
      );
      await runs(provider, folder, history.slice(3));
      await audited(folder);

      await runs(untouched, other, history);
      expect(await sorted(folder)).to.deep.equal(await sorted(other));
      expect((await etl(['plan', '-p', folder])).stdout).not.to.contain('reload');
    } finally {
      await Promise.all([provider.close(), untouched.close()]);
    }
  });

  it('is loaded again when it is the one of before, after another one was loaded meanwhile', async () => {
    const provider = await shop();
    try {
      const folder = project(provider.url);
      const file = join(folder, 'etl.yml');
      const before = readFileSync(file, 'utf8');
      const elsewhere = 'environments:\n  dev: {warehouse: {type: duckdb, path: .etl/other.duckdb}}\n';
      await runs(provider, folder, history.slice(0, 1));
      writeFileSync(file, before + elsewhere);
      await runs(provider, folder, history.slice(1, 2));
      writeFileSync(file, before);
      await runs(provider, folder, history.slice(2));
      expect((await sorted(folder))[0]).to.include({ id: '1', total: '2.00' });
      await audited(folder);
    } finally {
      await provider.close();
    }
  });
});
