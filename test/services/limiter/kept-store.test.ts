import { expect } from 'chai';
import type { Memory } from '../../../engine/model/ports.ts';
import { systemClock } from '../../../engine/services/clock.ts';
import { redisLimiter } from '../../../engine/services/limiter/redis-limiter.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { inHalfADay } from '../../support/quota.ts';
import { type OwnRedis, ownPrefix, ownRedis } from '../../support/redis.ts';

function memoryOf(): Memory {
  const texts = new Map<string, string>();
  return {
    recall: async (name) => texts.get(name),
    remember: async (name, text) => void texts.set(name, text),
    swap: async () => false,
    forget: async (name) => void texts.delete(name),
  };
}

describe('what must outlive a Redis that loses its state', function () {
  this.timeout(60_000);
  let redis: OwnRedis;
  beforeEach(async function () {
    redis = await ownRedis(this);
  });
  afterEach(() => redis?.stop());

  const budget = budgetOf([{ id: 'day', fixed: { limit: 3, ...inHalfADay() } }]);

  /** Sends two of three requests of the day, and asks again after Redis has come back empty. */
  async function afterLoss(
    memory: Memory,
    before: (limiter: ReturnType<typeof redisLimiter>) => Promise<void>,
  ) {
    const one = redisLimiter({ url: redis.url, prefix: ownPrefix(), clock: systemClock, memory });
    await before(one);
    await one.close();
    // Another prefix is another Redis: nothing of what was counted is there.
    return redisLimiter({ url: redis.url, prefix: ownPrefix(), clock: systemClock, memory });
  }

  it('is the count of a quota', async () => {
    const memory = memoryOf();
    const next = await afterLoss(memory, async (limiter) => {
      for (let n = 0; n < 2; n += 1)
        limiter.settle(await limiter.acquire(budget, requestOf(budget)), { outcome: 'answered' });
    });
    await next.acquire(budget, requestOf(budget));
    const refused = await next.acquire(budget, requestOf(budget)).catch(String);
    await next.close();
    expect(refused).to.contain('ETL0451').and.to.contain('limit day');
  });

  it('is a freeze by hand, with its reason', async () => {
    const memory = memoryOf();
    const next = await afterLoss(memory, async (limiter) => {
      await limiter.acquire(budget, requestOf(budget));
      await limiter.freeze(budget, { cause: 'manual', reason: 'the shop moves' });
    });
    const refused = await next
      .acquire(budget, requestOf(budget))
      .catch((error) => error.diagnostic.help.join(' '));
    await next.close();
    expect(refused).to.contain('the shop moves');
  });
});
