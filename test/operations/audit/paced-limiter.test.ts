import { expect } from 'chai';
import { pacedLimiter } from '../../../engine/model/paced-limiter.ts';
import type { Limiter } from '../../../engine/model/ports.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { FakeLimiter } from '../../support/fake-limiter.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const budget = budgetOf([
  { id: 'rest', bucket: { rate: '10/s', burst: 20 } },
  { id: 'daily', fixed: { limit: 86_400, per: 'day' } },
  { id: 'once', concurrency: { limit: 2 } },
]);

/** Waits of so many requests, in milliseconds. */
async function waits(limiter: Limiter, count: number, bound: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < count; at += 1)
    found.push((await limiter.acquire(budget, requestOf(budget, { bound }))).waitedMs);
  return found;
}

describe('the limiter of an audit', () => {
  it('spreads requests over a share of the rate', async () => {
    const clock = new VirtualClock();
    const limiter = pacedLimiter(new FakeLimiter(clock), 0.1, clock);
    expect(await waits(limiter, 3, ['rest'])).to.deep.equal([0, 1000, 1000]);
  });

  it('lets the slowest limit decide, and leaves those without a rate alone', async () => {
    const clock = new VirtualClock();
    const limiter = pacedLimiter(new FakeLimiter(clock), 0.5, clock);
    expect(await waits(limiter, 3, ['rest', 'daily', 'once'])).to.deep.equal([0, 2000, 2000]);
    expect(await waits(limiter, 2, ['once'])).to.deep.equal([0, 0]);
  });

  it('comes behind everybody else', async () => {
    const clock = new VirtualClock();
    const inner = new FakeLimiter(clock);
    await waits(pacedLimiter(inner, 1, clock), 1, ['rest']);
    expect(inner.asked[0]?.priority).to.equal('low');
  });
});
