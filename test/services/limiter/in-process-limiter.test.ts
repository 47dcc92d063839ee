import { expect } from 'chai';
import type * as config from '../../../engine/model/config.ts';
import type { Limiter, Memory, PermitRequest } from '../../../engine/model/ports.ts';
import { inProcessLimiter } from '../../../engine/services/limiter/in-process-limiter.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

interface Sent {
  readonly stream: string;
  readonly atMs: number;
  readonly boundBy?: string;
}

type Wanted = Parameters<typeof requestOf>[1];

/** Sends what is wanted, all asked for at once; each request takes no time. */
async function drive(
  limits: readonly config.Limit[],
  wanted: readonly Wanted[],
  clock = new VirtualClock(),
): Promise<Sent[]> {
  const limiter = inProcessLimiter({ clock });
  const budget = budgetOf(limits);
  const startUs = clock.monotonicUs();
  const sent: Sent[] = [];
  await Promise.all(
    wanted.map(async (one) => {
      const request = requestOf(budget, one);
      const permit = await limiter.acquire(budget, request);
      const { boundBy } = permit;
      const atMs = (clock.monotonicUs() - startUs) / 1000;
      sent.push({ stream: request.stream, atMs, ...(boundBy !== undefined && { boundBy }) });
      limiter.settle(permit, { outcome: 'answered' });
    }),
  );
  await limiter.close();
  return sent;
}

const times = (count: number, one: Wanted = {}): Wanted[] => Array.from({ length: count }, () => one);
const at = (sent: readonly Sent[]): number[] => sent.map(({ atMs }) => atMs);

function memoryOf(): Memory {
  const texts = new Map<string, string>();
  return {
    recall: async (name) => texts.get(name),
    remember: async (name, text) => void texts.set(name, text),
    swap: async (name, before, text) => {
      if (texts.get(name) !== before) return false;
      texts.set(name, text);
      return true;
    },
    forget: async (name) => void texts.delete(name),
  };
}

describe('the limiter in one process', () => {
  it('lets a burst through at once and then keeps the rate', async () => {
    // Of the burst of 5 one is kept back, and what arrives within 50 ms of jitter.
    const sent = await drive([{ id: 'rest', bucket: { rate: '2/s', burst: 5 } }], times(6));
    expect(at(sent)).to.deep.equal([0, 0, 0, 500, 1000, 1500]);
    expect(sent[3]?.boundBy).to.equal('rest');
  });

  it('holds to every limit that binds a request, each with its own count', async () => {
    const limits = [
      { id: 'app', spacing: '10/s' },
      { id: 'search', spacing: '1/s' },
    ];
    const both = await drive(limits, times(3));
    expect(at(both)).to.deep.equal([0, 1000, 2000]);
    expect(both[2]?.boundBy).to.equal('search');
    expect(at(await drive(limits, times(3, { bound: ['app'] })))).to.deep.equal([0, 100, 200]);
  });

  it('does not let a stream behind a slow limit keep others from theirs', async () => {
    const limits = [
      { id: 'app', spacing: '10/s' },
      { id: 'slow', spacing: '1/m' },
    ];
    const sent = await drive(limits, [
      ...times(3, { stream: 'shop.reports' }),
      ...times(10, { stream: 'shop.orders', bound: ['app'] }),
    ]);
    const orders = sent.filter(({ stream }) => stream === 'shop.orders');
    expect(orders.at(-1)?.atMs).to.be.at.most(1100);
  });

  it('lets no window of any beginning hold too many', async () => {
    const sent = await drive([{ id: 'ten', sliding: { limit: 5, per: '10s' } }], times(12));
    expect(at(sent)).to.deep.equal([0, 0, 0, 0, 0, 10050, 10050, 10050, 10050, 10050, 20100, 20100]);
  });

  it('opens a calendar window a moment late when the last one was used up', async () => {
    const sent = await drive([{ id: 'minute', fixed: { limit: 2, per: 'minute' } }], times(4));
    expect(at(sent)).to.deep.equal([0, 0, 60050, 60050]);
  });

  it('ends a day where its zone does, also on the day that clocks change', async () => {
    // 2026-03-08 has 23 hours in Los Angeles: it begins at 08:00 UTC and ends at 07:00 UTC.
    const clock = new VirtualClock(Date.parse('2026-03-08T09:00:00Z'));
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'day', fixed: { limit: 1, per: 'day', zone: 'America/Los_Angeles' } }], {
      patience: '2d',
    });
    await limiter.acquire(budget, requestOf(budget));
    await limiter.acquire(budget, requestOf(budget));
    expect(new Date(clock.now()).toISOString()).to.equal('2026-03-09T07:00:00.050Z');
  });

  it('spreads a window evenly where that is wanted', async () => {
    const sent = await drive([{ id: 'minute', fixed: { limit: 60, per: 'minute' }, pace: 'even' }], times(4));
    expect(at(sent).map((ms) => Math.round(ms / 100))).to.deep.equal([0, 10, 20, 30]);
  });

  it('keeps so many requests under way at once, and goes on when one ends', async () => {
    const clock = new VirtualClock();
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'inflight', concurrency: { limit: 2 } }]);
    let [now, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 9 }, async (_, n) => {
        const permit = await limiter.acquire(budget, requestOf(budget));
        now += 1;
        most = Math.max(most, now);
        await clock.sleep(100 + n);
        now -= 1;
        limiter.settle(permit, { outcome: n % 2 === 0 ? 'answered' : 'failed' });
      }),
    );
    expect(most).to.equal(2);
    await limiter.close();
  });

  it('renews the lease of a request that takes longer than its lease', async () => {
    const clock = new VirtualClock();
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'inflight', concurrency: { limit: 1, lease: '1s' } }]);
    const long = await limiter.acquire(budget, requestOf(budget));
    let second = false;
    const waiting = limiter.acquire(budget, requestOf(budget)).then(() => {
      second = true;
    });
    await clock.sleep(10_000);
    expect(second).to.equal(false);
    limiter.settle(long, { outcome: 'answered' });
    await waiting;
    await limiter.close();
  });

  it('lets streams that wait take turns by their weight', async () => {
    const sent = await drive(
      [{ id: 'rest', spacing: '10/s' }],
      [...times(40, { stream: 'big', weight: 3 }), ...times(10, { stream: 'small' })],
    );
    const bySmall = sent.slice(0, 40).filter(({ stream }) => stream === 'small').length;
    expect(bySmall).to.be.within(9, 11);
  });

  it('lets a stream of high priority go first, and one of low priority not wait for ever', async () => {
    const sent = await drive(
      [{ id: 'rest', spacing: '10/s' }],
      [
        ...times(60, { stream: 'normal' }),
        ...times(8, { stream: 'low', priority: 'low' }),
        ...times(8, { stream: 'high', priority: 'high' }),
      ],
    );
    const place = (name: string): number => sent.map(({ stream }) => stream).lastIndexOf(name);
    expect(place('high')).to.be.below(14);
    expect(sent.slice(0, 50).some(({ stream }) => stream === 'low')).to.equal(true);
  });

  it('says what made a permit wait, and for how long', async () => {
    const clock = new VirtualClock();
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'rest', spacing: '2/s' }]);
    const first = await limiter.acquire(budget, requestOf(budget));
    expect(first).to.include({ waitedMs: 0, domain: 'shop' });
    expect(first).to.not.have.property('boundBy');
    const second = limiter.acquire(budget, requestOf(budget));
    const third = limiter.acquire(budget, requestOf(budget));
    await clock.sleep(100);
    expect(limiter.waiting()).to.have.length(1);
    expect(limiter.waiting()[0]).to.include({ stream: 'shop.orders', domain: 'shop', boundBy: 'rest' });
    expect(await second).to.include({ waitedMs: 500, boundBy: 'rest' });
    expect(await third).to.include({ waitedMs: 1000, boundBy: 'rest' });
  });

  it('leaves the queue when it is told to stop, and takes nothing with it', async () => {
    const clock = new VirtualClock();
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'rest', spacing: '1/s' }]);
    await limiter.acquire(budget, requestOf(budget));
    const abort = new AbortController();
    const gone = limiter.acquire(budget, requestOf(budget, { stream: 'gone' }), abort.signal);
    const other = limiter.acquire(budget, requestOf(budget, { stream: 'other' }));
    await clock.sleep(10);
    abort.abort(new Error('stopped'));
    expect(await gone.catch((error: Error) => error.message)).to.equal('stopped');
    const startUs = clock.monotonicUs();
    await other;
    expect((clock.monotonicUs() - startUs) / 1000).to.be.at.most(1000);
    expect(await limiter.acquire(budget, requestOf(budget), abort.signal).catch(String)).to.contain(
      'stopped',
    );
  });

  it('drops a permit whose time has passed, and asks for another', async () => {
    const clock = new StallingClock();
    const limiter = inProcessLimiter({ clock });
    const budget = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    const sent: number[] = [];
    const sendAll = Promise.all(
      Array.from({ length: 6 }, async () => {
        await limiter.acquire(budget, requestOf(budget));
        sent.push(clock.monotonicUs() / 1000);
      }),
    );
    clock.stallAfter(2, 400);
    await sendAll;
    const gaps = sent.slice(1).map((ms, n) => ms - (sent[n] ?? 0));
    // Without the expiry the late permit and the next one go out together.
    expect(Math.min(...gaps)).to.be.at.least(99);
  });
});

/** A clock that once wakes a sleeper much too late, as a busy event loop does. */
class StallingClock extends VirtualClock {
  #sleeps = Number.POSITIVE_INFINITY;
  #stallMs = 0;

  stallAfter(sleeps: number, ms: number): void {
    this.#sleeps = sleeps;
    this.#stallMs = ms;
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#sleeps -= 1;
    await super.sleep(this.#sleeps === 0 ? ms + this.#stallMs : ms, signal);
  }
}

describe('a freeze', () => {
  const limits = [
    { id: 'rest', bucket: { rate: '10/s', burst: 20 } },
    { id: 'search', spacing: '10/s' },
  ];
  let clock: VirtualClock;
  let limiter: Limiter;
  const budget = budgetOf(limits);
  const order = { cause: 'throttle', reason: '429 too many requests' } as const;

  const send = async (request: PermitRequest = requestOf(budget)): Promise<number> => {
    const permit = await limiter.acquire(budget, request);
    limiter.settle(permit, { outcome: 'answered' });
    return clock.monotonicUs() / 1000;
  };

  beforeEach(() => {
    clock = new VirtualClock();
    limiter = inProcessLimiter({ clock, random: () => 0 });
  });
  afterEach(() => limiter.close());

  it('is never shorter than the API asks, and a little longer', async () => {
    const startMs = clock.monotonicUs() / 1000;
    expect(await limiter.freeze(budget, { ...order, ms: 2000 })).to.equal(2150);
    expect((await send()) - startMs).to.be.at.least(2150);
  });

  it('holds back permits that were granted for later', async () => {
    const spaced = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    await limiter.acquire(spaced, requestOf(spaced));
    const held = limiter.acquire(spaced, requestOf(spaced));
    await clock.sleep(50);
    const startMs = clock.monotonicUs() / 1000;
    await limiter.freeze(spaced, { ...order, ms: 1000 });
    await held;
    expect(clock.monotonicUs() / 1000 - startMs).to.be.at.least(1000);
  });

  it('tries one request before it lets the others go, and lets no burst go off then', async () => {
    await limiter.freeze(budget, { ...order, ms: 1000 });
    const rest = requestOf(budget, { bound: ['rest'] });
    const asked = Array.from({ length: 5 }, () => limiter.acquire(budget, rest));
    const first = await asked[0];
    let others = 0;
    for (const one of asked.slice(1)) void one.then(() => others++);
    await clock.sleep(3000);
    expect(others).to.equal(0);
    if (first !== undefined) limiter.settle(first, { outcome: 'answered' });
    const openMs = clock.monotonicUs() / 1000;
    await Promise.all(asked);
    expect(clock.monotonicUs() / 1000 - openMs).to.be.within(0, 1000);
  });

  it('of one limit leaves the others alone', async () => {
    const startMs = clock.monotonicUs() / 1000;
    await limiter.freeze(budget, { ...order, ms: 5000, limit: { id: 'search', partition: '' } });
    expect((await send(requestOf(budget, { bound: ['rest'] }))) - startMs).to.equal(0);
    expect((await send()) - startMs).to.be.at.least(5000);
  });

  it('lasts longer each time when the API says no time, until a request is answered', async () => {
    const ms: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      ms.push(await limiter.freeze(budget, order));
      await clock.sleep(ms.at(-1) as number);
    }
    expect(ms).to.deep.equal([500, 1000, 2000]);
    await send();
    await clock.sleep(100);
    expect(await limiter.freeze(budget, order)).to.equal(500);
  });

  it('takes off the rate once, however many throttles led to it, and gives it back slowly', async () => {
    await send();
    for (let n = 0; n < 20; n += 1) await limiter.freeze(budget, { ...order, ms: 1000 });
    await clock.sleep(2000);
    await send();
    const factor = async (): Promise<number> => (await limiter.status(budget)).limits[0]?.rateFactor ?? 0;
    expect(await factor()).to.be.closeTo(0.7, 0.01);
    await clock.sleep(120_000);
    expect(await factor()).to.be.closeTo(0.8, 0.01);
  });

  it('that would outlast the patience stops the stream, with what the API said', async () => {
    await limiter.freeze(budget, { cause: 'quota', reason: 'daily limit reached', ms: 3_600_000 });
    const error = await send().catch(String);
    expect(error).to.contain('ETL0451').and.contain('frozen until').and.contain('quota');
  });

  it('by hand lasts until it is thawed, also for the next run', async () => {
    const memory = memoryOf();
    const one = inProcessLimiter({ clock, memory });
    await one.freeze(budget, { cause: 'manual', reason: 'the shop moves' });
    await one.close();
    const next = inProcessLimiter({ clock, memory });
    const refused = await next.acquire(budget, requestOf(budget)).catch((error) => error.diagnostic);
    expect(refused.help.join(' ')).to.contain('the shop moves').and.contain('etl limits thaw shop');
    expect(await next.thaw(budget)).to.equal(1);
    await next.acquire(budget, requestOf(budget));
    await next.close();
  });
});

describe('what is kept between runs', () => {
  it('is the count of a quota, so that two runs a day share it', async () => {
    const clock = new VirtualClock();
    const memory = memoryOf();
    const budget = budgetOf([{ id: 'day', fixed: { limit: 3, per: 'day' } }]);
    for (let run = 0; run < 3; run += 1) {
      const limiter = inProcessLimiter({ clock, memory });
      await limiter.acquire(budget, requestOf(budget));
      await limiter.close();
      await clock.sleep(60_000);
    }
    const limiter = inProcessLimiter({ clock, memory });
    const error = await limiter.acquire(budget, requestOf(budget)).catch(String);
    expect(error).to.contain('limit day of shop is used up until 2026-01-02T00:00:00Z');
  });
});
