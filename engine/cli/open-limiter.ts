import type { Plan } from '../model/plan.ts';
import type { Clock, Limiter, Memory, Metrics, References } from '../model/ports.ts';
import { systemClock } from '../services/clock.ts';
import { noMetrics } from '../services/metrics/no-metrics.ts';

export interface LimiterParts {
  readonly redis: Plan['redis'];
  readonly memory: Memory;
  readonly references: References;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

/** The limiter that a plan asks for: with Redis, processes share their budgets. */
export async function openLimiter({
  redis,
  memory,
  references,
  metrics = noMetrics,
  clock = systemClock,
}: LimiterParts): Promise<Limiter> {
  if (redis === undefined) {
    const { inProcessLimiter } = await import('../services/limiter/in-process-limiter.ts');
    return inProcessLimiter({ clock, memory, metrics });
  }
  const { redisLimiter } = await import('../services/limiter/redis-limiter.ts');
  const { url, prefix } = redis;
  return redisLimiter({ url: references.resolve(url), prefix, clock, memory, metrics });
}
