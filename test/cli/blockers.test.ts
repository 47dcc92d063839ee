import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import type { Blocker, BlockerEvent } from '../../engine/model/blocker.ts';
import { type Api, api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

/** Each case starts the command several times. */
const timeoutMs = 180_000;

interface Order {
  readonly id: string;
  readonly total: unknown;
  readonly at?: string;
}

/** A provider whose orders a test changes as it goes. */
interface Shop {
  orders: readonly Order[];
  status: number;
  readonly api: Api;
}

async function shop(orders: readonly Order[]): Promise<Shop> {
  const state = { orders, status: 200 };
  const provider = await api((_, response) =>
    state.status === 200
      ? json(response, { orders: state.orders })
      : json(response, { error: 'not for you' }, state.status),
  );
  return Object.assign(state, { api: provider });
}

interface Listed {
  readonly total: number;
  readonly blockers: readonly Blocker[];
}

async function result<T>(folder: string, ...words: readonly string[]): Promise<T> {
  const { stdout } = await etl([...words, '--json', '-p', folder]);
  return (JSON.parse(stdout) as { result: T }).result;
}

const list = async (folder: string, ...flags: readonly string[]): Promise<readonly Blocker[]> =>
  (await result<Listed>(folder, 'blockers', ...flags)).blockers;

interface Table {
  readonly held: number;
  readonly inserted: number;
  readonly updated: number;
  readonly status: string;
}

const run = async (folder: string): Promise<Table> => {
  const report = await result<{ tables: readonly Table[] }>(folder, 'run');
  return report.tables[0] as Table;
};

async function completeness(folder: string): Promise<Record<string, unknown> | undefined> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    'SELECT mapping, complete_until, open_blockers FROM _etl_completeness',
  );
  const [row] = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  return row;
}

const cursor = 'cursor: {field: at, from: {query: since}}';
const bad = [
  { id: 'A', total: '1.50', at: '2026-01-01T00:00:00Z' },
  { id: 'B', total: '12,50', at: '2026-01-02T00:00:00Z' },
  { id: 'C', total: 'two', at: '2026-01-03T00:00:00Z' },
];

const withStream = (provider: Shop, mapping = ''): string =>
  ordersProject(provider.api.url, { stream: `    ${cursor}`, mapping });

describe('etl blockers', function () {
  this.timeout(timeoutMs);
  let provider: Shop;

  beforeEach(async () => {
    provider = await shop(bad);
  });

  afterEach(() => provider.api.close());

  it('leads from a price that is blocked to one that is loaded: found, mended, retried, loaded', async () => {
    const folder = withStream(provider);
    const first = await etl(['run', '-q', '-p', folder]);
    expect(first.code).to.equal(0);
    expect(first.stdout).to.contain('Open: 2 Blockers wait for a person: etl blockers\n');
    const listed = await etl(['blockers', '-p', folder]);
    expect(listed.stdout).to.match(
      /^ 2 +open +orders +record C, total +expected decimal\(18,2\), got "two"/m,
    );
    expect(listed.stdout).to.contain(`2 Blockers open.\nNext: etl blockers show 2 -p ${folder}`);
    const shown = (await etl(['blockers', 'show', '1', '-p', folder])).stdout;
    for (const part of [
      'Blocker 1 is open: orders, record B, total',
      'ETL0521: expected decimal(18,2), got "12,50"',
      'received  "12,50"',
      'declared  mappings/orders.yml:8',
      'page      1, record 2 of it',
      'etl blockers retry 1',
      '--set total=VALUE',
    ])
      expect(shown).to.contain(part);
    const asked = provider.api.asked.length;
    const file = join(folder, 'mappings/orders.yml');
    const mended = 'type: "decimal(18,2)", transform: [{replace: {pattern: ",", with: "."}}]}';
    writeFileSync(file, readFileSync(file, 'utf8').replace('type: "decimal(18,2)"}', mended));
    const retried = await etl(['blockers', 'retry', '--all-open', '-p', folder]);
    expect(retried.code).to.equal(0);
    expect(retried.stdout).to.match(/^ 1 +✓ fits now +orders +record B, total/m);
    expect(retried.stdout).to.match(/^ 2 +✗ still open +orders +record C, total +expected decimal/m);
    expect(retried.stdout).to.contain(
      `1 Blocker retried: what fits now is staged. Next: etl run -p ${folder}`,
    );
    expect(provider.api.asked).to.have.length(asked);
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.deep.equal(['A']);
    await run(folder);
    expect(await tableOf(folder, 'orders')).to.deep.include({ id: 'B', total: '12.50' });
    expect((await list(folder, '--status', 'all')).map(({ status }) => status)).to.deep.equal([
      'open',
      'resolved',
    ]);
    const { history } = await result<{ history: readonly BlockerEvent[] }>(folder, 'blockers', 'show', '1');
    expect(history.map(({ event }) => event)).to.deep.equal(['opened', 'retried', 'resolved']);
  });

  it('sets one value by hand, in a file for git, and lets the next value of the API through', async () => {
    const folder = withStream(provider);
    await run(folder);
    const done = await etl(
      [
        'blockers',
        'override',
        '2',
        '--set',
        'total=2',
        '--expires',
        '2999-12-31',
        '--reason',
        'a word',
        '-p',
        folder,
      ],
      { ETL_USER: 'ada' },
    );
    expect(done.stderr).to.equal('');
    expect(done.stdout).to.contain(
      'Added to overrides/orders.yml:\n  record C: total = "2" instead of "two"',
    );
    expect(readFileSync(join(folder, 'overrides/orders.yml'), 'utf8')).to.match(
      /\noverrides:\n {2}- record: C\n {4}set: \{ total: "2" \}\n {4}was: \{ total: two \}\n {4}expires: 2999-12-31\n {4}reason: a word\n {4}blocker: 2\n$/,
    );
    const plan = await etl(['plan', '-p', folder]);
    expect(plan.stdout).to.contain(
      'remap orders: an override answers a Blocker: 1 kept page is mapped again',
    );
    const retried = await etl(['blockers', 'retry', '2', '--load', '-p', folder]);
    expect(retried.stdout).to.contain('1 Blocker resolved: what fits now is loaded.');
    expect(await tableOf(folder, 'orders')).to.deep.include({ id: 'C', total: '2.00' });
    const { history } = await result<{ history: readonly BlockerEvent[] }>(folder, 'blockers', 'show', '2');
    expect(history.map(({ event, actor }) => `${event} by ${actor.replace(/ .*/, '')}`)).to.deep.equal([
      'opened by run',
      'overridden by ada',
      'retried by run',
      'resolved by run',
    ]);
    provider.orders = [{ id: 'C', total: '3', at: '2026-01-04T00:00:00Z' }];
    await run(folder);
    expect(await tableOf(folder, 'orders')).to.deep.include({ id: 'C', total: '3.00' });
  });

  it('applies an override that came with git in the next run, by itself', async () => {
    const folder = withStream(provider);
    await run(folder);
    const words = ['--set', 'total=2', '--expires', '2999-12-31', '--reason', 'x', '-p', folder];
    await etl(['blockers', 'override', '--record', 'C', ...words]);
    expect((await run(folder)).inserted).to.equal(1);
    expect((await list(folder)).map(({ record }) => record)).to.deep.equal(['B']);
  });

  it('leaves a project that an override would break as it was', async () => {
    const folder = withStream(provider);
    await run(folder);
    const words = ['--set', 'totl=2', '--expires', '2999-12-31', '--reason', 'x', '-p', folder];
    const { code, stderr } = await etl(['blockers', 'override', '2', ...words]);
    expect(code).to.equal(3);
    expect(stderr).to.contain('error[ETL0205]: `orders` has no column `totl`');
    expect(existsSync(join(folder, 'overrides/orders.yml'))).to.equal(false);
  });

  it('holds a later version of a record back until somebody waives the one that is blocked', async () => {
    const folder = withStream(provider);
    await run(folder);
    provider.orders = [
      { id: 'B', total: '13.00', at: '2026-01-05T00:00:00Z' },
      { id: 'D', total: '1', at: '2026-01-05T00:00:00Z' },
    ];
    expect(await run(folder)).to.include({ inserted: 1, held: 1, status: 'succeeded' });
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.deep.equal(['A', 'D']);
    expect(await completeness(folder)).to.deep.equal({
      mapping: 'orders',
      complete_until: '2026-01-05T00:00:00.000000Z',
      open_blockers: 2n,
    });
    const waived = await etl(['blockers', 'waive', '1', '--reason', 'a test order', '-p', folder]);
    expect(waived.stdout).to.contain('1 Blocker waived: a test order.');
    expect(waived.stdout).to.contain(`etl run -p ${folder}`);
    expect(await run(folder)).to.include({ held: 0 });
    expect(await tableOf(folder, 'orders')).to.deep.include({ id: 'B', total: '13.00' });
  });

  it('assigns, notes and waives many by what they have in common, and says how many', async () => {
    const folder = withStream(provider);
    await run(folder);
    const assigned = await etl(['blockers', 'assign', '--mapping', 'orders', '--to', 'dana', '-p', folder]);
    expect(assigned.stdout).to.contain('2 Blockers assigned to dana.');
    await etl(['blockers', 'note', '--owner', 'dana', 'asked the shop', '-p', folder]);
    expect((await list(folder, '--owner', 'dana')).map(({ note }) => note)).to.deep.equal([
      'asked the shop',
      'asked the shop',
    ]);
    await etl(['blockers', 'waive', '--code', 'ETL0521', '--reason', 'x', '-p', folder]);
    expect((await etl(['blockers', '-p', folder])).stdout).to.equal('No Blocker is open.\n');
    expect(await list(folder, '--status', 'waived')).to.have.length(2);
  });

  for (const [words, code, message] of [
    [['show', '9'], 3, 'error[ETL0921]: there is no Blocker 9'],
    [['show', 'nine'], 64, 'a Blocker has a number, such as 12, not `nine`'],
    [['waive', '--reason', 'x'], 64, 'say which Blockers: their ids, flags such as --mapping orders'],
    [['waive', '1', '--all-open', '--reason', 'x'], 64, 'not both'],
    [
      ['assign', '--mapping', 'order', '--to', 'x'],
      3,
      'no Blocker is meant by --mapping order --status open',
    ],
    [['note'], 64, 'the last word is the note, in quotes'],
    [
      ['override', '1', '--set', 'total', '--expires', '2999-01-01', '--reason', 'x'],
      64,
      '--set takes PROPERTY=VALUE',
    ],
    [
      ['override', '1', '--set', 'total=1', '--expires', '2001-01-01', '--reason', 'x'],
      64,
      '--expires is past',
    ],
    [
      ['override', '1', '--set', 'total=1', '--expires', 'soon', '--reason', 'x'],
      64,
      '--expires takes a date',
    ],
    [['rety'], 64, 'there is no `blockers rety`'],
  ] as const)
    it(`refuses \`blockers ${words.join(' ')}\``, async () => {
      const folder = withStream(provider);
      const { code: found, stderr } = await etl(['blockers', ...words, '-p', folder]);
      expect(`${found} ${stderr}`)
        .to.match(new RegExp(`^${code} `))
        .and.to.contain(message);
    });
});

describe('a step that is stopped', function () {
  this.timeout(timeoutMs);

  for (const [status, kind, code] of [
    [403, 'stream', 'ETL0410'],
    [401, 'auth', 'ETL0404'],
  ] as const)
    it(`by a ${status} is one Blocker of kind ${kind}, however often it fails, until it succeeds`, async () => {
      const provider = await shop(bad.slice(0, 1));
      try {
        const folder = ordersProject(provider.api.url, {
          stream: '',
          source: 'responses: [{when: {status: 403}, class: forbidden}, {when: {status: 401}, class: auth}]',
        });
        provider.status = status;
        await run(folder);
        await run(folder);
        const [blocker, ...others] = await list(folder);
        expect(others).to.deep.equal([]);
        expect(blocker).to.include({
          kind,
          code,
          seen: 2,
          stream: 'shop.orders',
          step: 'extract shop.orders',
        });
        expect(blocker?.value).to.contain('not for you');
        const shown = (await etl(['blockers', 'show', '1', '-p', folder])).stdout;
        expect(shown).to.contain(`Blocker 1 is open: shop.orders, extract shop.orders`);
        const refused = await etl([
          ...['blockers', 'override', '1', '--set', 'total=1', '--expires', '2999-01-01'],
          ...['--reason', 'x', '-p', folder],
        ]);
        expect(`${refused.code} ${refused.stderr}`).to.match(/^3 error\[ETL0922\]/);
        const retried = await etl(['blockers', 'retry', '1', '-p', folder]);
        expect(retried.stdout).to.contain('the next run tries again');
        provider.status = 200;
        await run(folder);
        expect((await list(folder, '--status', 'all')).map(({ status: now }) => now)).to.deep.equal([
          'resolved',
        ]);
      } finally {
        await provider.api.close();
      }
    });

  for (const policy of ['stopAbove: 1', 'stopAboveShare: 60%'])
    it(`by \`${policy}\` keeps its rows staged, and loads them once fewer are blocked`, async () => {
      const provider = await shop(bad);
      try {
        const folder = withStream(provider, `blockers: {${policy}}`);
        const { code, stderr } = await etl(['run', '-q', '-p', folder]);
        expect(code).to.equal(1);
        expect(stderr).to.match(
          /error\[ETL0611\]: orders is not loaded: 2 rows are blocked.*, more than (1|60 %)/,
        );
        expect(await tableOf(folder, 'orders')).to.deep.equal([]);
        expect(await completeness(folder)).to.include({ complete_until: null, open_blockers: 2n });
        expect((await list(folder, '--kind', 'load')).map(({ code: of }) => of)).to.deep.equal(['ETL0611']);
        await etl(['blockers', 'waive', '1', '--reason', 'x', '-p', folder]);
        expect(await run(folder)).to.include({ status: 'succeeded', inserted: 1 });
        expect((await list(folder)).map(({ record }) => record)).to.deep.equal(['C']);
      } finally {
        await provider.api.close();
      }
    });

  it('is told to those who asked for it, and a place that is down fails nothing', async () => {
    const provider = await shop(bad.slice(0, 1));
    const bodies: string[] = [];
    const hook = await api((request, response) => {
      request.on('data', (data: Buffer) => bodies.push(data.toString('utf8')));
      request.on('end', () => json(response, {}, 404));
    });
    try {
      const place = '{to: webhook, url: "${env:HOOK}", on: [run_failed, blocker]}';
      const folder = ordersProject(provider.api.url, { stream: '', environment: `alerts: [${place}]` });
      provider.status = 403;
      const env = { HOOK: `${hook.url}/secret-path` };
      const { code, stderr } = await etl(['run', '-q', '-p', folder], env);
      expect(code).to.equal(1);
      expect(stderr).to.contain('warning[ETL0931]: an alert could not be sent to webhook: it answered 404');
      expect(stderr).to.not.contain('secret-path');
      const events = bodies.map((body) => (JSON.parse(body) as { event: string; title: string }).event);
      expect(events).to.deep.equal(['run_failed', 'blocker']);
      provider.status = 200;
      expect((await etl(['run', '-q', '-p', folder], env)).code).to.equal(0);
    } finally {
      await provider.api.close();
      await hook.close();
    }
  });

  it('by a check is a Blocker for each check that fails', async () => {
    const provider = await shop([{ id: 'A', total: null }]);
    try {
      const checks = '[{kind: not_null, column: total}, {kind: row_count, min: 2}]';
      const folder = ordersProject(provider.api.url, { stream: '', mapping: `checks: ${checks}` });
      await run(folder);
      expect((await list(folder)).map(({ kind, property }) => [kind, property])).to.deep.equal([
        ['load', 'row_count ≥ 2'],
        ['load', 'not_null total'],
      ]);
    } finally {
      await provider.api.close();
    }
  });
});
