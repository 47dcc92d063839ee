import type { BudgetPlan } from '../../engine/model/plan.ts';
import type {
  BudgetStatus,
  Clock,
  FreezeOrder,
  Limiter,
  Permit,
  PermitRequest,
  Settlement,
  Waiting,
} from '../../engine/model/ports.ts';

/**
 * A limiter that permits everything and writes down what it is told. A freeze makes everybody wait, whatever its limit;
 * one that does not say how long lasts 2 s, then 4 s, 8 s and so on, and for good where a person must thaw it.
 */
export class FakeLimiter implements Limiter {
  readonly asked: PermitRequest[] = [];
  readonly settled: { readonly permit: Permit; readonly settlement: Settlement }[] = [];
  readonly freezes: { readonly domain: string; readonly order: FreezeOrder }[] = [];
  readonly #clock: Clock;
  #frozenUntilUs = 0;
  #unasked = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire({ domain }: BudgetPlan, request: PermitRequest, signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted();
    const waitedMs = Math.max(0, (this.#frozenUntilUs - this.#clock.monotonicUs()) / 1000);
    if (waitedMs > 0) await this.#clock.sleep(waitedMs, signal);
    this.asked.push(request);
    const id = String(this.asked.length);
    return { id, domain, waitedMs, ...(waitedMs > 0 && { boundBy: 'freeze' }) };
  }

  settle(permit: Permit, settlement: Settlement): void {
    this.settled.push({ permit, settlement });
  }

  async freeze({ domain }: BudgetPlan, order: FreezeOrder): Promise<number> {
    this.freezes.push({ domain, order });
    const ms = order.ms ?? (order.cause === 'ban' ? Number.POSITIVE_INFINITY : this.#longer());
    this.#frozenUntilUs = Math.max(this.#frozenUntilUs, this.#clock.monotonicUs() + ms * 1000);
    return ms;
  }

  async thaw(): Promise<number> {
    this.#frozenUntilUs = 0;
    return 1;
  }

  async status({ domain }: BudgetPlan): Promise<BudgetStatus> {
    return { domain, limits: [], freezes: [], waiting: [], processes: 1 };
  }

  waiting(): readonly Waiting[] {
    return [];
  }

  async close(): Promise<void> {}

  #longer(): number {
    this.#unasked += 1;
    return 1000 * 2 ** this.#unasked;
  }
}
