import type { BudgetPlan } from '../../model/plan.ts';
import type { Clock, Metrics } from '../../model/ports.ts';
import { isAlone, LocalShare } from './local-share.ts';
import type { Outstanding } from './outstanding.ts';
import { type Answer, type Ask, type BudgetStore, type Lease, type Settled, StoreDown } from './store.ts';

const retryUs = 500_000;
/** After this the streams are told. */
const patienceUs = 60_000_000;

export interface DispatcherServices {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Names this process among those that share the store. */
  readonly process: string;
}

/** The store does not answer. */
export interface Down {
  readonly kind: 'down';
  readonly reason: string;
  readonly forUs: number;
  /** When it is worth asking again, by the monotonic clock. */
  readonly againUs: number;
  /** Whether those who wait must be told. */
  readonly final: boolean;
}

/** Talks to the store of one domain, and decides what to do while it is down. Nothing is ever granted without a count. */
export class StoreAsker {
  /** The least time that an answer took. */
  roundTripUs = Number.POSITIVE_INFINITY;
  readonly #domain: string;
  readonly #services: DispatcherServices;
  readonly #outstanding: Outstanding;
  readonly #share: LocalShare;
  #processes = 1;
  #downSinceUs: number | undefined;
  #reason = '';
  #againUs = 0;

  constructor(domain: string, services: DispatcherServices, outstanding: Outstanding) {
    this.#domain = domain;
    this.#services = services;
    this.#outstanding = outstanding;
    this.#share = new LocalShare(services.clock);
  }

  async ask(ask: Ask, onStoreDown: BudgetPlan['onStoreDown']): Promise<Answer | Down> {
    const { store, clock, metrics } = this.#services;
    const askedUs = clock.monotonicUs();
    await this.#tellShare();
    if (this.#downSinceUs !== undefined && askedUs < this.#againUs) return this.#without(ask, onStoreDown);
    const settled = this.#forStore();
    try {
      const answer = await store.ask(this.#domain, ask, settled);
      const tookUs = clock.monotonicUs() - askedUs;
      // It rises slowly, so that a line that has become slower is believed after a while.
      this.roundTripUs = Math.min(this.roundTripUs * 1.01 + 1, tookUs);
      metrics.record('store_seconds', tookUs / 1e6, { domain: this.#domain });
      this.#downSinceUs = undefined;
      this.#processes = answer.processes;
      return answer;
    } catch (error) {
      this.#outstanding.putBack(settled);
      this.#failed(error, askedUs);
      return this.#without(ask, onStoreDown);
    }
  }

  /** Tells the store what it does not know yet. */
  async tell(): Promise<void> {
    await this.#tellShare();
    if (this.#outstanding.isEmpty) return;
    const settled = this.#forStore();
    try {
      await this.#services.store.settle(this.#domain, settled);
    } catch (error) {
      this.#outstanding.putBack(settled);
      if (!(error instanceof StoreDown)) throw error;
    }
  }

  /** While the store is down nothing can be renewed: a lease is long enough for a short outage. */
  async renew(leases: readonly Lease[]): Promise<void> {
    const own = leases.filter(({ ticket }) => isAlone(ticket));
    const others = leases.filter(({ ticket }) => !isAlone(ticket));
    if (own.length > 0) await this.#share.renew(this.#domain, own);
    if (others.length === 0) return;
    await this.#services.store.renew(this.#domain, others).catch((error: unknown) => {
      if (!(error instanceof StoreDown)) throw error;
    });
  }

  /** Tells of what may let others go, here or elsewhere. */
  watch(changed: (what: 'frozen' | 'freed') => void): void {
    this.#services.store.watch(this.#domain, changed);
    this.#share.watch(this.#domain, changed);
  }

  #forStore(): readonly Settled[] {
    return this.#outstanding.take((ticket) => !isAlone(ticket), this.#services.clock.monotonicUs());
  }

  /** What was granted without the store ends without it. */
  async #tellShare(): Promise<void> {
    const settled = this.#outstanding.take(isAlone, this.#services.clock.monotonicUs());
    if (settled.length > 0) await this.#share.settle(this.#domain, settled, this.#processes);
  }

  #failed(error: unknown, askedUs: number): void {
    if (!(error instanceof StoreDown)) throw error;
    this.#reason = error.message;
    this.#downSinceUs ??= askedUs;
    this.#againUs = this.#services.clock.monotonicUs() + retryUs;
  }

  async #without(ask: Ask, onStoreDown: BudgetPlan['onStoreDown']): Promise<Answer | Down> {
    if (onStoreDown === 'local_share') {
      const answer = await this.#share.ask(this.#domain, ask, this.#processes);
      return answer.boundBy === undefined ? answer : { ...answer, boundBy: 'store' };
    }
    const nowUs = this.#services.clock.monotonicUs();
    const forUs = nowUs - (this.#downSinceUs ?? nowUs);
    const final = onStoreDown === 'stop' || forUs > patienceUs;
    return { kind: 'down', reason: this.#reason, forUs, againUs: this.#againUs, final };
  }
}
