import type { BudgetPlan } from '../../model/plan.ts';
import type { Permit, PermitRequest, Settlement, Waiting } from '../../model/ports.ts';
import { askLimit } from './asks.ts';
import { askerOf, type Lane, laneKey, newLane, nextLane, startOf, type Waiter, waitingOf } from './lane.ts';
import { Outstanding } from './outstanding.ts';
import { storeDown, tooLong } from './refusals.ts';
import type { AskLimit, Grant, Later } from './store.ts';
import { type DispatcherServices, type Down, StoreAsker } from './store-asker.ts';
import { Teller } from './teller.ts';

/** A permit that is used later than this is dropped: late ones would bunch up. */
const graceUs = 30_000;
/** How long before its slot the next permit of a lane is asked for, so that a high rate is kept in spite of timers. */
const aheadUs = 4000;
const urgentMs = 3;
const settleMs = 100;

/** A granted permit whose slot has not come. */
interface Held {
  readonly lane: Lane;
  readonly waiter: Waiter;
  readonly grant: Grant;
  readonly limits: readonly AskLimit[];
  readonly slotUs: number;
  readonly deadlineUs: number;
  /** A freeze came in between. */
  dropped: boolean;
}

/**
 * Asks the store for the permits of one domain, for everybody in this process: one question at a time, in turns between
 * streams. A permit is handed out in its slot, and dropped when its time has passed.
 */
export class Dispatcher {
  readonly #domain: string;
  readonly #services: DispatcherServices;
  readonly #lanes = new Map<string, Lane>();
  readonly #outstanding = new Outstanding();
  readonly #held = new Set<Held>();
  readonly #asker: StoreAsker;
  readonly #teller: Teller;
  readonly #closed = new AbortController();
  /** What was told while the present question was under way: its answer may be of before. */
  readonly #heard = new Set<'frozen' | 'freed'>();
  #virtual = 0;
  #running = false;
  #ran: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(domain: string, services: DispatcherServices) {
    this.#domain = domain;
    this.#services = services;
    this.#asker = new StoreAsker(domain, services, this.#outstanding);
    this.#teller = new Teller(services.clock, this.#asker, this.#outstanding, this.#closed.signal);
    this.#asker.watch((what) => this.#changed(what));
  }

  acquire(budget: BudgetPlan, request: PermitRequest, signal?: AbortSignal): Promise<Permit> {
    return new Promise<Permit>((resolve, reject) => {
      const stopped = [signal, this.#closed.signal].find((one) => one?.aborted);
      if (stopped !== undefined) return reject(stopped.reason);
      const leave = (): void => {
        waiter.gone = true;
        this.#remove(waiter);
        reject(signal?.reason);
      };
      const stay = (): void => signal?.removeEventListener('abort', leave);
      const sinceUs = this.#services.clock.monotonicUs();
      const grant = (permit: Permit): void => resolve(permit);
      const waiter: Waiter = { budget, request, sinceUs, gone: false, grant, refuse: reject, stay };
      signal?.addEventListener('abort', leave, { once: true });
      this.#lane(request).waiters.push(waiter);
      this.#wake();
      this.#run();
    });
  }

  settle(permit: Permit, settlement: Settlement): void {
    const when = this.#outstanding.settle(permit, settlement, this.#services.clock.monotonicUs());
    if (when !== undefined) void this.#teller.tellLater(when === 'now' ? urgentMs : settleMs);
  }

  waiting(): readonly Waiting[] {
    const nowUs = this.#services.clock.monotonicUs();
    return [...this.#lanes.values()].flatMap((lane) => waitingOf(lane, this.#domain, nowUs));
  }

  /** Whoever still waits is refused, and what was granted for later is given back. */
  async close(): Promise<void> {
    const closed = new Error('the limiter is closed');
    this.#closed.abort(closed);
    for (const lane of this.#lanes.values()) this.#refuse(lane, () => closed);
    for (const held of this.#held) {
      refuse(held.waiter, closed);
      this.#handOut(held);
    }
    this.#wake();
    await this.#ran;
    await this.#asker.tell();
  }

  #lane(request: PermitRequest): Lane {
    const key = laneKey(request);
    const lane = this.#lanes.get(key) ?? newLane(key, request);
    this.#lanes.set(key, lane);
    return lane;
  }

  #remove(waiter: Waiter): void {
    const lane = this.#lanes.get(laneKey(waiter.request));
    const at = lane?.waiters.indexOf(waiter) ?? -1;
    if (at >= 0) lane?.waiters.splice(at, 1);
    this.#wake();
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.#ran = this.#askAll();
  }

  /** Asks until nobody waits. */
  async #askAll(): Promise<void> {
    try {
      while (!this.#closed.signal.aborted && this.#sweep()) await this.#step();
    } catch (error) {
      // A bug in a store must reach those who wait, not vanish in a promise that nobody holds.
      for (const lane of this.#lanes.values()) this.#refuse(lane, () => error);
    } finally {
      this.#running = false;
    }
  }

  /** Forgets lanes in which nobody waits; whether any is left. */
  #sweep(): boolean {
    const held = new Set([...this.#held].map(({ lane }) => lane));
    for (const [key, lane] of this.#lanes)
      if (lane.waiters.length === 0 && !held.has(lane)) this.#lanes.delete(key);
    return [...this.#lanes.values()].some(({ waiters }) => waiters.length > 0);
  }

  async #step(): Promise<void> {
    const nowUs = this.#services.clock.monotonicUs();
    const waiting = [...this.#lanes.values()].filter(({ waiters }) => waiters.length > 0);
    const lane = nextLane(waiting, this.#virtual, nowUs);
    const waiter = lane?.waiters[0];
    if (lane === undefined || waiter === undefined) {
      const nextUs = Math.min(...waiting.map(({ notBeforeUs }) => notBeforeUs));
      return this.#pause(nextUs - nowUs);
    }
    await this.#askFor(lane, waiter);
  }

  /** Sleeps, or until something changes. */
  async #pause(us: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#services.clock.sleep(Math.ceil(us / 1000), woken.signal).catch(() => {});
    this.#wake = () => {};
  }

  async #askFor(lane: Lane, waiter: Waiter): Promise<void> {
    const { clock } = this.#services;
    const limits = waiter.request.limits.map((limit) => askLimit(limit, clock.now()));
    const askedUs = clock.monotonicUs();
    const ask = { ...askerOf(lane, waiter, this.#services.process), limits };
    this.#heard.clear();
    const answer = await this.#asker.ask(ask, waiter.budget.onStoreDown);
    if (answer.kind === 'down') return this.#without(lane, answer);
    if (answer.kind === 'later') return this.#wait(lane, waiter, answer);
    this.#take(lane, waiter, answer, limits, askedUs);
  }

  /** The store is down and nothing may be sent without it. */
  #without(lane: Lane, { reason, forUs, againUs, final }: Down): void {
    if (!final) this.#hold(lane, againUs, 'store');
    else this.#refuse(lane, ({ request }) => storeDown(request.stream, this.#domain, reason, forUs / 1000));
  }

  #refuse(lane: Lane, why: (waiter: Waiter) => unknown): void {
    for (const waiter of lane.waiters.splice(0)) refuse(waiter, why(waiter));
  }

  #hold(lane: Lane, untilUs: number, boundBy: string, reason?: string): void {
    lane.notBeforeUs = untilUs;
    lane.why = 'limit';
    lane.untilUs = untilUs;
    lane.boundBy = boundBy;
    if (reason === undefined) delete lane.reason;
    else lane.reason = reason;
    for (const waiter of lane.waiters) waiter.boundBy = boundBy;
  }

  /** Not yet: it is asked again shortly before the slot, so that the slot lies within the horizon then. */
  #wait(lane: Lane, waiter: Waiter, answer: Later): void {
    const { clock } = this.#services;
    const { budget } = waiter;
    // What it waits for may have come meanwhile: it asks again at once.
    if (this.#heard.has('frozen') || (this.#heard.has('freed') && answer.why !== 'limit')) return;
    const far = answer.why === 'limit' || answer.why === 'freeze';
    if (far && answer.waitUs > budget.patienceMs * 1000) {
      this.#refuse(lane, (one) => tooLong(one, answer, clock.now()));
      return;
    }
    const nowUs = clock.monotonicUs();
    const earlyUs = answer.why === 'limit' ? (budget.horizonMs * 1000) / 2 : 0;
    this.#hold(lane, nowUs + answer.waitUs, answer.boundBy, answer.reason);
    lane.why = answer.why;
    lane.notBeforeUs = nowUs + Math.max(1000, answer.waitUs - earlyUs);
  }

  #take(lane: Lane, waiter: Waiter, grant: Grant, limits: readonly AskLimit[], askedUs: number): void {
    const nowUs = this.#services.clock.monotonicUs();
    if (grant.boundBy !== undefined) waiter.boundBy = grant.boundBy;
    const slotUs = nowUs + grant.waitUs;
    const start = startOf(lane, this.#virtual);
    this.#virtual = start;
    lane.finish = start + 1 / lane.weight;
    lane.notBeforeUs = slotUs - aheadUs;
    lane.why = 'limit';
    lane.boundBy = grant.boundBy ?? '';
    lane.untilUs = slotUs;
    const at = lane.waiters.indexOf(waiter);
    if (at >= 0) lane.waiters.splice(at, 1);
    // The store may have answered at once and the answer lain about: the slot is reckoned from the question.
    const deadlineUs = askedUs + Math.min(this.#asker.roundTripUs, nowUs - askedUs) + grant.waitUs + graceUs;
    const dropped = this.#heard.has('frozen');
    const held = { lane, waiter, grant, limits, slotUs, deadlineUs, dropped };
    this.#held.add(held);
    if (grant.waitUs <= 0 || waiter.gone) this.#handOut(held);
    else void this.#handOutInTime(held);
  }

  async #handOutInTime(held: Held): Promise<void> {
    const { clock } = this.#services;
    for (
      let leftUs = held.slotUs - clock.monotonicUs();
      leftUs > 0;
      leftUs = held.slotUs - clock.monotonicUs()
    )
      await clock.sleep(Math.ceil(leftUs / 1000));
    this.#handOut(held);
  }

  /** Hands a permit out in its slot; one whose time has passed, or that a freeze overtook, is given back. */
  #handOut(held: Held): void {
    const { clock, metrics } = this.#services;
    const { waiter, grant, limits, lane } = held;
    if (!this.#held.delete(held)) return;
    const nowUs = clock.monotonicUs();
    const late = nowUs > held.deadlineUs;
    if (!waiter.gone && !late && !held.dropped) {
      this.#granted(held, nowUs);
      return;
    }
    this.#outstanding.giveBack(grant.ticket, limits);
    void this.#teller.tellLater(settleMs);
    if (late) metrics.add('late_permits', 1, { domain: this.#domain });
    if (waiter.gone) return;
    this.#lanes.set(lane.key, lane);
    lane.waiters.unshift(waiter);
    lane.notBeforeUs = 0;
    this.#wake();
    this.#run();
  }

  #granted({ waiter, grant, limits }: Held, nowUs: number): void {
    const { metrics } = this.#services;
    const waitedMs = (nowUs - waiter.sinceUs) / 1000;
    const { boundBy } = waiter;
    const labels = { domain: this.#domain, stream: waiter.request.stream };
    metrics.add('permits', 1, labels);
    metrics.record('wait_seconds', waitedMs / 1000, { ...labels, bound_by: boundBy ?? '' });
    if (boundBy !== undefined) metrics.add('binding', 1, { domain: this.#domain, limit: boundBy });
    this.#outstanding.add(grant.ticket, limits);
    void this.#teller.renew();
    waiter.stay();
    waiter.grant({
      id: grant.ticket.id,
      domain: this.#domain,
      waitedMs,
      ...(boundBy !== undefined && { boundBy }),
    });
  }

  /** Something happened in another process, or in this one: everybody asks again, and after a freeze nothing goes out. */
  #changed(what: 'frozen' | 'freed'): void {
    this.#heard.add(what);
    if (what === 'frozen') for (const held of this.#held) held.dropped = true;
    for (const lane of this.#lanes.values())
      if (what === 'frozen' || lane.why !== 'limit') lane.notBeforeUs = 0;
    this.#wake();
  }
}

function refuse(waiter: Waiter, why: unknown): void {
  waiter.gone = true;
  waiter.stay();
  waiter.refuse(why);
}
