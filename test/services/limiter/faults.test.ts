import { expect } from 'chai';
import { complaint, TransientError } from '../../../engine/model/errors.ts';
import type { Memory } from '../../../engine/model/ports.ts';
import { askLimit } from '../../../engine/services/limiter/asks.ts';
import { inProcessLimiter } from '../../../engine/services/limiter/in-process-limiter.ts';
import { type ForgetfulStore, keptStore } from '../../../engine/services/limiter/kept-store.ts';
import { limiterOver } from '../../../engine/services/limiter/limiter.ts';
import {
  type BudgetData,
  BudgetState,
  newBudgetData,
} from '../../../engine/services/limiter/local/budget-state.ts';
import { LocalStore } from '../../../engine/services/limiter/local/local-store.ts';
import { type BudgetStore, StoreDown } from '../../../engine/services/limiter/store.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A store that does what another one does, but for what is given. */
const but = (store: BudgetStore, changed: Partial<BudgetStore>): BudgetStore => ({
  ask: store.ask,
  settle: store.settle,
  renew: store.renew,
  freeze: store.freeze,
  thaw: store.thaw,
  status: store.status,
  watch: store.watch,
  close: store.close,
  ...changed,
});

function memoryOf(): Memory {
  const texts = new Map<string, string>();
  return {
    recall: async (name) => texts.get(name),
    remember: async (name, text) => void texts.set(name, text),
    swap: async () => false,
    forget: async (name) => void texts.delete(name),
  };
}

describe('a limiter to which something happens at a bad moment', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = new VirtualClock();
  });

  it('hears a thaw that comes while it is told of the freeze', async () => {
    const budget = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    const store = new LocalStore(clock);
    let thawed = false;
    const late = but(store, {
      ask: async (...given) => {
        const answer = await store.ask(...given);
        // The answer is under way when somebody thaws the budget.
        if (answer.kind === 'later' && !thawed) {
          thawed = true;
          await store.thaw('shop');
        }
        return answer;
      },
    });
    const limiter = limiterOver(late, { clock });
    await limiter.freeze(budget, { cause: 'throttle', reason: '429', ms: 600_000 });
    const startUs = clock.monotonicUs();
    await limiter.acquire(budget, requestOf(budget));
    expect((clock.monotonicUs() - startUs) / 1000).to.be.below(2000);
    await limiter.close();
  });

  it('does not use a permit of before a freeze of which it hears first', async () => {
    const budget = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    const store = new LocalStore(clock);
    let frozen = false;
    const late = but(store, {
      ask: async (...given) => {
        const answer = await store.ask(...given);
        if (!frozen) {
          frozen = true;
          await store.freeze('shop', { cause: 'throttle', reason: '429', ms: 5000 }, 0);
        }
        return answer;
      },
    });
    const limiter = limiterOver(late, { clock });
    const startUs = clock.monotonicUs();
    await limiter.acquire(budget, requestOf(budget));
    expect((clock.monotonicUs() - startUs) / 1000).to.be.at.least(5000);
    await limiter.close();
  });

  it('goes on, and tries again, when what it knows cannot be kept', async () => {
    const budget = budgetOf([{ id: 'inflight', concurrency: { limit: 1 } }]);
    let [failures, kept] = [3, 0];
    const memory: Memory = {
      ...memoryOf(),
      remember: async () => {
        failures -= 1;
        if (failures >= 0) throw new TransientError(complaint('ETL0601', 'the database is locked'));
        kept += 1;
      },
    };
    // Such a rejection would end the process; the test runner lets it pass.
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    const limiter = inProcessLimiter({ clock, memory });
    for (let n = 0; n < 4; n += 1) {
      const permit = await limiter.acquire(budget, requestOf(budget));
      await clock.sleep(6000);
      limiter.settle(permit, { outcome: 'answered' });
      await clock.sleep(100);
    }
    await limiter.close();
    process.off('unhandledRejection', hear);
    expect(kept).to.be.at.least(1);
    expect(unheard).to.deep.equal([]);
  });

  it('asks a memory again that could not be read', async () => {
    const budget = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    let failures = 1;
    const memory: Memory = {
      ...memoryOf(),
      recall: async () => {
        failures -= 1;
        if (failures >= 0) throw new TransientError(complaint('ETL0601', 'the database is locked'));
        return undefined;
      },
    };
    const limiter = inProcessLimiter({ clock, memory });
    const refused = await limiter.acquire(budget, requestOf(budget)).catch(String);
    expect(refused).to.contain('ETL0601');
    await limiter.acquire(budget, requestOf(budget));
    await limiter.close();
  });

  it('lets nobody wait for ever when it is closed', async () => {
    const budget = budgetOf([{ id: 'slow', spacing: '1/m' }]);
    const limiter = inProcessLimiter({ clock });
    await limiter.acquire(budget, requestOf(budget));
    const waiting = limiter.acquire(budget, requestOf(budget)).catch(String);
    await clock.sleep(10);
    await limiter.close();
    expect(await waiting).to.contain('closed');
    expect(await limiter.acquire(budget, requestOf(budget)).catch(String)).to.contain('closed');
  });

  it('gives back what was granted for later when it is closed', async () => {
    const budget = budgetOf([{ id: 'rest', spacing: '10/s' }]);
    const store = new LocalStore(clock);
    const limiter = limiterOver(store, { clock });
    await limiter.acquire(budget, requestOf(budget));
    const waiting = limiter.acquire(budget, requestOf(budget)).catch(String);
    await clock.sleep(10);
    await limiter.close();
    expect(await waiting).to.contain('closed');
    const next = limiterOver(store, { clock });
    const startUs = clock.monotonicUs();
    await next.acquire(budget, requestOf(budget));
    expect((clock.monotonicUs() - startUs) / 1000).to.be.below(100);
    await next.close();
  });
});

describe('a limiter that goes on with its own share', () => {
  const budget = budgetOf([{ id: 'inflight', concurrency: { limit: 4, lease: '60s' } }], {
    on_store_down: 'local_share',
  });

  it('counts what ends there, and tells the store nothing of it', async () => {
    const clock = new VirtualClock();
    const store = new LocalStore(clock);
    const told: string[] = [];
    let down = false;
    const failing = but(store, {
      ask: async (domain, ask, settled) => {
        if (down) throw new StoreDown('gone');
        told.push(...settled.map(({ ticket }) => ticket.id));
        return store.ask(domain, ask, settled);
      },
      settle: async (domain, settled) => {
        if (down) throw new StoreDown('gone');
        told.push(...settled.map(({ ticket }) => ticket.id));
        await store.settle(domain, settled);
      },
    });
    const limiter = limiterOver(failing, { clock });
    const use = async (): Promise<void> => {
      const permit = await limiter.acquire(budget, requestOf(budget));
      await clock.sleep(100);
      limiter.settle(permit, { outcome: 'answered' });
    };
    await use();
    await clock.sleep(100);
    down = true;
    const startUs = clock.monotonicUs();
    // Half of the four, one after the other: none of them waits for a lease to run out.
    for (let n = 0; n < 10; n += 1) await use();
    expect((clock.monotonicUs() - startUs) / 1000).to.be.below(10_000);
    down = false;
    await clock.sleep(2000);
    await use();
    await clock.sleep(100);
    await limiter.close();
    // The one before and the one after: what was granted here was never the store's.
    expect(told).to.have.length(2);
  });
});

describe('what is kept of a shared store', () => {
  const budget = budgetOf([{ id: 'day', fixed: { limit: 10, per: 'day' } }]);

  /** A shared store that can lose its state. */
  function forgetful(clock: VirtualClock) {
    let inner = new LocalStore(clock);
    let heard = false;
    const hear = (): void => {
      if (!heard) store.onBoot('shop');
      heard = true;
    };
    const store: ForgetfulStore = {
      onBoot: () => {},
      ask: async (...given) => {
        const answer = await inner.ask(...given);
        hear();
        return answer;
      },
      status: async (...given) => {
        const status = await inner.status(...given);
        hear();
        return status;
      },
      settle: (...given) => inner.settle(...given),
      renew: (...given) => inner.renew(...given),
      freeze: (...given) => inner.freeze(...given),
      thaw: (...given) => inner.thaw(...given),
      watch: (...given) => inner.watch(...given),
      close: async () => {},
    };
    const lose = (): void => {
      inner = new LocalStore(clock);
      heard = false;
    };
    return { store, lose };
  }

  it('is not overwritten by a process that knows less, or by a store that has just lost it', async () => {
    const clock = new VirtualClock();
    const memory = memoryOf();
    const { store, lose } = forgetful(clock);
    const run = limiterOver(keptStore(store, memory, clock), { clock });
    for (let n = 0; n < 7; n += 1)
      run.settle(await run.acquire(budget, requestOf(budget)), { outcome: 'answered' });
    await run.close();
    // Somebody freezes and thaws by hand, in a process of its own.
    const hand = limiterOver(keptStore(store, memory, clock), { clock });
    await hand.freeze(budget, { cause: 'manual', reason: 'moving' });
    await hand.thaw(budget);
    lose();
    await hand.freeze(budget, { cause: 'manual', reason: 'moving on' });
    await hand.thaw(budget);
    await hand.close();
    const next = limiterOver(keptStore(store, memory, clock), { clock });
    await clock.sleep(10_000);
    const permit = await next.acquire(budget, requestOf(budget));
    next.settle(permit, { outcome: 'answered' });
    expect((await next.status(budget)).limits[0]?.fill).to.be.closeTo(0.8, 0.01);
    await next.close();
  });

  it('outlives a store that loses it twice, also when nothing was granted in between', async () => {
    const clock = new VirtualClock();
    const memory = memoryOf();
    const { store, lose } = forgetful(clock);
    const run = async (): Promise<string[]> => {
      const limiter = limiterOver(keptStore(store, memory, clock), { clock });
      const refusals: string[] = [];
      for (let n = 0; n < 12; n += 1) {
        const permit = await limiter.acquire(budget, requestOf(budget)).catch(String);
        if (typeof permit === 'string') refusals.push(permit);
        else limiter.settle(permit, { outcome: 'answered' });
      }
      await limiter.close();
      lose();
      return refusals;
    };
    expect(await run()).to.have.length(2);
    expect(await run()).to.have.length(12);
    expect(await run()).to.have.length(12);
  });

  it('is asked for again when it could not be read, before anything is granted', async () => {
    const clock = new VirtualClock();
    const kept = memoryOf();
    const { store } = forgetful(clock);
    let failures = 1;
    const memory: Memory = {
      ...kept,
      recall: async (name) => {
        failures -= 1;
        if (failures >= 0) throw new TransientError(complaint('ETL0601', 'the database is locked'));
        return kept.recall(name);
      },
    };
    const limiter = limiterOver(keptStore(store, memory, clock), { clock });
    const refused = await limiter.acquire(budget, requestOf(budget)).catch(String);
    expect(refused).to.contain('ETL0601');
    await limiter.acquire(budget, requestOf(budget));
    await limiter.close();
  });
});

describe('the state of a budget', () => {
  it('does not grow with the partitions that were ever used', () => {
    const budget = budgetOf([{ id: 'each', spacing: '10/s', key: ['{path}'] }]);
    const state = new BudgetState(newBudgetData());
    const [limit] = budget.limits;
    if (limit === undefined) throw new Error('there is a limit');
    const asking = { member: 'a p', process: 'p', weight: 1, low: false, backlog: false, horizonUs: 250_000 };
    let nowUs = 1e15;
    for (let n = 0; n < 20_000; n += 1) {
      nowUs += 2_000_000;
      const limits = [askLimit({ limit, partition: `/items/${n}`, cost: 1 }, nowUs / 1000)];
      state.ask({ ...asking, limits }, nowUs);
    }
    const { limits }: BudgetData = state.data;
    // Two hours' worth at most: what meant something within the last one.
    expect(Object.keys(limits).length).to.be.below(4000);
  });
});
