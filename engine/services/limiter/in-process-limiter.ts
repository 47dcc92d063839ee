import type { BudgetPlan, LimitPlan } from '../../model/plan.ts';
import type { Clock, Limiter, Permit, PermitRequest } from '../../model/ports.ts';
import { pathMatcher } from './path-matcher.ts';

interface Waiter {
  readonly stream: string;
  readonly limits: readonly LimitState[];
  readonly sinceUs: number;
  grant(permit: Permit): void;
  /** The limit that it was last seen to wait for. */
  boundBy?: string;
}

interface LimitState {
  readonly plan: LimitPlan;
  readonly matches: (path: string) => boolean;
  /** Theoretical arrival time of the next request, in microseconds of the monotonic clock. */
  tatUs: number;
}

/** All limits of one credential, and who waits for them. */
interface Domain {
  readonly limits: Map<string, LimitState>;
  frozenUntilUs: number;
  waiters: Waiter[];
  dispatching: boolean;
  /** Streams by when each was last granted a permit: equal slots go to the one that was served longest ago. */
  readonly served: Map<string, number>;
  /** Wakes the dispatcher when somebody comes or goes, or a freeze begins. */
  wake: () => void;
}

/**
 * A limiter for one process: GCRA (the generic cell rate algorithm, ITU-T I.371) for every limit, all matching limits at
 * once. A request may be sent at `t`, the latest of `TAT − (burst − 1) · interval` over its limits, and moves each TAT to
 * `max(TAT, t) + interval`. Streams that wait for the same budget take turns, and one behind a slow limit does not keep
 * others from theirs.
 */
export class InProcessLimiter implements Limiter {
  readonly #clock: Clock;
  readonly #domains = new Map<string, Domain>();
  #grants = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  acquire(budget: BudgetPlan, { stream, path }: PermitRequest, signal?: AbortSignal): Promise<Permit> {
    const domain = this.#domain(budget.domain);
    const limits = budget.limits.map((plan) => limitOf(domain, plan)).filter(({ matches }) => matches(path));
    return new Promise<Permit>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = (): void => {
        domain.waiters = domain.waiters.filter((one) => one !== waiter);
        domain.wake();
        reject(signal?.reason);
      };
      const grant = (permit: Permit): void => {
        signal?.removeEventListener('abort', leave);
        resolve(permit);
      };
      const waiter: Waiter = { stream, limits, sinceUs: this.#clock.monotonicUs(), grant };
      signal?.addEventListener('abort', leave, { once: true });
      domain.waiters.push(waiter);
      domain.wake();
      void this.#dispatch(domain);
    });
  }

  freeze(name: string, ms: number): void {
    const domain = this.#domain(name);
    domain.frozenUntilUs = Math.max(domain.frozenUntilUs, this.#clock.monotonicUs() + ms * 1000);
    // Full buckets at the thaw: the provider has just said that it wants less, so no burst goes off.
    for (const limit of domain.limits.values()) {
      limit.tatUs = Math.max(
        limit.tatUs,
        domain.frozenUntilUs + (limit.plan.burst - 1) * limit.plan.intervalUs,
      );
    }
    domain.wake();
  }

  #domain(name: string): Domain {
    const known = this.#domains.get(name);
    if (known !== undefined) return known;
    const made: Domain = {
      limits: new Map(),
      frozenUntilUs: 0,
      waiters: [],
      dispatching: false,
      served: new Map(),
      wake: () => {},
    };
    this.#domains.set(name, made);
    return made;
  }

  /** Grants permits one by one, each at its slot, until nobody waits. One dispatcher runs per domain. */
  async #dispatch(domain: Domain): Promise<void> {
    if (domain.dispatching) return;
    domain.dispatching = true;
    for (let next = this.#next(domain); next !== undefined; next = this.#next(domain)) {
      const nowUs = this.#clock.monotonicUs();
      if (next.slotUs <= nowUs) this.#grant(domain, next.waiter, nowUs);
      else await this.#pause(domain, Math.ceil((next.slotUs - nowUs) / 1000));
    }
    domain.dispatching = false;
  }

  /** The waiter whose slot comes first; of equal ones, that of the stream which was served longest ago. */
  #next(domain: Domain): { readonly waiter: Waiter; readonly slotUs: number } | undefined {
    const nowUs = this.#clock.monotonicUs();
    const lastServed = (waiter: Waiter): number => domain.served.get(waiter.stream) ?? 0;
    let best: { waiter: Waiter; slotUs: number } | undefined;
    for (const waiter of domain.waiters) {
      const slotUs = Math.max(nowUs, slot(domain, waiter, nowUs));
      const sooner = best === undefined || slotUs < best.slotUs;
      const fairer =
        best !== undefined && slotUs === best.slotUs && lastServed(waiter) < lastServed(best.waiter);
      if (sooner || fairer) best = { waiter, slotUs };
    }
    return best;
  }

  #grant(domain: Domain, waiter: Waiter, nowUs: number): void {
    domain.waiters.splice(domain.waiters.indexOf(waiter), 1);
    for (const limit of waiter.limits) limit.tatUs = Math.max(limit.tatUs, nowUs) + limit.plan.intervalUs;
    this.#grants += 1;
    domain.served.set(waiter.stream, this.#grants);
    const waitedMs = (nowUs - waiter.sinceUs) / 1000;
    waiter.grant({ waitedMs, ...(waiter.boundBy !== undefined && { boundBy: waiter.boundBy }) });
  }

  /** Sleeps until the slot, or until something changes that could make another one earlier. */
  async #pause(domain: Domain, ms: number): Promise<void> {
    const woken = new AbortController();
    domain.wake = () => woken.abort();
    await this.#clock.sleep(ms, woken.signal).catch(() => {});
    domain.wake = () => {};
  }
}

/** Sources that share a credential share the limits of the same name. */
function limitOf(domain: Domain, plan: LimitPlan): LimitState {
  const known = domain.limits.get(plan.id);
  if (known !== undefined) return known;
  const made: LimitState = { plan, matches: pathMatcher(plan.path), tatUs: 0 };
  domain.limits.set(plan.id, made);
  return made;
}

/** The earliest time at which all limits of a waiter conform, in microseconds; notes which of them it is. */
function slot(domain: Domain, waiter: Waiter, nowUs: number): number {
  let latestUs = nowUs;
  const wait = (untilUs: number, who: string): void => {
    if (untilUs <= latestUs) return;
    latestUs = untilUs;
    waiter.boundBy = who;
  };
  wait(domain.frozenUntilUs, 'freeze');
  for (const { plan, tatUs } of waiter.limits) wait(tatUs - (plan.burst - 1) * plan.intervalUs, plan.id);
  return latestUs;
}
