import { expect } from 'chai';
import { type Api, api, etl, json, ordersProject, start, tableOf } from '../support/cli.ts';

interface Order {
  readonly id: string;
  readonly total: unknown;
  readonly at: string;
}

const stream = `    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

const timeOf = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** An API over a list that a test may change; `held` pages are answered only when the test lets them. */
async function shop(orders: readonly Order[], hold?: (page: number) => Promise<void>): Promise<Api> {
  return api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('after') ?? 0);
    const since = query.get('since');
    const matching = orders.filter((one) => since === null || Date.parse(one.at) >= Date.parse(since));
    const page = {
      orders: matching.slice(from, from + 3),
      next: from + 3 < matching.length ? String(from + 3) : null,
    };
    void Promise.resolve(hold?.(from / 3 + 1)).then(() => json(response, page));
  });
}

const counts = (
  stdout: string,
): { inserted: number; updated: number; unchanged: number; pages: number; received: number } => {
  const { result } = JSON.parse(stdout);
  return { ...result.tables[0], ...result.streams[0] };
};

describe('an incremental run', function () {
  this.timeout(60_000);

  it('fetches only what changed, updates the changed row and leaves the others as they are', async () => {
    const orders: Order[] = Array.from({ length: 10 }, (_, at) => ({
      id: `o${at}`,
      total: at,
      at: timeOf(at),
    }));
    const provider = await shop(orders);
    const folder = ordersProject(provider.url, { stream });
    const first = counts((await etl(['run', '--json', '-p', folder])).stdout);
    expect(first).to.include({ inserted: 10, received: 10, pages: 4 });
    orders[2] = { id: 'o2', total: '99.90', at: timeOf(60) };
    orders.push({ id: 'o10', total: 10, at: timeOf(61) });
    const second = counts((await etl(['run', '--json', '-p', folder])).stdout);
    await provider.close();
    // o8 and o9 lie within the lookback: read again, recognised, not rewritten.
    expect(second).to.include({ received: 4, inserted: 1, updated: 1, unchanged: 2 });
    const rows = await tableOf(folder, 'orders');
    expect(rows).to.have.length(11);
    expect(rows.find((row) => row['id'] === 'o2')?.['total']).to.equal('99.90');
  });

  it('keeps integers and decimals beyond double precision to the last digit', async () => {
    const big =
      '{"orders":[{"id":12345678901234567890123456789012345678,"total":1234567890123456.78,"at":"2026-01-01T00:00:00Z"}]}';
    const provider = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(big);
    });
    const folder = ordersProject(provider.url, { properties: '  number: {from: id, type: integer}' });
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    await provider.close();
    const [row] = await tableOf(folder, 'orders');
    expect(row).to.deep.equal({
      id: '12345678901234567890123456789012345678',
      number: '12345678901234567890123456789012345678',
      total: '1234567890123456.78',
    });
  });

  it('goes on at the next page after kill -9, and ends with the same rows', async () => {
    const orders: Order[] = Array.from({ length: 30 }, (_, at) => ({
      id: `o${at}`,
      total: at,
      at: timeOf(at),
    }));
    const reached = later();
    let killed = false;
    const provider = await shop(orders, async (page) => {
      if (page < 8 || killed) return;
      reached.resolve();
      await new Promise(() => {});
    });
    const folder = ordersProject(provider.url, { stream });
    const running = start(['run', '-q', '-p', folder]);
    await reached.promise;
    running.child.kill('SIGKILL');
    await running.finished;
    killed = true;
    const before = provider.asked.length;
    const again = await etl(['run', '--json', '-p', folder]);
    await provider.close();
    expect(again.code).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.length(30);
    // Up to four pages were in flight; the others are not asked for again.
    expect(provider.asked.length - before).to.be.at.most(3 + 4);
    expect(provider.asked.slice(before)[0]).to.match(/after=(9|12|15|18|21)/);
  });

  it('stages the page and exits with 143 on SIGTERM; the next run goes on from there', async () => {
    const orders: Order[] = Array.from({ length: 12 }, (_, at) => ({
      id: `o${at}`,
      total: at,
      at: timeOf(at),
    }));
    const reached = later();
    let stopped = false;
    const provider = await shop(orders, async (page) => {
      if (page < 3 || stopped) return;
      reached.resolve();
      await new Promise(() => {});
    });
    const folder = ordersProject(provider.url, { stream });
    const running = start(['run', '-p', folder]);
    await reached.promise;
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.finished;
    stopped = true;
    expect(code).to.equal(143);
    expect(stdout).to.contain('Interrupted');
    const before = provider.asked.length;
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    await provider.close();
    expect(provider.asked[before]).to.contain('after=6');
    expect(await tableOf(folder, 'orders')).to.have.length(12);
  });

  it('maps kept pages again for a mapping that has changed, without a request', async () => {
    const orders: Order[] = Array.from({ length: 7 }, (_, at) => ({
      id: `o${at}`,
      total: at,
      at: timeOf(at),
    }));
    const provider = await shop(orders);
    const folder = ordersProject(provider.url, { stream });
    await etl(['run', '-q', '-p', folder]);
    const { writeFileSync, readFileSync } = await import('node:fs');
    const file = `${folder}/mappings/orders.yml`;
    writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n  at: {from: at, type: timestamp}\n`);
    const asked = provider.asked.length;
    const { code, stdout } = await etl(['run', '--json', '-p', folder]);
    await provider.close();
    expect(code).to.equal(0);
    expect(counts(stdout)).to.include({ updated: 7, inserted: 0 });
    expect(provider.asked.length - asked).to.equal(1);
    expect((await tableOf(folder, 'orders')).map((row) => row['at'])).to.not.include(null);
  });
});

/** `Promise.withResolvers` , which Node 20 lacks. */
function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
