import type { Clock } from '../../model/ports.ts';
import { LocalStore } from './local/local-store.ts';
import type { Answer, Ask, AskLimit, BudgetStore, Lease, Settled } from './store.ts';

/** Of what is this process's part, this much is used while nobody can be asked. */
const cautiousShare = 0.5;
const retryUs = 1_000_000;
/** Tickets that were granted here bear it, so that the store which has come back is told nothing of them. */
const mark = 'alone-';

/**
 * Goes on without the shared store with half of this process's part of every rate, one request at a time. A quota is a
 * count that only the store knows, so what a quota binds waits.
 */
export class LocalShare {
  readonly #store: BudgetStore;

  constructor(clock: Clock) {
    this.#store = new LocalStore(clock);
  }

  ask(domain: string, ask: Ask, processes: number): Promise<Answer> {
    const limits = ask.limits.map((limit) => shareOf(limit, cautiousShare / Math.max(1, processes)));
    const process = `${mark}${ask.process}`;
    if (limits.every((limit) => limit !== undefined))
      return this.#store.ask(domain, { ...ask, process, limits }, []);
    return Promise.resolve({ kind: 'later', waitUs: retryUs, why: 'limit', boundBy: 'store', processes });
  }

  /** Counts what ends here. What replies say of whole limits means nothing for a part of them. */
  settle(domain: string, settled: readonly Settled[], processes: number): Promise<void> {
    const ended = settled.map((one) => ({
      ...one,
      limits: one.limits.flatMap((limit) => shareOf(limit, cautiousShare / Math.max(1, processes)) ?? []),
      observations: [],
    }));
    return this.#store.settle(domain, ended);
  }

  renew(domain: string, leases: readonly Lease[]): Promise<void> {
    return this.#store.renew(domain, leases);
  }

  watch(domain: string, changed: (what: 'frozen' | 'freed') => void): void {
    this.#store.watch(domain, changed);
  }
}

/** Whether a ticket was granted by a share, not by the store. */
export const isAlone = (ticket: string): boolean => ticket.startsWith(mark);

/** A part of a limit; undefined where there is none. */
function shareOf(limit: AskLimit, share: number): AskLimit | undefined {
  const { shape } = limit;
  switch (shape.kind) {
    case 'bucket':
      return spaced(limit, shape.intervalUs / share);
    case 'sliding':
      return shape.parts === undefined ? spaced(limit, shape.windowUs / (shape.count * share)) : undefined;
    case 'concurrency': {
      const count = Math.floor(shape.count * share);
      return count < 1 ? undefined : { ...limit, shape: { ...shape, count } };
    }
    case 'fixed':
      return undefined;
  }
}

const spaced = (limit: AskLimit, intervalUs: number): AskLimit => ({
  ...limit,
  shape: { kind: 'bucket', intervalUs, burst: 1, capacity: 1 },
});
