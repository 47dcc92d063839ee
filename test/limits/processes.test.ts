import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type FleetOptions, type FleetRun, runFleet } from '../../bench/limits/fleet.ts';
import { bucket, perSecond } from '../../bench/limits/row.ts';
import { four } from '../../bench/limits/scenario.ts';
import { countedOf, permittedOf, refusedOf } from '../../bench/limits/seen.ts';
import { monotonicUs } from '../../bench/support/monotonic.ts';
import { hasRedisServer, RedisServer } from '../../bench/support/redis-server.ts';

/** A permit is reserved up to 250 ms ahead, and used up to 30 ms late; another machine's stalls come on top. */
const graceUs = 330_000;

/** Requests that left a worker between two times. */
const sentBetween = ({ arrivals }: FleetRun, fromUs: number, toUs: number): number =>
  arrivals.filter(({ sentUs }) => sentUs > fromUs && sentUs < toUs).length;

describe('processes that share a budget', function () {
  this.timeout(30_000);

  let redis: RedisServer;

  before(async function () {
    if (!hasRedisServer()) {
      if (process.env['CI'] === 'true') throw new Error('there is no redis-server on the PATH');
      console.error('SKIPPED: there is no redis-server on the PATH; processes share their budgets in Redis');
      return this.skip();
    }
    redis = await RedisServer.start();
  });

  after(() => redis?.stop());

  const fleet = (name: string, options: Partial<FleetOptions>): Promise<FleetRun> =>
    runFleet({ ...four(redis.url, name), warmUpMs: 500, countedMs: 3000, ...options });

  it('use the limit to the full and are never refused, also when Redis forgets its scripts', async () => {
    const admin = new Redis(redis.url);
    const run = await fleet('rate', {
      async during({ at }) {
        await at(1500);
        await admin.script('FLUSH');
      },
    });
    admin.disconnect();
    expect(refusedOf(run.arrivals)).to.equal(0);
    expect(permittedOf(countedOf(run))).to.be.at.least(0.95 * perSecond * 3);
    expect(run.reports.map(({ failed }) => failed)).to.deep.equal([0, 0, 0, 0]);
  });

  it('get the leases of a process back that was killed while it held them', async () => {
    const [atOnce, latencyMs, leaseMs] = [4, 100, 1000];
    const limit = { id: 'at_once', concurrency: { limit: atOnce, lease: `${leaseMs}ms` } };
    let backUs = 0;
    const run = await fleet('leases', {
      countedMs: 2500,
      budget: { limits: [limit] },
      provider: { limit, latencyMs },
      async during({ at, killWorker }) {
        await at(200);
        killWorker(0);
        backUs = monotonicUs() + (leaseMs + latencyMs) * 1000;
      },
    });
    const possible = (atOnce * (run.counted.toUs - backUs)) / (latencyMs * 1000);
    expect(refusedOf(run.arrivals)).to.equal(0);
    // One lease lost for good would leave three quarters.
    expect(sentBetween(run, backUs, run.counted.toUs) / possible).to.be.within(0.78, 1.1);
  });

  it('send nothing while Redis hangs or is gone, and are not refused when it is back with nothing in it', async () => {
    const away: { fromUs: number; toUs: number }[] = [];
    const run = await fleet('outage', {
      countedMs: 3000,
      async during({ at }) {
        await at(0);
        const hungUs = monotonicUs();
        redis.hang();
        await at(700);
        away.push({ fromUs: hungUs + graceUs, toUs: monotonicUs() });
        redis.wake();
        await at(1200);
        const killedUs = monotonicUs();
        await redis.kill();
        await at(1800);
        away.push({ fromUs: killedUs + graceUs, toUs: monotonicUs() });
        await redis.restart();
      },
    });
    for (const { fromUs, toUs } of away) expect(sentBetween(run, fromUs, toUs)).to.equal(0);
    expect(refusedOf(run.arrivals)).to.equal(0);
    expect(sentBetween(run, run.counted.fromUs + 2_400_000, run.counted.toUs)).to.be.greaterThan(0);
  });

  it('soon say that Redis hangs, where they are to stop then', async () => {
    let hungUs = 0;
    const run = await fleet('stop', {
      countedMs: 800,
      budget: { on_store_down: 'stop', limits: [bucket(40)] },
      async during({ at }) {
        await at(0);
        hungUs = monotonicUs();
        redis.hang();
        await at(700);
        redis.wake();
      },
    });
    for (const { failedUs, failure } of run.reports) {
      const firstUs = failedUs.find((us) => us > hungUs) ?? Number.POSITIVE_INFINITY;
      expect((firstUs - hungUs) / 1000, 'milliseconds').to.be.below(600);
      expect(failure).to.contain('Redis is down');
    }
  });

  it('all stop when one of them is told that it is enough', async () => {
    const run = await fleet('freeze', {
      provider: { limit: bucket(40), latencyMs: 100 },
      countedMs: 1000,
      reacts: true,
      async during({ at, refuseAll }) {
        await at(300);
        refuseAll();
      },
    });
    const knownUs = Math.min(...run.reports.map(({ refusedUs = Number.POSITIVE_INFINITY }) => refusedUs));
    expect(refusedOf(run.arrivals)).to.be.greaterThan(0);
    // The bench measures 0 or 1; without a shared freeze each process would send on until it is refused itself.
    expect(sentBetween(run, knownUs, run.counted.toUs)).to.be.at.most(3);
  });
});
