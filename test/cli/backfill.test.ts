import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SavedPlan } from '../../engine/model/saved-plan.ts';
import { type Api, api, etl, type Finished, json, ordersProject, start, tableOf } from '../support/cli.ts';
import { edit, type Order, ordersOf } from '../support/shop.ts';

const stream = `    paginate: {type: cursor_token, token: next, param: after}
    backfill: {share: 100%, slice: 10m}
    cursor: {field: at, lookback: 1m, from: {query: since}, to: {query: until}}`;

const minute = (number: number): string => new Date(Date.UTC(2020, 0, 1, 0, number)).toISOString();
const range = ['--backfill', 'shop.orders', '--from', minute(5), '--to', minute(35)];

/** An API over orders that a test may change; it can hold back its answer to one request. */
async function shop(orders: readonly Order[]) {
  const held = { at: 0, reached: () => {} };
  const provider: Api = await api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (provider.asked.length === held.at) return held.reached();
    const [since, until] = [query.get('since') ?? '1970-01-01', query.get('until') ?? '2100-01-01'];
    const matching = orders.filter(
      ({ at }) => Date.parse(String(at)) >= Date.parse(since) && Date.parse(String(at)) <= Date.parse(until),
    );
    const from = Number(query.get('after') ?? 0);
    json(response, {
      orders: matching.slice(from, from + 4),
      next: from + 4 < matching.length ? String(from + 4) : null,
    });
  });
  return { provider, held };
}

describe('etl run --backfill', function () {
  this.timeout(120_000);

  const orders: Order[] = ordersOf(40);
  let folder: string;
  let provider: Api;
  let held: { at: number; reached: () => void };

  const command = (...args: readonly string[]): Promise<Finished> => etl([...args, '-p', folder]);
  const told = async (...args: readonly string[]): Promise<Finished> => {
    const done = await command(...args);
    expect(done.code, done.stderr).to.equal(0);
    return done;
  };
  const cursorOf = async (): Promise<string> =>
    /shop\.orders\n {2}fetched {2}(\S+),/.exec((await told('state', 'show')).stdout)?.[1] ?? '';

  before(async () => {
    ({ provider, held } = await shop(orders));
    folder = ordersProject(provider.url, { stream });
    await told('run', '-q');
  });

  after(() => provider.close());

  it('is killed in mid-range and goes on there, and ends as a run that nobody disturbed', async () => {
    const before = await cursorOf();
    // Late corrections: the API does not list them as changed since the cursor.
    for (let at = 8; at < 30; at += 1) orders[at] = { ...orders[at], total: 1000 + at, at: minute(at + 0.5) };
    // Changed meanwhile, and read again by the next incremental run only.
    orders[39] = { ...orders[39], total: 39.5, at: minute(45) };
    const asked = provider.asked.length;
    held.at = asked + 6;
    const reached = new Promise<void>((resolve) => {
      held.reached = resolve;
    });
    const { child, finished } = start(['run', '-q', ...range, '-p', folder]);
    await reached;
    child.kill('SIGKILL');
    await finished;
    held.at = 0;
    const plan = await told('plan', ...range);
    expect(plan.stdout).to.match(
      /now: from 2020-01-01T00:(15|25):00\.000000Z up to 2020-01-01T00:35:00\.000000Z/,
    );
    await told('run', '-q', ...range);
    // Three slices of three pages, and the one page that was not staged.
    const again = provider.asked.slice(asked);
    const firsts = again.filter((url) => !url.includes('after='));
    expect(firsts.length, again.join('\n')).to.be.within(3, 4);
    expect(again.length).to.be.within(9, 14);
    expect(await cursorOf()).to.equal(before);
    const rows = await tableOf(folder, 'orders');
    const expected = orders.map(({ id, total }, at) => [id, at === 39 ? '39.00' : `${total}.00`]);
    expect(rows.map(({ id, total }) => [id, total]).sort()).to.deep.equal(expected.sort());
    const audit = await told('audit');
    expect(audit.stdout).to.contain('Accounted for: 100 %');
  });

  it('never lets an older version in its range replace a newer one', async () => {
    await told('run', '-q');
    const newest = (await tableOf(folder, 'orders')).find(({ id }) => id === 'o39');
    expect(newest).to.include({ total: '39.50' });
    const kept = orders[39] as Order;
    // As if the API listed what it had cached.
    orders[39] = { ...kept, total: 1, at: minute(34) };
    await told('run', '-q', ...range);
    orders[39] = kept;
    expect((await tableOf(folder, 'orders')).find(({ id }) => id === 'o39')).to.include({ total: '39.50' });
  });

  it('is planned with its slices, requests and share, saved, and applied once', async () => {
    const file = join(folder, 'plan.json');
    const { stdout } = await told('plan', ...range, '--out', file);
    expect(stdout).to.contain('in 3 slices');
    const [, planned] = /about (\d+) requests, \d+ records/.exec(stdout) ?? [];
    expect(stdout).to.contain('with 100 % of each limit');
    const saved = JSON.parse(readFileSync(file, 'utf8')) as SavedPlan;
    expect(saved).to.include({ once: true, allowOver: 0.5 });
    const before = provider.asked.length;
    await told('run', '-q', '--plan', file);
    const happened = provider.asked.length - before;
    expect(Number(planned), `of ${happened} requests`).to.be.within(0.9 * happened, 1.1 * happened);
    const second = await command('run', '-q', '--plan', file);
    expect(second.stderr).to.match(/^error\[ETL0324\]: the plan was applied already by run/);
    expect(second.code).to.equal(4);
  });

  it('is refused under a saved plan when another run has worked on its range', async () => {
    const file = join(folder, 'moved.json');
    const other = [...range.slice(0, -1), minute(30)];
    await told('plan', ...other, '--out', file);
    await told('run', '-q', ...other);
    const { code, stderr } = await command('run', '-q', '--plan', file);
    expect(stderr).to.match(/^error\[ETL0337\]: the range of the backfill of shop\.orders has moved/);
    expect(code).to.equal(4);
  });

  it('reads on to the last record where the API knows no end, and drops what lies behind', async () => {
    edit(join(folder, 'sources/shop.yml'), ', to: {query: until}', '');
    const { stdout } = await told('plan', ...range);
    expect(stdout).to.contain('the API cannot be asked for the end of a range (`cursor.to`)');
    const done = await told('run', '-q', ...range, '--json');
    const { result } = JSON.parse(done.stdout) as { result: { streams: { received: number }[] } };
    const within = orders.filter(({ at }) => String(at) >= minute(5) && String(at) < minute(35)).length;
    expect(result.streams[0]?.received).to.equal(within);
  });
});
