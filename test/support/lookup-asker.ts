import type { Caching } from '../../engine/execute/extract/cached.ts';
import { lookUp } from '../../engine/execute/extract/lookups.ts';
import { redisCache } from '../../engine/services/cache/redis-cache.ts';
import { systemClock } from '../../engine/services/clock.ts';
import { redisLocks } from '../../engine/services/locks/redis-locks.ts';
import { undiciHttpClient } from '../../engine/services/undici-http-client.ts';
import { sourcePlan, streamPlan } from './plans.ts';

/** Asks for one lookup as often as it is told, and says what that took: `node lookup-asker.js REDIS PREFIX API ASKS`. */
const [redis = '', prefix = '', api = '', asks = ''] = process.argv.slice(2);
const stream = streamPlan({ lookups: { category: { path: '/categories/{id}' } } });
const source = { ...sourcePlan(), baseUrl: api };
const http = undiciHttpClient();
const cache = redisCache({ url: redis, prefix });
const locks = redisLocks({ url: redis, prefix });
const counts = { hits: 0, misses: 0, revalidated: 0 };
const look = lookUp({
  stream,
  source,
  sending: async (request, accept) => accept(await http.send(request, source)),
  caching: ({ cache: plan }): Caching => ({
    plan,
    cache,
    locks,
    clock: systemClock,
    signal: new AbortController().signal,
    counts,
    group: 'category',
    owner: ['shop', 'default'],
    keeps: [404],
  }),
});
const wanted = Array.from({ length: Number(asks) }, () => ({ lookup: 'category', target: '/categories/7' }));
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const replies = await look(wanted);
const bodies = new Set(replies.map(({ body }) => body && Buffer.from(body).toString()));
process.stdout.write(`${JSON.stringify({ ...counts, bodies: [...bodies] })}\n`);
await Promise.all([http.close(), cache.close(), locks.close()]);
process.exit();
