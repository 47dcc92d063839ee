import { rounded } from '../support/numbers.ts';
import { limiterKinds } from './messages.ts';
import { bucket, perSecond, type Row, seen, slidingSecond } from './row.ts';
import { four, type Scenario } from './scenario.ts';
import { byWorker, countedOf } from './seen.ts';

const firstThree = ({ throttled, share, worst_second }: Row) => ({ throttled, share, worst_second });

/** Every limiter under the same load: what is permitted is used to the full, and nothing is refused. */
const limiters: Scenario = {
  name: 'limiters',
  async run(redisUrl) {
    const rows: Row[] = [];
    for (const limiter of limiterKinds) {
      const { row } = await seen('limiters', { ...four(redisUrl, limiter), limiter });
      rows.push(row);
    }
    const [ours, ...others] = rows as [Row, ...Row[]];
    const { redis_calls_per_request, jain } = ours;
    return {
      rows,
      figures: {
        ...firstThree(ours),
        redis_calls_per_request,
        jain,
        ...Object.fromEntries(others.map((row) => [row.limiter, firstThree(row)])),
      },
    };
  },
};

/** One process wants four times the limit, three a fifth of it: the small ones get what they ask. */
const smallStreams: Scenario = {
  name: 'small_streams',
  async run(redisUrl) {
    const wanted = [4 * perSecond, perSecond / 5, perSecond / 5, perSecond / 5];
    const { row, run } = await seen('small_streams', { ...four(redisUrl, 'small'), wanted });
    const got = byWorker(countedOf(run), wanted.length);
    const shares = run.reports
      .filter(({ index }) => index > 0)
      .map(({ index, asked }) => (got[index] ?? 0) / Math.max(1, asked));
    return {
      rows: [row],
      figures: { small_stream_share: rounded(Math.min(1, ...shares), 4) },
      notes: [`small_streams: permitted requests by process: ${got.join(', ')}`],
    };
  },
};

/** An exact sliding window, declared as such, with the usual headroom. */
const slidingBudget = { headroom: '5%', limits: [slidingSecond] };

const sliding: Scenario = {
  name: 'sliding',
  async run(redisUrl) {
    const { row } = await seen('sliding', {
      ...four(redisUrl, 'sliding'),
      budget: slidingBudget,
      provider: { limit: slidingSecond },
    });
    return { rows: [row], figures: { sliding_throttled: row.throttled, sliding_share: row.share } };
  },
};

const jitter: Scenario = {
  name: 'jitter',
  async run(redisUrl) {
    const { row } = await seen('jitter', {
      ...four(redisUrl, 'jitter'),
      budget: slidingBudget,
      provider: { limit: slidingSecond },
      jitterMs: 50,
    });
    return { rows: [row], figures: { jitter_throttled: row.throttled, jitter_share: row.share } };
  },
};

/** Every process stands still for 400 ms every two seconds. */
const stalls: Scenario = {
  name: 'stalls',
  async run(redisUrl) {
    const stalls = { everyMs: 2000, ms: 400 };
    const limits = { stalls_capacity_5: bucket(5), stalls_sliding: slidingSecond };
    const rows: Row[] = [];
    for (const [name, limit] of Object.entries(limits)) {
      const budget = { headroom: '5%', limits: [limit] };
      const { row } = await seen(name, { ...four(redisUrl, name), budget, provider: { limit }, stalls });
      rows.push(row);
    }
    return {
      rows,
      figures: {
        stall_refused: rows.reduce((sum, { throttled }) => sum + throttled, 0),
        stall_share: Math.min(...rows.map(({ share }) => share)),
      },
    };
  },
};

export const rates: readonly Scenario[] = [limiters, smallStreams, sliding, jitter, stalls];
