import { Redis } from 'ioredis';
import { monotonicUs } from '../support/monotonic.ts';
import { rounded } from '../support/numbers.ts';
import { RedisServer } from '../support/redis-server.ts';
import type { FleetRun } from './fleet.ts';
import { type Seen, seen } from './row.ts';
import { four, type Scenario } from './scenario.ts';

/** A Redis of its own for a scenario that hurts it. */
async function withOwnRedis<T>(work: (redis: RedisServer) => Promise<T>): Promise<T> {
  const redis = await RedisServer.start();
  try {
    return await work(redis);
  } finally {
    await redis.stop();
  }
}

/** The provider begins to refuse all: who else sends, once the first 429 has come back? */
const freeze: Scenario = {
  name: 'freeze',
  async run(redisUrl) {
    const options = four(redisUrl, 'freeze');
    const { row, run } = await seen('freeze', {
      ...options,
      provider: { ...options.provider, latencyMs: 100 },
      countedMs: 5000,
      reacts: true,
      async during(fleet) {
        await fleet.at(2000);
        fleet.refuseAll();
      },
    });
    const knownUs = Math.min(...run.reports.map(({ refusedUs }) => refusedUs ?? Number.POSITIVE_INFINITY));
    const leaked = run.arrivals.filter(({ sentUs }) => sentUs > knownUs).length;
    const refused = run.arrivals.filter(({ refused }) => refused).length;
    return {
      rows: [row],
      figures: { leak_after_first_429: leaked },
      notes: [`freeze: ${refused - leaked} in flight when the first 429 came back, ${leaked} sent after it`],
    };
  },
};

/** Redis is killed, and starts again with nothing in it: what was counted is lost, and nothing may go out for that. */
const restart: Scenario = {
  name: 'restart',
  run: () =>
    withOwnRedis(async (redis) => {
      const { row } = await seen('restart', {
        ...four(redis.url, 'restart'),
        async during(fleet) {
          await fleet.at(5000);
          await redis.kill();
          await fleet.at(5300);
          await redis.restart();
        },
      });
      return { rows: [row], figures: { restart_throttled: row.throttled, restart_share: row.share } };
    }),
};

const downMs = 2000;

/** What was sent while Redis was down, after the time in which permits that were granted before may be used. */
function sentWhileDown({ arrivals }: FleetRun, downUs: number): number {
  const fromUs = downUs + graceMs * 1000;
  return arrivals.filter(({ sentUs }) => sentUs > fromUs && sentUs < downUs + downMs * 1000).length;
}

/** The horizon within which a permit is reserved, and how late it may be used. */
const graceMs = 250 + 30;

/** Until the first error of a process that came after Redis went down. */
function knownAfterMs(failedUs: readonly number[], downUs: number): number {
  const firstUs = failedUs.find((us) => us > downUs) ?? downUs + downMs * 1000;
  return rounded((firstUs - downUs) / 1000, 0);
}

function down(name: 'killed' | 'hung'): Scenario {
  return {
    name,
    run: () =>
      withOwnRedis(async (redis) => {
        let downUs = 0;
        const options = four(redis.url, name);
        const { row, run } = await seen(name, {
          ...options,
          budget: { ...options.budget, on_store_down: 'stop' },
          countedMs: 5000,
          async during(fleet) {
            await fleet.at(1000);
            downUs = monotonicUs();
            if (name === 'hung') redis.hang();
            else await redis.kill();
            await fleet.at(1000 + downMs);
            if (name === 'hung') redis.wake();
            else await redis.restart();
          },
        });
        const errorsMs = run.reports.map(({ failedUs }) => knownAfterMs(failedUs, downUs));
        const sent = sentWhileDown(run, downUs);
        return {
          rows: [row],
          figures: { [`${name}_sent`]: sent, [`${name}_error_ms`]: Math.max(...errorsMs) },
          notes: [
            `${name}: ${sent} sent beyond the grace while Redis was away; errors came after ${errorsMs.join(', ')} ms`,
          ],
        };
      }),
  };
}

/** Redis forgets its scripts in the middle. */
const scriptFlush: Scenario = {
  name: 'script_flush',
  async run(redisUrl) {
    const redis = new Redis(redisUrl);
    const { row }: Seen = await seen('script_flush', {
      ...four(redisUrl, 'flush'),
      countedMs: 4000,
      async during(fleet) {
        await fleet.at(2000);
        await redis.script('FLUSH');
      },
    });
    redis.disconnect();
    return { rows: [row], figures: { flush_throttled: row.throttled, flush_failed: row.failed } };
  },
};

const atOnce = 8;
const latencyMs = 200;
const leaseS = 2;

/** A process is killed while it holds leases of a concurrency limit: they return when they expire. */
const killedWorker: Scenario = {
  name: 'killed_worker',
  async run(redisUrl) {
    const limit = { id: 'at_once', concurrency: { limit: atOnce, lease: `${leaseS}s` } };
    let killedUs = 0;
    const countedMs = 8000;
    const { row, run } = await seen('killed_worker', {
      ...four(redisUrl, 'killed'),
      perSecond: atOnce / (latencyMs / 1000),
      budget: { limits: [limit] },
      provider: { limit, latencyMs },
      countedMs,
      async during(fleet) {
        await fleet.at(2000);
        killedUs = monotonicUs();
        fleet.killWorker(0);
      },
    });
    const fromUs = killedUs + (leaseS * 1000 + latencyMs) * 1000;
    const after = run.arrivals.filter(({ atUs }) => atUs > fromUs && atUs < run.counted.toUs).length;
    const possible = (atOnce * (run.counted.toUs - fromUs)) / (latencyMs * 1000);
    const share = rounded(after / possible, 3);
    return {
      rows: [row],
      figures: { lease_throttled: row.throttled, lease_share_after_kill: share },
      notes: [
        `killed_worker: ${(share * 100).toFixed(1)} % of the leases in use once the lost ones had expired`,
      ],
    };
  },
};

export const faults: readonly Scenario[] = [
  freeze,
  restart,
  down('killed'),
  down('hung'),
  scriptFlush,
  killedWorker,
];
