import type { Clock } from '../../model/ports.ts';
import type { Outstanding } from './outstanding.ts';
import type { StoreAsker } from './store-asker.ts';

/**
 * Tells a store, between the questions to it, how requests went and that others are still under way. Nobody waits for
 * that: what could not be told is told with the next question, and what fails it then reaches those who wait.
 */
export class Teller {
  readonly #clock: Clock;
  readonly #asker: StoreAsker;
  readonly #outstanding: Outstanding;
  readonly #closed: AbortSignal;
  #tellAtUs = Number.POSITIVE_INFINITY;
  #renewing = false;

  constructor(clock: Clock, asker: StoreAsker, outstanding: Outstanding, closed: AbortSignal) {
    this.#clock = clock;
    this.#asker = asker;
    this.#outstanding = outstanding;
    this.#closed = closed;
  }

  /** Tells it soon, together with what else is learned until then; a question to it tells it sooner. */
  async tellLater(ms: number): Promise<void> {
    const atUs = this.#clock.monotonicUs() + ms * 1000;
    if (atUs >= this.#tellAtUs) return;
    this.#tellAtUs = atUs;
    await this.#clock.sleep(ms, this.#closed).catch(() => {});
    this.#tellAtUs = Number.POSITIVE_INFINITY;
    await this.#asker.tell().catch(() => {});
  }

  /** Renews leases while requests are under way. */
  async renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    for (let held = this.#outstanding.leases(); held !== undefined; held = this.#outstanding.leases()) {
      await this.#clock.sleep(held.everyUs / 1000, this.#closed).catch(() => {});
      if (this.#closed.aborted) break;
      const still = this.#outstanding.leases();
      if (still !== undefined) await this.#asker.renew(still.leases).catch(() => {});
    }
    this.#renewing = false;
  }
}
