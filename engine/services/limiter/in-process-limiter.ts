import type { Limiter, Memory } from '../../model/ports.ts';
import { type LimiterOptions, limiterOver } from './limiter.ts';
import { LocalStore } from './local/local-store.ts';

/**
 * A limiter for one process. With a memory its counts and freezes outlive the process, so that the next run goes on where
 * this one stopped; two processes at the same time know nothing of each other.
 */
export const inProcessLimiter = ({
  memory,
  ...options
}: LimiterOptions & { readonly memory?: Memory }): Limiter =>
  limiterOver(new LocalStore(options.clock, memory), options);
