import { BudgetState, newBudgetData } from '../../engine/services/limiter/local/budget-state.ts';
import { redisStore } from '../../engine/services/limiter/redis/redis-store.ts';
import type { BudgetStore } from '../../engine/services/limiter/store.ts';
import { type Played, startUs } from './limit-scenarios.ts';

/** The state in this process, played directly. */
export function localPlayed(state = new BudgetState(newBudgetData())): Played {
  return {
    ask: async (ask, nowUs) => state.ask(ask, nowUs),
    settle: async (settled, nowUs) => state.settle(settled, nowUs),
    renew: async (ticket, limits, nowUs) => state.renew({ ticket, limits }, nowUs),
    freeze: async (order, random, nowUs) => state.freeze(order, random, nowUs),
    thaw: async (scope, nowUs) => state.thaw(scope, nowUs),
    status: async (limits, nowUs) => state.status(limits, nowUs),
    forget: async () => {},
  };
}

type MadeStore = typeof redisStore;

/** Redis, played in virtual time: each scenario has a domain of its own. */
export interface RedisPlayer {
  /** A domain that Redis has known for long, or one that is new. */
  played(known: 'known' | 'new'): Promise<Played>;
  close(): Promise<void>;
}

const longAgoUs = 4 * 24 * 3_600_000_000;

export function redisPlayer(url: string, prefix: string, make: MadeStore = redisStore): RedisPlayer {
  let nowUs = 0;
  let domains = 0;
  const store: BudgetStore = make({ url, prefix, nowUs: () => nowUs });
  const at = <T>(us: number, call: () => Promise<T>): Promise<T> => {
    nowUs = us;
    return call();
  };
  return {
    played: async (known) => {
      let domain = `domain-${domains++}`;
      if (known === 'known') await at(startUs - longAgoUs, () => store.status(domain, []));
      return {
        ask: (ask, us) => at(us, () => store.ask(domain, ask, [])),
        settle: (settled, us) => at(us, () => store.settle(domain, [settled])),
        renew: (ticket, limits, us) => at(us, () => store.renew(domain, [{ ticket, limits }])),
        freeze: (order, random, us) => at(us, async () => (await store.freeze(domain, order, random)) * 1000),
        thaw: (scope, us) => at(us, () => store.thaw(domain, scope)),
        status: (limits, us) => at(us, () => store.status(domain, limits)),
        // Nothing is left of a domain when Redis starts empty; another one is as good.
        forget: async () => {
          domain = `domain-${domains++}`;
        },
      };
    },
    close: () => store.close(),
  };
}
