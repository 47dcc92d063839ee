import { expect } from 'chai';
import { inProcessLimiter } from '../../../engine/services/limiter/in-process-limiter.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const rate = 100;
const capacity = 40;

/** A provider's leaky bucket, as a meter. */
class Provider {
  readonly #clock: VirtualClock;
  #level = 0;
  #atUs = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get used(): number {
    return Math.ceil(this.#level);
  }

  admits(): boolean {
    const nowUs = this.#clock.monotonicUs();
    this.#level = Math.max(0, this.#level - ((nowUs - this.#atUs) * rate) / 1e6);
    this.#atUs = nowUs;
    if (this.#level + 1 > capacity) return false;
    this.#level += 1;
    return true;
  }
}

/** Sends as fast as the limiter allows, or at a pace of its own, for two minutes beside somebody else. */
async function beside(othersPerSecond: number, ownEveryMs = 0) {
  const clock = new VirtualClock();
  const provider = new Provider(clock);
  const limiter = inProcessLimiter({ clock });
  const budget = budgetOf([{ id: 'rest', bucket: { rate: `${rate}/s`, burst: capacity } }]);
  const endUs = clock.monotonicUs() + 120e6;
  const counts = { sent: 0, refused: 0, others: 0, othersRefused: 0 };
  const others = async (): Promise<void> => {
    while (othersPerSecond > 0 && clock.monotonicUs() < endUs) {
      if (provider.admits()) counts.others += 1;
      else counts.othersRefused += 1;
      await clock.sleep(1000 / othersPerSecond);
    }
  };
  const own = async (stream: string): Promise<void> => {
    while (clock.monotonicUs() < endUs) {
      const permit = await limiter.acquire(budget, requestOf(budget, { stream }));
      await clock.sleep(20);
      const admitted = provider.admits();
      counts.sent += 1;
      if (!admitted) counts.refused += 1;
      const said = { limit: 'rest', partition: '', used: provider.used, capacity };
      await clock.sleep(20);
      limiter.settle(permit, { outcome: admitted ? 'answered' : 'throttled', observations: [said] });
      await clock.sleep(ownEveryMs);
    }
  };
  await Promise.all([others(), ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(own)]);
  const [limit] = (await limiter.status(budget)).limits;
  await limiter.close();
  return { ...counts, drift: limit?.drift ?? 0 };
}

describe('a quota that somebody else uses, too', () => {
  it('is shared with them by what replies say: nobody is refused, nothing is left unused, and it is reported', async () => {
    const { sent, refused, othersRefused, drift } = await beside(30);
    expect({ refused, othersRefused }).to.deep.equal({ refused: 0, othersRefused: 0 });
    expect(sent / 120).to.be.within(67, 71);
    expect(drift).to.be.within(0.25, 0.35);
  });

  it('is not suspected while nobody uses it, at full speed or at leisure', async () => {
    const full = await beside(0);
    expect(full.sent / 120).to.be.within(99, 101);
    expect(full.drift).to.be.below(0.05);
    expect((await beside(0, 900)).drift).to.be.below(0.05);
  });
});
