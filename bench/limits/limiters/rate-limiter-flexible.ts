import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { MakePaced } from './paced.ts';

/** rate-limiter-flexible over Redis: refused is asked again when it says so. */
export const rateLimiterFlexible: MakePaced = async ({ domain, redisUrl, perSecond }, { once }) => {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: domain,
    points: perSecond,
    duration: 1,
  });
  const refusal = (): Promise<RateLimiterRes | undefined> =>
    limiter.consume('all').then(
      () => undefined,
      (thrown: unknown) => {
        if (thrown instanceof RateLimiterRes) return thrown;
        throw thrown;
      },
    );
  return {
    async send() {
      for (let refused = await refusal(); refused !== undefined; refused = await refusal())
        await delay(refused.msBeforeNext);
      await once();
    },
    async close() {
      redis.disconnect();
    },
  };
};
