import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import type { Expected, LimitFill, StreamHistory, WindowRecord } from '../../engine/model/estimate.ts';
import type { Plan, StreamPlan } from '../../engine/model/plan.ts';
import { estimatePlan } from '../../engine/operations/estimate/estimate.ts';
import { allowances, exhausted, hasQuota } from '../../engine/operations/estimate/quotas.ts';
import { recentWindows } from '../../engine/operations/estimate/recent.ts';
import { sourcePlan, streamPlan } from '../support/plans.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const minuteMs = 60_000;
const at = (minutes: number): string => new Date(nowMs + minutes * minuteMs).toISOString();
const cursorAt = (minutes: number): string => at(minutes).replace('.000Z', '.000000Z');

const paged: Partial<config.Stream> = { paginate: { type: 'link_header', size: 100 } };
const byCursor: Partial<config.Stream> = {
  ...paged,
  cursor: { field: 'at', lookback: '5m', from: { query: 'since' } },
};

const planOf = (streams: readonly StreamPlan[], limits: readonly config.Limit[] = []): Plan =>
  ({
    sources: { shop: sourcePlan({ budget: { headroom: '0%', limits: [...limits] } }) },
    mappings: { lines: { name: 'lines', stream: 'shop.orders' } },
    steps: streams.map((stream) => ({ kind: 'extract', id: stream.name, stream })),
  }) as unknown as Plan;

const windowAt = (minutes: number, more: Partial<WindowRecord> = {}): WindowRecord => ({
  run: 'run-1',
  startedAt: at(minutes),
  endedAt: at(minutes),
  from: cursorAt(minutes - 20),
  reached: cursorAt(minutes),
  records: 0,
  pages: 2,
  largest: 100,
  ended: true,
  ...more,
});

const history = (windows: readonly WindowRecord[], more: Partial<StreamHistory> = {}): StreamHistory => ({
  cursor: cursorAt(0),
  windows,
  rowsPerRecord: new Map([['lines', 2.5]]),
  ...more,
});

const estimateOf = (
  plan: Plan,
  histories: Readonly<Record<string, StreamHistory>>,
  fills: readonly LimitFill[] = [],
) => estimatePlan(plan, { nowMs, histories: new Map(Object.entries(histories)), fills });

const only = (stream: Partial<config.Stream>, past: StreamHistory, limits?: readonly config.Limit[]) =>
  estimateOf(planOf([streamPlan(stream)], limits), { 'shop.orders': past }).streams[0];

describe('the estimate of a stream', () => {
  it('goes by the new records of the last runs, and what the lookback reads again', () => {
    // Each quarter of an hour 1,500 new ones and 500 in the lookback, and the record at the cursor.
    const runs = [-15, -30, -45].map((minutes) => windowAt(minutes, { records: 2001 }));
    const first = windowAt(-60, { records: 90_000 });
    const { expected } = only(byCursor, history([...runs, first])) ?? {};
    expect(expected).to.include({ records: 2001, requests: 21 });
    expect(expected?.rows).to.deep.equal({ lines: 5003 });
    expect(expected?.basis).to.equal('the last 3 runs: 6,000 new records an hour, 501 read again');
  });

  it('expects nothing new where nothing came, however long it was not read', () => {
    const still = { records: 3, pages: 1, largest: 3, reached: cursorAt(-3000) };
    const { expected } = only(byCursor, history([windowAt(-900, still), windowAt(-901, still)])) ?? {};
    expect(expected).to.include({ records: 3, requests: 1, minutes: 0 });
  });

  it('goes by the times of its records where it was read once', () => {
    // 150 records in the quarter of an hour before it was read, which is over as long; 40 lie in the lookback.
    const past = history([windowAt(-15, { records: 90_000, from: undefined as never })]);
    const slices = recentWindows(streamPlan(byCursor), past, nowMs);
    expect(slices).to.deep.equal([
      { from: '', to: cursorAt(-30) },
      { from: cursorAt(-30), to: cursorAt(0) },
      { from: cursorAt(-5), to: cursorAt(0) },
    ]);
    const range = { slices: slices ?? [], records: [89_000, 150, 40], mapping: 'lines' };
    const { expected } = only(byCursor, { ...past, range }) ?? {};
    expect(expected).to.include({ records: 150 + 41, requests: 2 });
    expect(expected?.basis).to.contain('600 an hour before it was read, 41 read again');
  });

  it('is unknown where its records did not go back as long as it was not read since', () => {
    const range = { slices: [], records: [0, 150, 40], mapping: 'lines' };
    expect(only(byCursor, history([windowAt(-15)], { range }))?.unknown).to.match(
      /^it was read once, longer ago/,
    );
  });

  it('counts no records as recent where the newest are old', () => {
    const past = history([windowAt(-15)], { cursor: cursorAt(-100_000) });
    const [, recent] = recentWindows(streamPlan(byCursor), past, nowMs) ?? [];
    expect(recent).to.deep.equal({ from: cursorAt(-100_000), to: cursorAt(-100_000) });
  });

  const unknowns: readonly [string, Partial<config.Stream>, StreamHistory, RegExp][] = [
    [
      'it was not read before',
      byCursor,
      history([], { cursor: undefined } as never),
      /^it was not read before/,
    ],
    ['it was read once', byCursor, history([windowAt(-15)]), /^it was read once/],
    [
      'the time since is much longer than what is known',
      byCursor,
      history([windowAt(-300, { records: 900 }), windowAt(-301)]),
      /^it was not read for much longer/,
    ],
    [
      'no page was full and none has a size',
      { ...byCursor, paginate: { type: 'link_header' } },
      history([
        windowAt(-15, { records: 900, pages: 1, largest: 9 }),
        windowAt(-30, { pages: 1, largest: 9 }),
      ]),
      /^how many records a page holds/,
    ],
    [
      'a window is open and no total is known',
      paged,
      history([windowAt(-1, { ended: false })], { open: { startedAt: at(-1), pages: 2 } as never }),
      /^a window is open after 2 pages/,
    ],
  ];
  for (const [name, stream, past, why] of unknowns) {
    it(`is unknown where ${name}, and says so`, () => {
      const found = only(stream, past);
      expect(found?.expected).to.equal(undefined);
      expect(found?.unknown).to.match(why);
    });
  }

  it('takes what is read of an open window off the total', () => {
    const open = { startedAt: at(-1), pages: 3 } as never;
    const past = history([windowAt(-1, { ended: false, total: 1050, records: 300, pages: 3 })], { open });
    const found = only(paged, past);
    expect(found?.window).to.deep.equal({ kind: 'resume', pages: 3 });
    expect(found?.expected).to.include({ records: 750, requests: 8 });
  });

  it('takes a whole listing for as long as the last one', () => {
    const { cursor: _, ...past } = history([windowAt(-1, { records: 420 })]);
    const { from: __, ...whole } = past.windows[0] as WindowRecord;
    expect(only(paged, { ...past, windows: [whole] })?.expected).to.include({ records: 420, requests: 5 });
  });

  it('counts lookups apart', () => {
    const lookups = { buyer: { path: '/buyers/{id}' } } as never;
    expect(only({ ...paged, lookups }, history([]))).to.include({ lookups: true });
  });
});

/** What is expected of streams that each read so many pages of 100. */
function minutesOf(
  limits: readonly config.Limit[],
  pages: Readonly<Record<string, number>>,
  weights: Readonly<Record<string, number>> = {},
): Readonly<Record<string, Expected | undefined>> {
  const streams = Object.keys(pages).map((name) => ({
    ...streamPlan(paged),
    name,
    weight: weights[name] ?? 1,
  }));
  const histories = Object.fromEntries(
    Object.entries(pages).map(([name, count]): [string, StreamHistory] => {
      const { from: _, ...whole } = windowAt(-1, { records: 100 * count, pages: 2 });
      return [`shop.${name}`, { windows: [whole], rowsPerRecord: new Map() }];
    }),
  );
  const found = estimateOf(planOf(streams, limits), histories).streams;
  return Object.fromEntries(found.map(({ stream, expected }) => [stream.slice(5), expected]));
}

describe('the minutes of an estimate', () => {
  it('are those of the slowest limit, its burst taken off', () => {
    const limits: config.Limit[] = [
      { id: 'fast', bucket: { rate: '10/s', burst: 1 } },
      { id: 'slow', bucket: { rate: '1/s', burst: 10 } },
    ];
    const { orders } = minutesOf(limits, { orders: 70 });
    expect(orders?.decidedBy).to.equal('slow');
    expect(orders?.minutes).to.be.closeTo(1, 0.1);
    expect(orders?.limits.map(({ id }) => id)).to.deep.equal(['fast', 'slow']);
  });

  it('are those of all streams that take turns at a limit', () => {
    const limits: config.Limit[] = [{ id: 'rate', bucket: { rate: '1/s', burst: 1 } }];
    const even = minutesOf(limits, { orders: 120, products: 30 });
    expect(even['orders']?.minutes).to.be.closeTo(2.5, 0.05);
    expect(even['products']?.minutes).to.be.closeTo(1, 0.05);
    const weighted = minutesOf(limits, { orders: 120, products: 30 }, { products: 3 });
    expect(weighted['products']?.minutes).to.be.closeTo(40 / 60, 0.05);
  });

  it('wait for each window of a calendar but the first', () => {
    const limits: config.Limit[] = [{ id: 'minute', fixed: { limit: 100, per: 'minute' } }];
    expect(minutesOf(limits, { orders: 100 })['orders']?.minutes).to.equal(0);
    expect(minutesOf(limits, { orders: 250 })['orders']?.minutes).to.equal(2);
  });

  it('are as long as answers took before, where limits are wider', () => {
    const { from: _, ...whole } = windowAt(-60, { records: 6100, pages: 61, endedAt: at(-58) });
    const expected = only(paged, history([whole]))?.expected;
    expect(expected).to.include({ requests: 61, decidedBy: 'answers' });
    expect(expected?.minutes).to.be.closeTo(2, 0.1);
  });
});

describe('quotas', () => {
  const daily: config.Limit = { id: 'daily', fixed: { limit: 100, per: 'day', zone: 'UTC' } };
  const whole = (pages: number): StreamHistory => {
    const { from: _, ...window } = windowAt(-1, { records: 100 * pages, pages: 2 });
    return { windows: [window], rowsPerRecord: new Map() };
  };
  const fill = (used: number): readonly LimitFill[] => [
    { domain: 'shop', id: 'daily', partition: '', fill: used },
  ];
  const streams = ['orders', 'products', 'news'].map((name) => ({ ...streamPlan(paged), name }));
  const plan = planOf(streams, [daily]);

  it('are no matter while everything fits', () => {
    const pasts = { 'shop.orders': whole(20), 'shop.products': whole(20), 'shop.news': whole(1) };
    const found = estimateOf(plan, pasts, fill(0.5));
    expect(found.quotas).to.deep.equal([
      {
        domain: 'shop',
        id: 'daily',
        partition: '',
        declared: '100 per day (UTC)',
        remaining: 50,
        resetsAt: '2026-03-02T00:00:00.000Z',
        streams: ['shop.orders', 'shop.products', 'shop.news'],
        needed: 41,
      },
    ]);
    expect([...allowances(found)]).to.deep.equal([]);
  });

  it('are split: little needs are met, the rest is shared by the others', () => {
    const pasts = { 'shop.orders': whole(90), 'shop.products': whole(60), 'shop.news': whole(1) };
    const found = estimateOf(plan, pasts, fill(0.5));
    expect(found.quotas[0]?.split).to.deep.equal({ 'shop.news': 1, 'shop.products': 24, 'shop.orders': 25 });
    expect(allowances(found).get('shop.orders')).to.deep.equal({
      pages: 25,
      kind: 'quota',
      quota: 'daily',
      resetsAt: '2026-03-02T00:00:00.000Z',
    });
  });

  it('bound a stream of which nothing is known', () => {
    const pasts = { 'shop.orders': whole(10), 'shop.products': whole(20) };
    const found = estimateOf(plan, pasts, fill(0.5));
    expect(found.quotas[0]?.split).to.include({ 'shop.news': 20 });
  });

  it('keep a run from starting when nothing is left for any stream', () => {
    const pasts = { 'shop.orders': whole(1), 'shop.products': whole(1), 'shop.news': whole(1) };
    const spent = estimateOf(plan, pasts, fill(1));
    expect(exhausted(spent, allowances(spent))?.code).to.equal('ETL0332');
    const left = estimateOf(plan, pasts, fill(0.98));
    expect(exhausted(left, allowances(left))).to.equal(undefined);
  });

  it('are limits that count by the hour or longer', () => {
    const minute: config.Limit = { id: 'minute', fixed: { limit: 100, per: 'minute' } };
    expect(hasQuota(planOf(streams, [daily]))).to.equal(true);
    expect(hasQuota(planOf(streams, [minute]))).to.equal(false);
    expect(hasQuota(planOf([], [daily]))).to.equal(false);
  });
});
