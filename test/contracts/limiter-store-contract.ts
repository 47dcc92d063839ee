import { expect } from 'chai';
import type { FreezeOrder } from '../../engine/model/ports.ts';
import type {
  Answer,
  Ask,
  AskLimit,
  AskShape,
  BudgetStore,
  Grant,
  Later,
  Settled,
} from '../../engine/services/limiter/store.ts';

/** A store whose time the tests set. */
export interface StoreInTime {
  readonly store: BudgetStore;
  setUs(us: number): void;
}

const startUs = Date.parse('2026-03-01T12:00:00Z') * 1000;
const second = 1_000_000;

const bucket = (perSecond: number, burst: number): AskShape => ({
  kind: 'bucket',
  intervalUs: second / perSecond,
  burst,
  capacity: burst,
});

const limitOf = (shape: AskShape, settings: Partial<AskLimit> = {}): AskLimit => ({
  id: 'rest',
  partition: '',
  cost: 1,
  shape,
  even: false,
  used: 1,
  raiseMax: 1,
  ...settings,
});

/** One domain of a store, in a time that the test moves. */
class Budget {
  readonly store: BudgetStore;
  readonly domain: string;
  readonly #setUs: (us: number) => void;
  #us = startUs;

  constructor({ store, setUs }: StoreInTime, domain: string) {
    this.store = store;
    this.domain = domain;
    this.#setUs = setUs;
    setUs(startUs);
  }

  /** Lets time pass; also backwards. */
  pass(seconds: number): void {
    this.#us += seconds * second;
    this.#setUs(this.#us);
  }

  ask(
    limits: readonly AskLimit[],
    settings: Partial<Ask> = {},
    settled: readonly Settled[] = [],
  ): Promise<Answer> {
    const ask = {
      member: 'orders',
      process: 'one',
      weight: 1,
      low: false,
      backlog: false,
      horizonUs: second / 4,
    };
    return this.store.ask(this.domain, { ...ask, ...settings, limits }, settled);
  }

  async granted(limits: readonly AskLimit[], settings: Partial<Ask> = {}): Promise<Grant> {
    const answer = await this.ask(limits, settings);
    expect(answer.kind, JSON.stringify(answer)).to.equal('grant');
    return answer as Grant;
  }

  async later(limits: readonly AskLimit[], settings: Partial<Ask> = {}): Promise<Later> {
    const answer = await this.ask(limits, settings);
    expect(answer.kind, JSON.stringify(answer)).to.equal('later');
    return answer as Later;
  }

  settle({ ticket }: Grant, limits: readonly AskLimit[], how: Partial<Settled> = {}): Promise<void> {
    const settled: Settled = { ticket, limits, outcome: 'answered', costs: {}, observations: [], ...how };
    return this.store.settle(this.domain, [settled]);
  }

  /** Seconds until it ends. */
  async freeze(order: Partial<FreezeOrder> = {}, random = 1): Promise<number> {
    return (
      (await this.store.freeze(this.domain, { cause: 'throttle', reason: 'too fast', ...order }, random)) /
      1000
    );
  }

  thaw(scope?: string): Promise<number> {
    return this.store.thaw(this.domain, scope);
  }
}

/** What every store of budgets does. */
export function limiterStoreContract(made: () => Promise<StoreInTime>): void {
  let inTime: StoreInTime;
  let budget: Budget;
  let domains = 0;
  before(async () => {
    inTime = await made();
  });
  beforeEach(() => {
    domains += 1;
    budget = new Budget(inTime, `shop {${domains}}`);
  });
  after(() => inTime?.store.close());

  it('lets a burst of a bucket go at once, and then one after the other', async () => {
    const rest = [limitOf(bucket(10, 2))];
    const waits = [];
    for (let at = 0; at < 4; at += 1) waits.push((await budget.granted(rest)).waitUs);
    expect(waits).to.deep.equal([0, 0, 100_000, 200_000]);
    expect(await budget.later(rest)).to.deep.include({ waitUs: 300_000, why: 'limit', boundBy: 'rest' });
  });

  it('reserves nothing when it answers later', async () => {
    const slow = limitOf(bucket(1, 1), { id: 'slow' });
    const fast = limitOf(bucket(100, 1), { id: 'fast' });
    await budget.granted([slow, fast]);
    for (let at = 0; at < 5; at += 1) await budget.later([slow, fast]);
    expect((await budget.granted([fast])).waitUs).to.equal(10_000);
  });

  it('holds to every limit that binds a request, each partition with its own count', async () => {
    const of = (partition: string): AskLimit[] => [
      limitOf({ kind: 'sliding', count: 1, windowUs: second }, { partition }),
      limitOf({ kind: 'sliding', count: 2, windowUs: second }, { id: 'all' }),
    ];
    await budget.granted(of('north'));
    expect((await budget.later(of('north'))).boundBy).to.equal('rest');
    await budget.granted(of('south'));
    expect((await budget.later(of('west'))).boundBy).to.equal('all');
  });

  it('lets no window hold too much, and counts what a request costs', async () => {
    const window = (cost: number): AskLimit[] => [
      limitOf({ kind: 'sliding', count: 10, windowUs: second }, { cost }),
    ];
    await budget.granted(window(6));
    budget.pass(0.5);
    await budget.granted(window(4));
    expect((await budget.later(window(1))).waitUs).to.equal(500_000);
    budget.pass(0.5);
    await budget.granted(window(6));
    expect((await budget.later(window(1))).waitUs).to.equal(500_000);
  });

  it('counts a long window in parts, the part that is half inside as a whole', async () => {
    const hour = [limitOf({ kind: 'sliding', count: 2, windowUs: 3600 * second, parts: 60 })];
    await budget.granted(hour);
    await budget.granted(hour);
    expect((await budget.later(hour)).waitUs).to.equal(3660 * second);
    budget.pass(3660);
    await budget.granted(hour);
  });

  it('opens a calendar window a moment late when the last one was used up', async () => {
    const endsUs = [1, 2, 3].map((minutes) => startUs + minutes * 60 * second);
    const minute = [limitOf({ kind: 'fixed', count: 1, endsUs })];
    await budget.granted(minute);
    expect((await budget.later(minute)).waitUs).to.equal(60_050_000);
    budget.pass(59.9);
    expect((await budget.granted(minute)).waitUs).to.equal(150_000);
  });

  it('lets so many be under way, and others when one ends or its lease does', async () => {
    const two = [limitOf({ kind: 'concurrency', count: 2, leaseUs: 10 * second })];
    const first = await budget.granted(two);
    const second_ = await budget.granted(two);
    expect((await budget.later(two)).why).to.equal('lease');
    await budget.settle(first, two);
    await budget.granted(two);
    budget.pass(6);
    await budget.store.renew(budget.domain, [{ ticket: second_.ticket.id, limits: two }]);
    budget.pass(6);
    await budget.granted(two);
    expect((await budget.later(two)).why).to.equal('lease');
    budget.pass(5);
    await budget.granted(two);
  });

  it('charges what a request cost more, and gives back what it cost less', async () => {
    const rest = (cost: number): AskLimit[] => [limitOf(bucket(10, 10), { cost })];
    const dear = await budget.granted(rest(10));
    await budget.settle(dear, rest(10), { costs: { rest: 4 } });
    const cheap = await budget.granted(rest(6));
    expect(cheap.waitUs).to.equal(0);
    await budget.settle(cheap, rest(6), { costs: { rest: 8 } });
    expect((await budget.later(rest(10))).waitUs).to.equal(1_200_000);
  });

  it('gives back no more than would have been used by now', async () => {
    const rest = (cost: number): AskLimit[] => [limitOf(bucket(10, 10), { cost })];
    const dear = await budget.granted(rest(10));
    budget.pass(1);
    await budget.granted(rest(10));
    await budget.settle(dear, rest(10), { costs: { rest: 1 } });
    expect((await budget.later(rest(5))).waitUs).to.equal(500_000);
  });

  it('gives back what was never sent', async () => {
    const rest = [
      limitOf(bucket(10, 1)),
      limitOf({ kind: 'sliding', count: 2, windowUs: second }, { id: 'second' }),
    ];
    await budget.granted(rest);
    const unused = await budget.granted(rest);
    await budget.settle(unused, rest, { outcome: 'unused' });
    expect((await budget.granted(rest)).waitUs).to.equal(100_000);
    expect((await budget.later(rest)).boundBy).to.equal('second');
  });

  it('takes what is told with a question before the question', async () => {
    const one = [limitOf({ kind: 'concurrency', count: 1, leaseUs: 10 * second })];
    const { ticket } = await budget.granted(one);
    const settled: Settled = { ticket, limits: one, outcome: 'answered', costs: {}, observations: [] };
    expect((await budget.ask(one, {}, [settled])).kind).to.equal('grant');
  });

  it('freezes at least as long as was asked, and says why', async () => {
    const rest = [limitOf(bucket(10, 10))];
    expect(await budget.freeze({ ms: 10_000, reason: 'Retry-After: 10' })).to.equal(10.55);
    const later = await budget.later(rest);
    expect(later).to.deep.include({
      waitUs: 10_550_000,
      why: 'freeze',
      reason: 'Retry-After: 10',
      cause: 'throttle',
    });
    expect(await budget.freeze({ ms: 1000, reason: 'Retry-After: 1' })).to.equal(10.55);
    expect((await budget.later(rest)).reason).to.equal('Retry-After: 10');
  });

  it('freezes one limit, or a partition of it, and leaves the others alone', async () => {
    const of = (id: string, partition: string): AskLimit[] => [limitOf(bucket(10, 10), { id, partition })];
    await budget.freeze({ limit: { id: 'rest', partition: 'north' }, ms: 1000 });
    expect((await budget.later(of('rest', 'north'))).why).to.equal('freeze');
    await budget.granted(of('rest', 'south'));
    await budget.granted(of('other', 'north'));
  });

  it('tries one request after a freeze, and opens it for all when that is answered', async () => {
    const rest = [limitOf(bucket(10, 5))];
    await budget.freeze({ ms: 1000 });
    budget.pass(1.2);
    const tried = await budget.granted(rest);
    expect(tried.ticket.probes).to.deep.equal(['']);
    expect((await budget.later(rest)).why).to.equal('probe');
    await budget.settle(tried, rest);
    await budget.granted(rest);
  });

  it('lets another request be tried when the first one ends badly, or is not heard of again', async () => {
    const rest = [limitOf(bucket(10, 5))];
    await budget.freeze({ ms: 1000 });
    budget.pass(2);
    const tried = await budget.granted(rest);
    await budget.settle(tried, rest, { outcome: 'failed' });
    await budget.granted(rest);
    expect((await budget.later(rest)).why).to.equal('probe');
    budget.pass(11);
    await budget.granted(rest);
  });

  it('does not take an answer to what was tried before a freeze for one after it', async () => {
    const rest = [limitOf(bucket(10, 5))];
    await budget.freeze({ ms: 1000 });
    budget.pass(2);
    const tried = await budget.granted(rest);
    await budget.freeze({ ms: 1000 });
    await budget.settle(tried, rest);
    budget.pass(2);
    await budget.granted(rest);
    expect((await budget.later(rest)).why).to.equal('probe');
  });

  it('freezes longer each time when nobody says how long, until a request is answered', async () => {
    const rest = [limitOf(bucket(10, 5))];
    expect(await budget.freeze()).to.equal(1);
    budget.pass(1.5);
    expect(await budget.freeze()).to.equal(2);
    budget.pass(2.5);
    await budget.settle(await budget.granted(rest), rest);
    expect(await budget.freeze()).to.equal(1);
  });

  it('keeps a freeze by hand until somebody thaws it', async () => {
    const rest = [limitOf(bucket(10, 5))];
    expect(await budget.freeze({ cause: 'manual', reason: 'moving house' })).to.equal(
      Number.POSITIVE_INFINITY,
    );
    budget.pass(100_000);
    expect((await budget.later(rest)).waitUs).to.equal(Number.POSITIVE_INFINITY);
    expect(await budget.thaw()).to.equal(1);
    expect(await budget.thaw()).to.equal(0);
    await budget.granted(rest);
  });

  it('lets no burst go after a freeze', async () => {
    const rest = [limitOf(bucket(10, 5))];
    await budget.freeze({ cause: 'overload', ms: 1000 });
    budget.pass(1.1);
    const tried = await budget.granted(rest);
    expect(tried.waitUs).to.equal(100_000);
    budget.pass(0.1);
    await budget.settle(tried, rest);
    expect((await budget.granted(rest)).waitUs).to.equal(100_000);
    expect((await budget.granted(rest)).waitUs).to.equal(200_000);
  });

  it('takes off the rate once for a freeze, however many throttles led to it', async () => {
    const rest = [limitOf(bucket(10, 5))];
    await budget.granted(rest);
    for (let at = 0; at < 20; at += 1) await budget.freeze({ ms: 1000 });
    budget.pass(2);
    await budget.granted(rest);
    const status = await budget.store.status(budget.domain, rest);
    expect(status.limits[0]?.rateFactor).to.be.closeTo(0.7, 1e-9);
    budget.pass(120);
    expect((await budget.store.status(budget.domain, rest)).limits[0]?.rateFactor).to.be.closeTo(0.8, 1e-9);
  });

  it('lets members that wait take turns', async () => {
    const rest = [limitOf(bucket(1, 1))];
    await budget.granted(rest);
    await budget.later(rest, { member: 'greedy' });
    await budget.later(rest, { member: 'modest' });
    budget.pass(1);
    const order: string[] = [];
    for (let at = 0; at < 12; at += 1) {
      for (const member of ['greedy', 'greedy', 'modest', 'modest']) {
        const answer = await budget.ask(rest, { member, backlog: true });
        if (answer.kind === 'grant') order.push(member);
      }
      budget.pass(1);
    }
    const modest = order.filter((member) => member === 'modest').length;
    expect(modest).to.be.within(order.length / 2 - 1, order.length / 2 + 1);
  });

  it('believes what replies say only as far as it tightens a limit', async () => {
    const rest = [limitOf(bucket(10, 10))];
    const said = (remaining: number): Partial<Settled> => ({
      observations: [{ limit: 'rest', partition: '', remaining, capacity: 10 }],
    });
    await budget.settle(await budget.granted(rest), rest, said(2));
    expect((await budget.store.status(budget.domain, rest)).limits[0]?.fill).to.be.closeTo(0.8, 1e-6);
    await budget.settle(await budget.granted(rest), rest, said(10));
    expect((await budget.store.status(budget.domain, rest)).limits[0]?.fill).to.be.closeTo(0.9, 1e-6);
  });

  it('does not look at a reply that is older than one looked at', async () => {
    const day = [limitOf({ kind: 'sliding', count: 100, windowUs: 86_400 * second, parts: 24 })];
    const left = (remaining: number): Partial<Settled> => ({
      observations: [{ limit: 'rest', partition: '', remaining }],
    });
    const older = await budget.granted(day);
    budget.pass(1);
    const newer = await budget.granted(day);
    await budget.settle(newer, day, left(50));
    await budget.settle(older, day, left(10));
    const [status] = (await budget.store.status(budget.domain, day)).limits;
    expect(status?.fill).to.be.closeTo(0.5, 1e-9);
    expect(status?.drift).to.be.a('number');
  });

  it('raises a limit when it may, and no further', async () => {
    const of = (raiseMax: number): AskLimit[] => [
      limitOf({ kind: 'sliding', count: 2, windowUs: second }, { raiseMax }),
    ];
    const first = await budget.granted(of(2));
    const capacity = { observations: [{ limit: 'rest', partition: '', capacity: 100 }] };
    await budget.settle(first, of(2), capacity);
    for (let at = 0; at < 3; at += 1) await budget.granted(of(2));
    await budget.later(of(2));
    expect((await budget.later(of(1))).why).to.equal('limit');
  });

  it('grants nothing more when its clock is set back', async () => {
    const rest = [limitOf({ kind: 'sliding', count: 1, windowUs: second })];
    await budget.granted(rest);
    budget.pass(-3600);
    expect((await budget.later(rest)).waitUs).to.equal(second);
    budget.pass(3601);
    await budget.granted(rest);
  });

  it('says how limits stand, who waits, what is frozen and how many take part', async () => {
    const of = (partition: string): AskLimit[] => [limitOf(bucket(1, 4), { partition })];
    await budget.granted(of('north'));
    for (let at = 0; at < 4; at += 1) await budget.granted(of('south'), { process: 'two' });
    await budget.later(of('south'), { member: 'items' });
    await budget.freeze({
      cause: 'quota',
      limit: { id: 'rest', partition: 'north' },
      ms: 1000,
      reason: 'used up',
    });
    const status = await budget.store.status(budget.domain, of(''));
    const byName = [...status.limits].sort((a, b) => (a.partition < b.partition ? -1 : 1));
    expect(byName.map(({ partition, fill, nextMs }) => ({ partition, fill, nextMs }))).to.deep.equal([
      { partition: 'north', fill: 1, nextMs: 2100 },
      { partition: 'south', fill: 1, nextMs: 1000 },
    ]);
    expect(status.freezes).to.deep.equal([
      { limit: 'rest', partition: 'north', cause: 'quota', reason: 'used up', remainingMs: 1100 },
    ]);
    expect(status.waiting).to.deep.equal([{ member: 'items', boundBy: 'rest' }]);
    expect(status.processes).to.equal(2);
  });
}
