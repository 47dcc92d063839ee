import { perMinute } from './pace.ts';
import type { Clock, Limiter, PermitRequest } from './ports.ts';

/**
 * A limiter whose requests come behind those of everybody else, and use no more than a share of the rate of each limit:
 * they leave at even distances, and never catch up.
 */
export function pacedLimiter(limiter: Limiter, share: number, clock: Clock): Limiter {
  const pace = new Pace(share);
  return {
    acquire: async (budget, request, signal) => {
      const waitMs = pace.reserve(request, clock.monotonicUs() / 1000);
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      const permit = await limiter.acquire(budget, { ...request, priority: 'low' }, signal);
      return { ...permit, waitedMs: permit.waitedMs + waitMs };
    },
    settle: (permit, settlement) => limiter.settle(permit, settlement),
    freeze: (budget, order) => limiter.freeze(budget, order),
    thaw: (budget, limit) => limiter.thaw(budget, limit),
    status: (budget) => limiter.status(budget),
    waiting: () => limiter.waiting(),
    close: () => limiter.close(),
  };
}

/** When the next request may leave, by limit and partition. */
class Pace {
  readonly #share: number;
  readonly #nextMs = new Map<string, number>();

  constructor(share: number) {
    this.#share = share;
  }

  /** Takes the next slot of every limit that binds a request. Gives how long to wait for the last of them. */
  reserve({ limits }: PermitRequest, nowMs: number): number {
    const bound = limits.map(({ limit, partition, cost }) => ({
      key: JSON.stringify([limit.id, partition]),
      lengthMs: (60_000 * cost) / ((perMinute(limit.shape) ?? Infinity) * this.#share),
    }));
    const slotMs = Math.max(nowMs, ...bound.map(({ key }) => this.#nextMs.get(key) ?? nowMs));
    for (const { key, lengthMs } of bound) this.#nextMs.set(key, slotMs + lengthMs);
    return slotMs - nowMs;
  }
}
