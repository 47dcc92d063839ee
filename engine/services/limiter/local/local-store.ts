import type { Clock, Memory } from '../../../model/ports.ts';
import { type BudgetStore, freesOthers, type Settled } from '../store.ts';
import { type BudgetData, BudgetState, newBudgetData } from './budget-state.ts';

/** How often what has changed is kept, so that a run after a crash knows of most of it. */
const keepEveryMs = 5000;

/**
 * Keeps budgets in this process: they are then this process's alone. With a memory they outlive it, so that the next run
 * goes on where this one stopped, and manual freezes hold.
 */
export class LocalStore implements BudgetStore {
  readonly #clock: Clock;
  readonly #memory: Memory | undefined;
  readonly #states = new Map<string, Promise<BudgetState>>();
  readonly #changed = new Set<string>();
  readonly #watchers = new Map<string, ((what: 'frozen' | 'freed') => void)[]>();
  readonly #offsetUs: number;
  #keptMs: number;

  constructor(clock: Clock, memory?: Memory) {
    this.#clock = clock;
    this.#memory = memory;
    // Wall time that never goes back: what is kept must mean something to the next run.
    this.#offsetUs = clock.now() * 1000 - clock.monotonicUs();
    this.#keptMs = clock.now();
  }

  ask: BudgetStore['ask'] = async (domain, ask, settled) => {
    const state = await this.#state(domain);
    this.#settled(domain, state, settled);
    const answer = state.ask(ask, this.#nowUs());
    await this.#touched(domain);
    return answer;
  };

  settle: BudgetStore['settle'] = async (domain, settled) => {
    const state = await this.#state(domain);
    this.#settled(domain, state, settled);
    await this.#touched(domain);
  };

  renew: BudgetStore['renew'] = async (domain, leases) => {
    const state = await this.#state(domain);
    for (const lease of leases) state.renew(lease, this.#nowUs());
  };

  freeze: BudgetStore['freeze'] = async (domain, order, random) => {
    const state = await this.#state(domain);
    const us = state.freeze(order, random, this.#nowUs());
    this.#tell(domain, 'frozen');
    await this.#keep(domain);
    return us / 1000;
  };

  thaw: BudgetStore['thaw'] = async (domain, scope) => {
    const count = (await this.#state(domain)).thaw(scope, this.#nowUs());
    this.#tell(domain, 'freed');
    await this.#keep(domain);
    return count;
  };

  status: BudgetStore['status'] = async (domain, limits) =>
    (await this.#state(domain)).status(limits, this.#nowUs());

  watch: BudgetStore['watch'] = (domain, changed) => {
    this.#watchers.set(domain, [...(this.#watchers.get(domain) ?? []), changed]);
  };

  close: BudgetStore['close'] = async () => {
    for (const domain of [...this.#changed]) await this.#keep(domain);
  };

  #settled(domain: string, state: BudgetState, settled: readonly Settled[]): void {
    for (const one of settled) state.settle(one, this.#nowUs());
    if (settled.some(freesOthers)) this.#tell(domain, 'freed');
  }

  #nowUs(): number {
    return this.#offsetUs + this.#clock.monotonicUs();
  }

  #tell(domain: string, what: 'frozen' | 'freed'): void {
    for (const changed of this.#watchers.get(domain) ?? []) changed(what);
  }

  #state(domain: string): Promise<BudgetState> {
    const known = this.#states.get(domain);
    if (known !== undefined) return known;
    const recalled = this.#recalled(domain);
    this.#states.set(domain, recalled);
    // A memory that could not be read is asked again.
    recalled.catch(() => this.#states.delete(domain));
    return recalled;
  }

  async #recalled(domain: string): Promise<BudgetState> {
    const text = await this.#memory?.recall(memoryName(domain));
    if (text === undefined) return new BudgetState(newBudgetData());
    const kept = JSON.parse(text, revived) as BudgetData;
    // Whoever waited or had a request under way has ended with its process.
    for (const limit of Object.values(kept.limits)) limit.leases = {};
    return new BudgetState({ ...newBudgetData(), ...kept, waiting: {}, processes: {} });
  }

  /** A request does not fail because what is known cannot be kept just now: that is tried again later, and at the end. */
  async #touched(domain: string): Promise<void> {
    if (this.#memory === undefined) return;
    this.#changed.add(domain);
    if (this.#clock.now() < this.#keptMs + keepEveryMs) return;
    this.#keptMs = this.#clock.now();
    for (const one of [...this.#changed]) await this.#keep(one).catch(() => {});
  }

  async #keep(domain: string): Promise<void> {
    if (this.#memory === undefined) return;
    const { data } = await this.#state(domain);
    this.#changed.delete(domain);
    try {
      await this.#memory.remember(memoryName(domain), JSON.stringify(data, withInfinity));
    } catch (error) {
      this.#changed.add(domain);
      throw error;
    }
  }
}

const memoryName = (domain: string): string => `budget ${domain}`;

const withInfinity = (_: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'Infinity' : value;

const revived = (key: string, value: unknown): unknown =>
  key === 'untilUs' && value === 'Infinity' ? Number.POSITIVE_INFINITY : value;
