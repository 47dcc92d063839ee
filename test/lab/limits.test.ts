import { connect } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { calendarOf } from '../../engine/lab/limits/calendar.ts';
import { type Meter, metersOf } from '../../engine/lab/meter.ts';
import type * as config from '../../engine/model/config.ts';
import { windowEndsUs } from '../../engine/services/limiter/calendar.ts';
import { closeLabs, failureOf, get, orders, StillClock, shop, start } from './support/lab-project.ts';

type Shaped = Omit<config.Limit, 'id'>;

const meterOf = (limit: Shaped): Meter =>
  metersOf([shop({}, { budget: { limits: [{ id: 'it', ...limit }] } })])[0]!;

const asked = { method: 'GET', path: '/orders', stream: 'orders', query: new URLSearchParams(), headers: {} };

async function passes(meter: Meter, atMs: number): Promise<boolean> {
  return (await meter.pass(asked, { steadyMs: atMs, epochMs: atMs })).excess === undefined;
}

interface Past {
  readonly atMs: number;
  readonly cost: number;
}

const sum = (past: readonly Past[]): number => past.reduce((total, { cost }) => total + cost, 0);
const epsilon = 1e-6;

type Allows = (past: readonly Past[], atMs: number, cost: number) => boolean;

/** What a shape allows, said without keeping any state: by all that was let through before. */
const definitions: Record<string, [Shaped, Allows]> = {
  'a bucket': [
    { bucket: { rate: '7/s', burst: 9 } },
    (past, atMs, cost) =>
      [...past, { atMs, cost }].every(
        (_, first) =>
          sum(past.slice(first)) + cost <= 9 + ((atMs - (past[first]?.atMs ?? atMs)) * 7) / 1000 + epsilon,
      ),
  ],
  spacing: [
    { spacing: '3/s' },
    (past, atMs) => past.every((before) => atMs - before.atMs >= 1000 / 3 - epsilon),
  ],
  'a sliding window': [
    { sliding: { limit: 12, per: '2s' } },
    (past, atMs, cost) => sum(past.filter((before) => before.atMs > atMs - 2000)) + cost <= 12,
  ],
  'a sliding window in parts': [
    { sliding: { limit: 12, per: '2s', buckets: 4 } },
    (past, atMs, cost) => {
      const part = (ms: number) => Math.floor(ms / 500);
      return sum(past.filter((before) => part(before.atMs) > part(atMs) - 4)) + cost <= 12;
    },
  ],
  'a fixed window': [
    { fixed: { limit: 12, per: '2s' } },
    (past, atMs, cost) =>
      sum(past.filter((before) => Math.floor(before.atMs / 2000) === Math.floor(atMs / 2000))) + cost <= 12,
  ],
};

/** Stands for a pause until exactly the time that the last refusal named. */
const asTold = -1;
const pauses = fc.array(fc.oneof(fc.constantFrom(0, asTold), fc.nat(30), fc.nat(400), fc.nat(3000)), {
  minLength: 1,
  maxLength: 200,
});

/** Sends requests with these pauses between them, and compares what the lab does with what the shape allows. */
async function follows(limit: Shaped, allows: Allows, gaps: readonly number[], cost: number): Promise<void> {
  const meter = meterOf({ ...limit, cost: { estimate: cost } });
  const past: Past[] = [];
  let atMs = 5000;
  let toldMs = 0;
  for (const gap of gaps) {
    atMs = gap === asTold ? Math.max(atMs, toldMs) : atMs + gap;
    const allowed = allows(past, atMs, cost);
    const { excess } = await meter.pass(asked, { steadyMs: atMs, epochMs: atMs });
    expect(excess === undefined, `${atMs}: ${JSON.stringify(past)}`).to.equal(allowed);
    if (excess === undefined) {
      past.push({ atMs, cost });
      continue;
    }
    const fitsMs = atMs + excess.waitMs;
    toldMs = fitsMs;
    expect(allows(past, fitsMs + 2 * epsilon, cost), 'the wait is long enough').to.equal(true);
    expect(allows(past, fitsMs - 1, cost) && excess.waitMs > 1, 'and no longer').to.equal(false);
  }
}

/** Begins requests, or ends the one at a place below 3, and compares what is under way. */
async function comeAndGo(choices: readonly number[], limit: number): Promise<void> {
  const meter = meterOf({ concurrency: { limit } });
  const now = { steadyMs: 0, epochMs: 0 };
  const underWay: { release(): void }[] = [];
  for (const choice of choices) {
    const ended = choice < 3 ? underWay.splice(choice, 1)[0] : undefined;
    ended?.release();
    const begun = ended === undefined ? await meter.pass(asked, now) : undefined;
    if (begun !== undefined && underWay.length < limit) underWay.push(begun);
    expect(meter.standings(now)[0]!.used).to.equal(underWay.length);
  }
}

describe('the shapes of the lab', () => {
  afterEach(closeLabs);

  for (const [name, [limit, allows]] of Object.entries(definitions)) {
    it(`hold requests to ${name} exactly, and say truly when the next one fits`, async () => {
      const costs = name === 'spacing' ? fc.constant(1) : fc.integer({ min: 1, max: 4 });
      await fc.assert(
        fc.asyncProperty(pauses, costs, (gaps, cost) => follows(limit, allows, gaps, cost)),
        { numRuns: 150 },
      );
    });
  }

  it('hold requests to a concurrency, whatever ends first', async () => {
    const choices = fc.array(fc.nat(5), { maxLength: 300 });
    await fc.assert(fc.asyncProperty(choices, (chosen) => comeAndGo(chosen, 4)));
  });

  it('bind a request by all limits at once, and count what one refuses in none', async () => {
    const [meter] = metersOf([
      shop(
        {},
        {
          budget: {
            limits: [
              { id: 'burst', sliding: { limit: 3, per: '1s' } },
              { id: 'day', fixed: { limit: 5, per: 'day' } },
            ],
          },
        },
      ),
    ]);
    const seen = [];
    for (const atMs of [0, 0, 0, 0, 0, 1000, 1000, 1000]) seen.push(await passes(meter!, atMs));
    expect(seen).to.deep.equal([true, true, true, false, false, true, true, false]);
    expect(meter!.tallies()).to.deep.equal({
      burst: { admitted: 5, refused: 2 },
      day: { admitted: 5, refused: 1 },
    });
  });

  it('leave to others what they use steadily', async () => {
    const shapes: Shaped[] = [
      { bucket: { rate: '100/s', burst: 5 } },
      { spacing: '100/s' },
      { sliding: { limit: 100, per: '1s' } },
      { sliding: { limit: 100, per: '1s', buckets: 10 } },
    ];
    for (const shape of shapes) {
      const meter = meterOf(shape);
      meter.others.share = 0.3;
      let admitted = 0;
      for (let atMs = 0; atMs < 10_000; atMs += 1) if (await passes(meter, atMs)) admitted += 1;
      expect(admitted, JSON.stringify(shape)).to.be.within(660, 710);
    }
  });

  it('give others their part of a fixed window as it passes', async () => {
    const meter = meterOf({ fixed: { limit: 100, per: 'second' } });
    meter.others.share = 0.3;
    const admitted = async (atMs: number) => {
      let times = 0;
      while (await passes(meter, atMs)) times += 1;
      return times;
    };
    expect([await admitted(0), await admitted(500), await admitted(1999)]).to.deep.equal([100, 0, 70]);
  });

  it('count each combination of a key on its own', async () => {
    const clock = new StillClock();
    const source = shop(
      {},
      {
        budget: {
          limits: [
            { id: 'each', fixed: { limit: 1, per: 'day' }, key: ['{stream}', '{header.X-Seller}-{account}'] },
          ],
        },
      },
    );
    const lab = await start([source], orders([]), { clock });
    const ask = async (seller: string) =>
      (await get(`${lab.sources['shop']}/orders`, { headers: { 'x-seller': seller } })).status;
    expect([await ask('a'), await ask('b'), await ask('a'), await ask('b')]).to.deep.equal([
      200, 200, 429, 429,
    ]);
    expect((await get(`${lab.sources['shop']}/elsewhere`, { headers: { 'x-seller': 'a' } })).status).to.equal(
      404,
    );
  });

  it('bind the streams and methods that they name', async () => {
    const streams = {
      orders: { request: { path: '/orders' }, primaryKey: ['id'] },
      items: { request: { path: '/items' }, primaryKey: ['id'], lab: { data: 'lab/shop/orders.ndjson' } },
    };
    const limits: config.Limit[] = [
      { id: 'items', fixed: { limit: 1, per: 'day' }, when: { stream: ['items'] } },
      { id: 'posts', fixed: { limit: 1, per: 'day' }, when: { method: ['POST'] } },
    ];
    const lab = await start([shop({}, { streams, budget: { limits } })], orders([]), {
      clock: new StillClock(),
    });
    const ask = async (path: string, method = 'GET') =>
      (await get(`${lab.sources['shop']}${path}`, { method })).status;
    expect([
      await ask('/items'),
      await ask('/items'),
      await ask('/orders'),
      await ask('/orders'),
    ]).to.deep.equal([200, 429, 200, 200]);
    expect([await ask('/orders', 'POST'), await ask('/orders', 'POST')]).to.deep.equal([405, 429]);
  });

  it('release a request when it is answered, not before', async () => {
    const source = shop(
      {},
      {
        budget: { limits: [{ id: 'inflight', concurrency: { limit: 2 } }] },
        lab: { latency: '60ms' },
      },
    );
    const lab = await start([source], orders([]));
    const ask = async () => (await get(`${lab.sources['shop']}/orders`)).status;
    expect((await Promise.all([ask(), ask(), ask()])).sort()).to.deep.equal([200, 200, 429]);
    expect(await Promise.all([ask(), ask()])).to.deep.equal([200, 200]);
  });

  it('release a request whose client has gone', async () => {
    const limits: config.Limit[] = [{ id: 'one', concurrency: { limit: 1 } }];
    const lab = await start([shop({}, { budget: { limits }, lab: { latency: '200ms' } })], orders([]));
    const url = `${lab.sources['shop']}/orders`;
    const gone = new AbortController();
    const left = fetch(url, { signal: gone.signal }).catch((error: unknown) => error);
    while (lab.stats()['shop']?.limits['one']?.admitted !== 1) await new Promise(setImmediate);
    gone.abort();
    await left;
    let status = 429;
    while (status === 429) status = (await get(url)).status;
    expect(status).to.equal(200);
  });

  it('release a request whose client has gone while it was on its way', async () => {
    const limits: config.Limit[] = [{ id: 'one', concurrency: { limit: 1 } }];
    const lab = await start(
      [shop({}, { budget: { limits }, lab: { jitter: '300ms', seed: 3 } })],
      orders([]),
    );
    const { port, pathname } = new URL(`${lab.sources['shop']}/orders`);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET ${pathname} HTTP/1.1\r\nHost: lab\r\n\r\n`, () =>
      setTimeout(() => socket.resetAndDestroy(), 30),
    );
    while (lab.stats()['shop']?.limits['one']?.admitted !== 1) await new Promise(setImmediate);
    expect((await get(`${lab.sources['shop']}/orders`)).status).to.equal(200);
  });
});

describe('the costs of the lab', () => {
  afterEach(closeLabs);

  it('are given back in every shape', async () => {
    const shapes: Shaped[] = [
      { bucket: { rate: '1/h', burst: 20 } },
      { sliding: { limit: 20, per: '1h' } },
      { sliding: { limit: 20, per: '1h', buckets: 6 } },
      { fixed: { limit: 20, per: 'hour' } },
    ];
    const now = { steadyMs: 1000, epochMs: 1000 };
    for (const shape of shapes) {
      const meter = meterOf({ ...shape, cost: { estimate: 10, actual: { header: 'x-cost' } } });
      for (let times = 0; times < 2; times += 1) (await meter.pass(asked, now)).settle(now);
      expect(meter.standings(now)[0]!.used, JSON.stringify(shape)).to.equal(10);
    }
  });

  const costing = async (cost: config.Cost, source: Partial<config.Source> = {}) => {
    const limits: config.Limit[] = [{ id: 'points', fixed: { limit: 20, per: 'day' }, cost }];
    const lab = await start([shop({ records: 'data' }, { budget: { limits }, ...source })], orders([]), {
      clock: new StillClock(),
    });
    return async (query = '', init: RequestInit = {}) => get(`${lab.sources['shop']}/orders${query}`, init);
  };
  const untilRefused = async (ask: () => Promise<{ readonly status: number }>): Promise<number> => {
    let times = 0;
    while ((await ask()).status !== 429) times += 1;
    return times;
  };

  it('are the estimate, or the one of the method', async () => {
    const estimated = await costing({ estimate: 7 });
    expect(await untilRefused(() => estimated())).to.equal(2);
    const byMethod = await costing({ byMethod: { GET: 4, default: 10 } });
    expect(await untilRefused(() => byMethod())).to.equal(5);
    const posted = await costing({ byMethod: { GET: 4, default: 10 } });
    expect(await untilRefused(() => posted('', { method: 'POST' }))).to.equal(2);
  });

  it('are what an expression makes of the request', async () => {
    const ask = await costing({ expr: '$number(query.limit) / 2 + ($contains(path, "orders") ? 1 : 0)' });
    expect(await untilRefused(() => ask('?limit=8'))).to.equal(4);
    expect((await ask('?limit=nothing')).status).to.equal(500);
  });

  it('are settled by half where the reply says the cost, in a header or in the body', async () => {
    const inHeader = await costing({ estimate: 9, actual: { header: 'x-cost' } });
    expect((await inHeader()).headers.get('x-cost')).to.equal('4');
    // 4, 8, then 12: one more of 9 would be 21.
    expect(await untilRefused(() => inHeader())).to.equal(2);
    const inBody = await costing({ estimate: 9, actual: { body: 'meta.cost' } });
    expect((await inBody()).body).to.deep.equal({ meta: { cost: 4 }, data: [] });
  });

  it('keep the lab from starting when they cannot be read, or cannot stand in the body', async () => {
    expect(await failureOf(costing({ expr: '1 +' }))).to.match(
      /^ETL0808: limit points of shop: the cost cannot be read/,
    );
    expect(await failureOf(costing({ actual: { body: 'data' } }))).to.match(
      /^ETL0808: .* cannot stand in one response/,
    );
  });
});

describe('the calendar of the lab', () => {
  const zones = ['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'];
  const units = ['second', 'minute', 'hour', 'day', 'week', 'month'] as const;

  /** Where the wall shows a whole hour: an hour around a change of the clocks by half an hour is longer. */
  function wholeHour(near: DateTime, step: 1 | -1): DateTime {
    const at = near.startOf('minute');
    return at.minute === 0 ? at : wholeHour(at.plus({ minutes: step }), step);
  }

  it('agrees with another one on every window', () => {
    const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), fc.constantFrom(...units), (epochMs, zone, per) => {
        const { fromMs, toMs } = calendarOf({ limit: 1, per, zone })(epochMs);
        const at = DateTime.fromMillis(epochMs, { zone });
        const from = per === 'hour' ? wholeHour(at, -1) : at.startOf(per);
        const to = per === 'hour' ? wholeHour(at.plus({ minutes: 1 }), 1) : from.plus({ [per]: 1 });
        expect([fromMs, toMs]).to.deep.equal([from.toMillis(), to.toMillis()]);
      }),
      { numRuns: 2000 },
    );
  });

  it('has windows without gaps, wherever the day begins', () => {
    const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) });
    const resets = fc.constantFrom('00:00', '02:30', '01:30', '17:00', '23:59');
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom(...zones),
        fc.constantFrom('day', 'week', 'month'),
        resets,
        (epochMs, zone, per, reset) => {
          const calendar = calendarOf({ limit: 1, per, zone, reset });
          const { fromMs, toMs } = calendar(epochMs);
          expect(fromMs <= epochMs && epochMs < toMs).to.equal(true);
          expect(calendar(fromMs)).to.deep.equal({ fromMs, toMs });
          expect(calendar(toMs - 1)).to.deep.equal({ fromMs, toMs });
          expect(calendar(toMs).fromMs).to.equal(toMs);
        },
      ),
      {
        numRuns: 2000,
        // The clocks skip the reset of the next day.
        examples: [[Date.parse('2021-03-13T10:30:00Z'), 'America/Los_Angeles', 'day', '02:30']],
      },
    );
  });

  it('is the one that the limiter goes by, where clocks change by half an hour too', () => {
    const changes = [
      '2026-10-03T15:30:00Z',
      '2026-04-04T15:00:00Z',
      '2026-03-08T10:00:00Z',
      '2026-11-01T09:00:00Z',
    ];
    const instant = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -7_200_000, max: 7_200_000 }))
      .map(([change, byMs]) => Date.parse(change) + byMs);
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), fc.constantFrom(...units), (epochMs, zone, unit) => {
        const calendar = calendarOf({ limit: 1, per: unit, zone });
        const [first = 0, second] = windowEndsUs({ unit, zone, resetMinutes: 0 }, epochMs);
        expect(first).to.equal(calendar(epochMs).toMs * 1000);
        expect(second).to.equal(calendar(first / 1000).toMs * 1000);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows days of 23 and 25 hours', () => {
    const day = calendarOf({ limit: 1, per: 'day', zone: 'America/Los_Angeles' });
    const hours = (iso: string) => {
      const { fromMs, toMs } = day(Date.parse(iso));
      return [new Date(fromMs).toISOString(), (toMs - fromMs) / 3_600_000];
    };
    expect(hours('2026-03-08T12:00:00Z')).to.deep.equal(['2026-03-08T08:00:00.000Z', 23]);
    expect(hours('2026-11-01T12:00:00Z')).to.deep.equal(['2026-11-01T07:00:00.000Z', 25]);
  });
});
