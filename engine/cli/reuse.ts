import type { RunServices } from '../engine.ts';
import type { Plan } from '../model/plan.ts';
import { memoryCache } from '../services/cache/memory-cache.ts';
import { memoryLocks } from '../services/locks/memory-locks.ts';

/** Where replies are kept to be used again: in the Redis of the environment, or else in this process alone. */
export async function reuse(
  redis: Plan['redis'],
  resolve: (text: string) => string,
): Promise<Pick<RunServices, 'cache' | 'ownCache' | 'locks'>> {
  const ownCache = memoryCache();
  if (redis === undefined) return { cache: ownCache, ownCache, locks: memoryLocks() };
  const { redisCache } = await import('../services/cache/redis-cache.ts');
  const { redisLocks } = await import('../services/locks/redis-locks.ts');
  const options = { url: resolve(redis.url), prefix: redis.prefix };
  return { cache: redisCache(options), ownCache, locks: redisLocks(options) };
}
