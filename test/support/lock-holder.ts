import { redisLocks } from '../../engine/services/locks/redis-locks.ts';

/** Takes a lock, says so, and holds it until it is killed: `node lock-holder.js URL PREFIX NAME TTL`. */
const [url = '', prefix = '', name = '', ttl = ''] = process.argv.slice(2);
await redisLocks({ url, prefix }).exclusively(name, Number(ttl), async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
