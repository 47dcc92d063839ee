import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type ExplainedError, TransientError } from '../../../engine/model/errors.ts';
import { redisLocks } from '../../../engine/services/locks/redis-locks.ts';
import { locksContract } from '../../contracts/locks-contract.ts';
import { type OwnRedis, ownPrefix, ownRedis } from '../../support/redis.ts';
import { root } from '../../support/root.ts';

describe('with a Redis', () => {
  let redis: OwnRedis;

  before(async function () {
    redis = await ownRedis(this);
  });

  after(() => redis?.stop());

  locksContract('Redis', async () => {
    const options = { url: redis.url, prefix: ownPrefix() };
    return [redisLocks(options), redisLocks(options)];
  });

  it('frees the lock of a process that was killed, and not before', async () => {
    const ttlMs = 600;
    const prefix = ownPrefix();
    const script = join(root, 'dist/test/support/lock-holder.js');
    const holder = spawn(process.execPath, [script, redis.url, prefix, 'name', String(ttlMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const locks = redisLocks({ url: redis.url, prefix });
    let heldOn = true;
    setTimeout(() => {
      heldOn = false;
      holder.kill('SIGKILL');
    }, 2 * ttlMs);
    const started = performance.now();
    await locks.exclusively('name', ttlMs, async () => {
      expect(heldOn).to.equal(false);
    });
    expect(performance.now() - started).to.be.within(2 * ttlMs, 4 * ttlMs);
    await locks.close();
  });

  it('tells a holder whose lock is gone, and leaves it to the new one', async () => {
    const prefix = ownPrefix();
    const client = new Redis(redis.url);
    const locks = redisLocks({ url: redis.url, prefix });
    await locks.exclusively('name', 150, async (lost) => {
      await client.set(`${prefix}:lock:name`, 'somebody else', 'PX', 5000);
      if (!lost.aborted) await once(lost, 'abort');
      expect((lost.reason as ExplainedError).diagnostic.code).to.equal('ETL0444');
    });
    expect(await client.get(`${prefix}:lock:name`)).to.equal('somebody else');
    client.disconnect();
    await locks.close();
  });

  it('tells a holder when Redis dies', async function () {
    const own = await ownRedis(this);
    const locks = redisLocks({ url: own.url, prefix: 'p' });
    await locks.exclusively('name', 300, async (lost) => {
      await own.stop();
      if (!lost.aborted) await once(lost, 'abort');
    });
    await locks.close();
  });
});

describe('locks without a Redis', () => {
  it('say at once that it does not answer, and do no work', async () => {
    const locks = redisLocks({ url: 'redis://127.0.0.1:1', prefix: 'p' });
    let worked = false;
    const work = async (): Promise<void> => {
      worked = true;
    };
    const started = performance.now();
    const error = await locks.exclusively('name', 1000, work).catch((thrown: ExplainedError) => thrown);
    expect(error).to.be.instanceOf(TransientError);
    expect(worked).to.equal(false);
    expect(performance.now() - started).to.be.below(1200);
    await locks.close();
  });
});
