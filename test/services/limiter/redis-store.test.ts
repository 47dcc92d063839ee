import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { redisStore } from '../../../engine/services/limiter/redis/redis-store.ts';
import {
  type Ask,
  type AskLimit,
  type BudgetStore,
  type Settled,
  StoreDown,
} from '../../../engine/services/limiter/store.ts';
import { limiterStoreContract } from '../../contracts/limiter-store-contract.ts';
import { forgetKeys, type OwnRedis, ownPrefix, ownRedis, sharedRedis } from '../../support/redis.ts';
import { root } from '../../support/root.ts';

const second = 1_000_000;
const limitOf = (shape: AskLimit['shape']): AskLimit => ({
  id: 'rest',
  partition: '',
  cost: 1,
  shape,
  even: false,
  used: 1,
  raiseMax: 1,
});
const bucket = limitOf({ kind: 'bucket', intervalUs: 10_000, burst: 5, capacity: 5 });
const leases = (leaseUs: number): AskLimit => limitOf({ kind: 'concurrency', count: 1, leaseUs });

const askOf = (limits: readonly AskLimit[]): Ask => ({
  member: 'orders',
  process: 'one',
  weight: 1,
  low: false,
  backlog: false,
  horizonUs: second / 4,
  limits,
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until<T>(what: () => Promise<T | undefined>, ms = 5000): Promise<T> {
  const endMs = Date.now() + ms;
  while (Date.now() < endMs) {
    const found = await what();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error('it did not come about in time');
}

/** How a call failed, and after how many milliseconds. */
async function failure(
  call: () => Promise<unknown>,
): Promise<{ readonly error: unknown; readonly ms: number }> {
  const begunMs = performance.now();
  const error = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - begunMs };
}

describe('the store of budgets in Redis', function () {
  this.timeout(30_000);

  describe('is a store of budgets: it', () => {
    const prefix = ownPrefix();
    let url = '';
    before(async function () {
      url = await sharedRedis(this);
    });
    after(() => forgetKeys(prefix));
    limiterStoreContract(async () => {
      // Long ago each domain was made, so that none begins cold.
      let nowUs = 0;
      let known = '';
      const store = redisStore({ url, prefix, nowUs: () => nowUs });
      const warm = async (domain: string): Promise<void> => {
        if (known === domain) return;
        known = domain;
        const presentUs = nowUs;
        nowUs -= 400 * 86_400 * second;
        await store.status(domain, []);
        nowUs = presentUs;
      };
      const warmed: BudgetStore = {
        ask: async (domain, ...rest) => warm(domain).then(() => store.ask(domain, ...rest)),
        settle: (...given) => store.settle(...given),
        renew: (...given) => store.renew(...given),
        freeze: async (domain, ...rest) => warm(domain).then(() => store.freeze(domain, ...rest)),
        thaw: (...given) => store.thaw(...given),
        status: (...given) => store.status(...given),
        watch: (...given) => store.watch(...given),
        close: () => store.close(),
      };
      return {
        store: warmed,
        setUs: (us) => {
          nowUs = us;
        },
      };
    });
  });

  describe('shared by processes', () => {
    const prefix = ownPrefix();
    const stores: BudgetStore[] = [];
    let url = '';
    const made = (domains: string[] = []): ReturnType<typeof redisStore> => {
      const store = redisStore({ url, prefix });
      store.onBoot = (domain) => domains.push(domain);
      stores.push(store);
      return store;
    };
    before(async function () {
      url = await sharedRedis(this);
    });
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    after(() => forgetKeys(prefix));

    it('tells the others of a freeze, a thaw, and a lease that was waited for', async () => {
      const [here, there] = [made(), made()];
      const heard: string[] = [];
      there.watch('told', (what) => heard.push(what));
      await there.status('told', []);
      await sleep(200);
      await here.freeze('told', { cause: 'manual', reason: 'a test' }, 0);
      await until(async () => (heard.includes('frozen') ? true : undefined));
      await here.thaw('told');
      await until(async () => (heard.includes('freed') ? true : undefined));
    });

    it('says once that a domain is new', async () => {
      const domains: string[] = [];
      const [here, there] = [made(domains), made(domains)];
      for (const store of [here, there, here]) await store.ask('new', askOf([bucket]), []);
      expect(domains).to.deep.equal(['new']);
    });

    it('counts a new domain as full: nobody knows what was sent before', async () => {
      const store = made();
      const answer = await store.ask('cold', askOf([bucket]), []);
      expect(answer.kind).to.equal('later');
      // What was reserved up to a horizon ahead may still go out.
      expect(answer.waitUs).to.be.within(250_000, 310_000);
      await sleep(answer.waitUs / 1000 - 100);
      expect((await store.ask('cold', askOf([bucket]), [])).kind).to.equal('grant');
    });

    it('counts what is told twice once', async () => {
      const store = made();
      const day = limitOf({ kind: 'sliding', count: 100, windowUs: 86_400 * second, parts: 24 });
      const grants = [];
      for (let at = 0; at < 3; at += 1) grants.push(await store.ask('twice', askOf([day]), []));
      const ticket = grants[0]?.kind === 'grant' ? grants[0].ticket : undefined;
      expect(ticket).to.not.equal(undefined);
      const unused = {
        ticket,
        limits: [day],
        outcome: 'unused',
        costs: {},
        observations: [],
      } as unknown as Settled;
      await store.settle('twice', [unused]);
      await store.settle('twice', [unused]);
      expect((await store.status('twice', [day])).limits[0]?.fill).to.equal(0.02);
    });

    it('keeps nothing for ever but a freeze by hand', async () => {
      const store = made();
      const window = limitOf({ kind: 'sliding', count: 100, windowUs: 70_000 });
      const limits = [
        { ...window, id: 'window' },
        { ...leases(1000), id: 'leases' },
        { ...limitOf({ kind: 'sliding', count: 100, windowUs: second, parts: 5 }), id: 'parts' },
      ];
      await store.freeze('kept', { cause: 'throttle', reason: 'a test', ms: 0 }, 0);
      await until(async () =>
        (await store.ask('kept', askOf(limits), [])).kind === 'grant' ? true : undefined,
      );
      await store.ask('kept', { ...askOf(limits), member: 'other' }, []);
      const redis = new Redis(url);
      const keys = await redis.keys(`*${prefix}:kept*`);
      const forEver = [];
      for (const key of keys) if ((await redis.pttl(key)) < 0) forEver.push(key);
      await store.freeze('kept', { cause: 'manual', reason: 'a test' }, 0);
      const manual = await redis.pttl(`{${prefix}:kept}:freezes`);
      redis.disconnect();
      expect(keys.length).to.be.greaterThan(5);
      expect(forEver).to.deep.equal([]);
      expect(manual).to.equal(-1);
    });

    it('keeps no lease for ever that is renewed while nobody knows who holds any', async () => {
      const store = made();
      const limits = [leases(60 * second)];
      const lease = (ticket: string): Promise<void> => store.renew('cold', [{ ticket, limits }]);
      await lease('one-1');
      const settled: Omit<Settled, 'ticket'> = { outcome: 'answered', limits, costs: {}, observations: [] };
      await store.settle('cold', [{ ...settled, ticket: { id: 'one-1', slotUs: 0, probes: [] } }]);
      await lease('one-2');
      const redis = new Redis(url);
      const left = await redis.pttl(`{${prefix}:cold}:limit concurrency rest :leases`);
      redis.disconnect();
      expect(left).to.be.greaterThan(0);
    });

    it('forgets partitions that meant nothing for an hour or two', async () => {
      const startUs = Date.parse('2026-03-01T12:00:00Z') * 1000;
      let nowUs = startUs;
      const store = redisStore({ url, prefix, nowUs: () => nowUs });
      for (; nowUs < startUs + 4 * 3600 * second; nowUs += 60 * second) {
        const partition = `/items/${nowUs}`;
        await store.ask('paths', askOf([{ ...bucket, partition }]), []);
      }
      await store.close();
      const redis = new Redis(url);
      const names = await redis.zcard(`{${prefix}:paths}:partitions`);
      const keys = await redis.keys(`*${prefix}:paths}:limit*`);
      const left = await Promise.all(keys.map((key) => redis.pttl(key)));
      redis.disconnect();
      expect(names).to.be.within(60, 122);
      // All but the one that was asked for while the domain was new: the time of Redis itself has not passed.
      expect(keys.length).to.equal(239);
      expect(Math.min(...left)).to.be.greaterThan(0);
      expect(Math.max(...left)).to.be.at.most(2 * 3_600_000 + 1000);
    });

    it('keeps all keys of a domain in one slot of a cluster, whatever the domain is called', async () => {
      const store = made();
      const domain = 'a{b}c}{:%';
      await store.ask(domain, askOf([bucket]), []);
      const redis = new Redis(url);
      const keys = (await redis.keys(`*${prefix}:a*`)).filter((key) => key.includes('b%7Dc'));
      const slots = new Set<number>();
      for (const key of keys) slots.add(Number(await redis.call('CLUSTER', 'KEYSLOT', key).catch(() => 0)));
      redis.disconnect();
      expect(new Set(keys.map((key) => /^\{([^{}]*)\}/.exec(key)?.[1])).size).to.equal(1);
      expect(slots.size).to.equal(1);
    });

    it('does not notice that Redis has lost its scripts', async function () {
      const own = await ownRedis(this);
      const store = redisStore({ url: own.url, prefix });
      try {
        await store.ask('flushed', askOf([bucket]), []);
        const redis = new Redis(own.url);
        await redis.script('FLUSH');
        redis.disconnect();
        expect((await store.ask('flushed', askOf([bucket]), [])).processes).to.equal(1);
      } finally {
        await store.close();
        await own.stop();
      }
    });

    it('gets back the leases of a process that was killed', async () => {
      const holder = spawn(
        process.execPath,
        [join(root, 'dist', 'test', 'support', 'lease-holder.js'), url, prefix, 'killed'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ) as ChildProcess & { stdout: NodeJS.ReadableStream };
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const store = made();
      const one = leases(1_500_000);
      expect((await store.ask('killed', askOf([one]), [])).kind).to.equal('later');
      holder.kill('SIGKILL');
      const answer = await until(async () => {
        const found = await store.ask('killed', askOf([one]), []);
        return found.kind === 'grant' ? found : undefined;
      });
      expect(answer.kind).to.equal('grant');
    });
  });

  describe('when Redis is down', () => {
    let own: OwnRedis;
    let store: ReturnType<typeof redisStore>;
    const ask = (): Promise<unknown> => store.ask('down', askOf([bucket]), []);
    beforeEach(async function () {
      await sharedRedis(this);
      own = await ownRedis(this);
      store = redisStore({ url: own.url, prefix: 'sluice' });
      await ask();
    });
    afterEach(async () => {
      await store?.close();
      await own?.stop();
    });

    it('says so within 300 ms when it was killed', async () => {
      const asked = failure(ask);
      own.signal('SIGKILL');
      await asked;
      const { error, ms } = await failure(ask);
      expect(error).to.be.instanceOf(StoreDown);
      expect(ms).to.be.below(300);
    });

    it('says so within 300 ms when it hangs, and goes on when it is back', async () => {
      own.signal('SIGSTOP');
      for (let at = 0; at < 3; at += 1) {
        const { error, ms } = await failure(ask);
        expect(error).to.be.instanceOf(StoreDown);
        expect(ms).to.be.below(300);
      }
      own.signal('SIGCONT');
      await until(() => ask().catch(() => undefined));
    });

    it('says so when it cannot write, with what Redis says', async () => {
      const redis = new Redis(own.url);
      await redis.config('SET', 'maxmemory', '1');
      redis.disconnect();
      const { error } = await failure(ask);
      expect(error).to.be.instanceOf(StoreDown);
      expect((error as Error).message).to.match(/OOM/);
    });

    it('counts as full when it comes back empty, and says that it knows nothing any more', async () => {
      const domains: string[] = [];
      store.onBoot = (domain) => domains.push(domain);
      const changes: string[] = [];
      store.watch('down', (what) => changes.push(what));
      await sleep(600);
      expect(((await ask()) as { kind: string }).kind).to.equal('grant');
      const redis = new Redis(own.url);
      await redis.flushall();
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      redis.disconnect();
      const answer = (await ask()) as { kind: string; waitUs: number };
      expect(answer.kind).to.equal('later');
      expect(answer.waitUs).to.be.above(200_000);
      expect(domains).to.deep.equal(['down']);
      // Whatever was said while the connection was cut is not known.
      await until(async () => (changes.includes('frozen') ? true : undefined));
    });
  });

  describe('that cannot be used', () => {
    it('is named when the address is no URL', () => {
      expect(() => redisStore({ url: 'localhost:6379', prefix: 'sluice' })).to.throw('ETL0453');
    });

    it('is named when the password is wrong', async function () {
      await sharedRedis(this);
      const own = await ownRedis(this);
      const redis = new Redis(own.url);
      await redis.config('SET', 'requirepass', 'right');
      redis.disconnect();
      const store = redisStore({ url: own.url.replace('redis://', 'redis://:wrong@'), prefix: 'sluice' });
      try {
        const { error } = await failure(() => store.ask('refused', askOf([bucket]), []));
        expect(error).to.have.nested.property('diagnostic.code', 'ETL0453');
      } finally {
        await store.close();
        await own.stop();
      }
    });
  });
});
