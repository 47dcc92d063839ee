import type { Limiter, Memory } from '../../model/ports.ts';
import { keptStore } from './kept-store.ts';
import { type LimiterOptions, limiterOver } from './limiter.ts';
import { redisStore } from './redis/redis-store.ts';

export interface RedisLimiterOptions extends LimiterOptions {
  readonly url: string;
  readonly prefix: string;
  /** Where quotas and standing freezes outlive a Redis that loses its state. */
  readonly memory?: Memory;
}

/** A limiter whose budgets all processes share that use the same Redis and prefix. @throws TerminalError for a bad URL. */
export function redisLimiter({ url, prefix, memory, ...options }: RedisLimiterOptions): Limiter {
  const store = redisStore({ url, prefix });
  return limiterOver(memory === undefined ? store : keptStore(store, memory, options.clock), options);
}
