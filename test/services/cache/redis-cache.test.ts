import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { ResponseCache } from '../../../engine/model/ports.ts';
import { redisCache } from '../../../engine/services/cache/redis-cache.ts';
import { cacheContract } from '../../contracts/cache-contract.ts';
import { type OwnRedis, ownPrefix, ownRedis } from '../../support/redis.ts';

const bound = { keepMs: 60_000, bytesMax: 1_000_000 };
const reply = (body: string) => ({ status: 200, headers: {}, body: Buffer.from(body), atMs: Date.now() });

describe('with a Redis', () => {
  let redis: OwnRedis;

  before(async function () {
    redis = await ownRedis(this);
  });

  after(() => redis?.stop());

  cacheContract('Redis', async (clock) => redisCache({ url: redis.url, prefix: ownPrefix() }, clock));

  it('shares replies among processes, and keeps projects apart', async () => {
    const prefix = ownPrefix();
    const [one, two, other] = [prefix, prefix, ownPrefix()].map((each) =>
      redisCache({ url: redis.url, prefix: each }),
    ) as [ResponseCache, ResponseCache, ResponseCache];
    await one.keep('group', 'key', reply('1'), bound);
    expect(Buffer.from((await two.find('group', 'key'))?.body ?? []).toString()).to.equal('1');
    expect(await other.find('group', 'key')).to.equal(undefined);
    await Promise.all([one, two, other].map((cache) => cache.close()));
  });

  it('leaves nothing in Redis for longer than it is of use', async () => {
    const client = new Redis(redis.url);
    await client.flushall();
    const cache = redisCache({ url: redis.url, prefix: 'p' });
    await cache.keep('group', 'key', reply('1'), bound);
    const keys = await client.keys('*');
    expect(keys.sort()).to.deep.equal(['{p:cache:group}:expiry', '{p:cache:group}:replies']);
    for (const key of keys) expect(await client.pttl(key)).to.be.within(1, bound.keepMs);
    await cache.close();
    client.disconnect();
  });

  it('goes on when Redis has forgotten its scripts', async () => {
    const client = new Redis(redis.url);
    const cache = redisCache({ url: redis.url, prefix: ownPrefix() });
    await cache.keep('group', 'a', reply('1'), bound);
    await client.script('FLUSH');
    await cache.keep('group', 'b', reply('2'), bound);
    expect(await cache.find('group', 'b')).to.be.an('object');
    expect(cache.unanswered()).to.equal(0);
    await cache.close();
    client.disconnect();
  });

  it('takes bytes that it did not write for none', async () => {
    const client = new Redis(redis.url);
    const cache = redisCache({ url: redis.url, prefix: 'q' });
    await client.hset('{q:cache:group}:replies', 'key', 'nonsense');
    expect(await cache.find('group', 'key')).to.equal(undefined);
    await cache.close();
    client.disconnect();
  });
});

describe('without a Redis', () => {
  it('is a cache without replies, which says how often it was asked for nothing', async () => {
    const cache = redisCache({ url: 'redis://127.0.0.1:1', prefix: 'p' });
    await cache.keep('group', 'key', reply('1'), bound);
    expect(await cache.find('group', 'key')).to.equal(undefined);
    expect(cache.unanswered()).to.equal(2);
    await cache.close();
  });

  it('never takes long when Redis stands still, and comes back by itself', async function () {
    const redis = await ownRedis(this);
    const cache = redisCache({ url: redis.url, prefix: 'p' });
    await cache.keep('group', 'key', reply('1'), bound);
    redis.signal('SIGSTOP');
    const started = performance.now();
    for (let asked = 0; asked < 100; asked += 1) expect(await cache.find('group', 'key')).to.equal(undefined);
    // One of them waited for the answer, the others did not ask.
    expect(performance.now() - started).to.be.below(600);
    expect(cache.unanswered()).to.equal(100);
    redis.signal('SIGCONT');
    let found: unknown;
    for (let tries = 0; tries < 100 && found === undefined; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = await cache.find('group', 'key');
    }
    expect(found).to.be.an('object');
    await cache.close();
    await redis.stop();
  });
});
