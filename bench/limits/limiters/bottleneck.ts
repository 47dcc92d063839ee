import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import type { MakePaced } from './paced.ts';

/** Keys that nobody uses any more go by themselves. */
const keysTimeoutMs = 60_000;

/** bottleneck over Redis with the time between two requests, which was its best setting. */
export const bottleneck: MakePaced = async ({ domain, redisUrl, perSecond }, { once }) => {
  const { hostname, port } = new URL(redisUrl);
  const limiter = new Bottleneck({
    id: domain,
    datastore: 'ioredis',
    Redis,
    clientOptions: { host: hostname, port: Number(port) },
    clearDatastore: false,
    timeout: keysTimeoutMs,
    minTime: 1000 / perSecond,
  });
  limiter.on('error', () => {});
  await limiter.ready();
  return {
    async send() {
      await limiter.schedule(once);
    },
    close: () => limiter.disconnect(false),
  };
};
