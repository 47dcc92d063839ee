import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { closeLabs, errorOf, get, orders, shop, start } from './support/lab-project.ts';

const field = (cursor: Partial<config.Cursor>): config.Cursor => ({
  field: 'at',
  from: { query: 'since' },
  ...cursor,
});

/** Serves records with these cursor values, ids from 1; gives a function from the filter to the ids. */
async function serve(cursor: Partial<config.Cursor>, values: readonly unknown[], paginate?: config.Paginate) {
  const lines = values.map((at, index) => ({ id: index + 1, at }));
  const source = shop({ cursor: field(cursor), ...(paginate && { paginate }) });
  const lab = await start([source], orders(lines));
  const url = `${lab.sources['shop']}/orders`;
  const idsFrom = async (since: string): Promise<readonly number[]> =>
    (await get<{ id: number }[]>(`${url}?since=${encodeURIComponent(since)}`)).body.map(({ id }) => id);
  return { url, idsFrom };
}

const times = [
  '2026-01-02T00:00:00Z',
  '2026-01-01T12:00:00Z',
  '2026-01-02T01:00:00+01:00',
  '2026-01-01T18:30:00.000001-05:30',
  '2026-01-03T00:00:00.500Z',
];

describe('the cursor filter of the lab', () => {
  afterEach(closeLabs);

  it('serves by cursor, ties in the order of the file', async () => {
    const { url } = await serve({}, times);
    expect((await get<{ id: number }[]>(url)).body.map(({ id }) => id)).to.deep.equal([2, 1, 3, 4, 5]);
  });

  it('includes every record at the boundary, whatever its zone', async () => {
    const { idsFrom } = await serve({}, times);
    expect(await idsFrom('2026-01-02T00:00:00Z')).to.deep.equal([1, 3, 4, 5]);
    expect(await idsFrom('2026-01-01T19:00:00-05:00')).to.deep.equal([1, 3, 4, 5]);
    expect(await idsFrom('2026-01-02T00:00:00.000001Z')).to.deep.equal([4, 5]);
    expect(await idsFrom('2026-01-03T00:00:00.500001Z')).to.deep.equal([]);
    expect(await idsFrom('0001-01-01T00:00:00Z')).to.have.length(5);
  });

  it('keeps records back until their time comes where they are live', async () => {
    const clock = new VirtualClock(Date.parse('2026-01-02T00:00:00Z'));
    const source = shop({
      cursor: field({}),
      lab: { live: true },
      paginate: { type: 'link_header', size: 2 },
    });
    const lines = times.map((at, index) => ({ id: index + 1, at }));
    const lab = await start([source], orders(lines), { clock });
    const idsNow = async (): Promise<readonly number[]> => {
      const answer = await get<{ id: number }[]>(`${lab.sources['shop']}/orders?since=2026-01-01T13:00:00Z`);
      return answer.body.map(({ id }) => id);
    };
    expect(await idsNow()).to.deep.equal([1, 3]);
    await clock.sleep(24 * 60 * 60_000 + 499);
    const later = await get(`${lab.sources['shop']}/orders?since=2026-01-02T00:00:00.000001Z`);
    expect(later.body).to.have.length(1);
    await clock.sleep(1);
    expect(
      (await get(`${lab.sources['shop']}/orders?since=2026-01-02T00:00:00.000001Z`)).body,
    ).to.have.length(2);
    expect((await get(`${lab.sources['shop']}/orders`)).headers.get('link')).to.contain('rel="next"');
  });

  it('does not start where live records have no time', async () => {
    const source = shop({ lab: { live: true } });
    expect(await start([source], orders([{ id: 1 }])).catch(({ message }) => message)).to.contain('lab.live');
  });

  it('takes epochs in seconds and milliseconds where they are declared', async () => {
    const seconds = await serve({ format: 'epoch' }, [1767225600, '2026-01-01T00:00:01Z', 1767225601.5]);
    expect(await seconds.idsFrom('1767225601')).to.deep.equal([2, 3]);
    expect(await seconds.idsFrom('1767225601.5')).to.deep.equal([3]);
    expect(await errorOf(`${seconds.url}?since=2026-01-01T00:00:00Z`)).to.match(
      /^400: .* seconds since 1970/,
    );
    const millis = await serve({ format: 'epoch_ms' }, [1767225600000, 1767225600001]);
    expect(await millis.idsFrom('1767225600001')).to.deep.equal([2]);
  });

  it('compares integers beyond 2^53 exactly', async () => {
    const source = shop({ cursor: field({ type: 'integer', field: 'seq["no."]' }) });
    const numbers = ['9007199254740993', '-3', '9007199254740992', '12345678901234567890'];
    const lines = numbers
      .map((number) => `{"id":1,"seq":{"no.":0,"x":[{"no.":[]}],"no.":${number}}}\n`)
      .join('');
    const lab = await start([source], { 'lab/shop/orders.ndjson': lines });
    const text = async (since: string): Promise<readonly string[]> =>
      (await (await fetch(`${lab.sources['shop']}/orders?since=${since}`)).text()).match(/-?\d+(?=}})/g) ??
      [];
    expect(await text('-10')).to.deep.equal([
      '-3',
      '9007199254740992',
      '9007199254740993',
      '12345678901234567890',
    ]);
    expect(await text('9007199254740993')).to.deep.equal(['9007199254740993', '12345678901234567890']);
  });

  it('compares texts as texts', async () => {
    const { idsFrom } = await serve({ type: 'string' }, ['b', '10', '9', 'a']);
    expect(await idsFrom('9')).to.deep.equal([3, 4, 1]);
  });

  it('refuses a value that it cannot read', async () => {
    const { url } = await serve({}, times);
    for (const wrong of ['yesterday', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z', '1767225600', '']) {
      expect(await errorOf(`${url}?since=${wrong}`), wrong).to.match(
        /^400: Query parameter since must be an ISO 8601/,
      );
    }
    const integers = await serve({ type: 'integer' }, [1]);
    expect(await errorOf(`${integers.url}?since=1.5`)).to.equal(
      '400: Query parameter since must be a whole number, got 1.5.',
    );
  });

  it('binds page tokens to the filter', async () => {
    const { url } = await serve({}, times, { type: 'link_header', size: 2 });
    const since = 'since=2026-01-02T00:00:00Z';
    const link = (await get(`${url}?${since}`)).headers.get('link') ?? '';
    const next = new URL(/<(.*)>/.exec(link)?.[1] ?? '');
    expect((await get<{ id: number }[]>(next.href)).body.map(({ id }) => id)).to.deep.equal([4, 5]);
    next.searchParams.set('since', '2026-01-01T00:00:00Z');
    expect(await errorOf(next.href)).to.match(/^400: The page token/);
    next.searchParams.delete('since');
    expect(await errorOf(next.href)).to.match(/^400: The page token/);
  });
});
