import type { Counter } from '../../../engine/lab/limits/counter.ts';
import { type Shape, shapeOf } from '../../../engine/lab/limits/shape.ts';
import type { ApiResponse } from '../../../engine/model/batch.ts';
import type * as config from '../../../engine/model/config.ts';
import type { Clock } from '../../../engine/model/ports.ts';
import type { Marketplace } from './marketplaces.ts';

const body = Buffer.from('{}');
const replyMs = { least: 80, spread: 140 };
const minuteMs = 60_000;

interface Enforced {
  readonly limit: config.Limit;
  readonly shape: Shape;
  readonly counters: Map<string, Counter>;
}

/** A marketplace in virtual time: the lab's counts of its limits, and a ban for whoever does not listen. */
export class MarketServer {
  /** Replies by status. */
  readonly statuses: Record<number, number> = {};
  readonly #market: Marketplace;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #enforced: readonly Enforced[];
  #refusedMs: number[] = [];
  #bannedUntilMs = 0;

  constructor(market: Marketplace, clock: Clock, random: () => number) {
    this.#market = market;
    this.#clock = clock;
    this.#random = random;
    this.#enforced = market.limits.map((limit) => ({ limit, shape: shapeOf(limit), counters: new Map() }));
  }

  /** Answers a request of an account after a while; what counts is when it arrived. */
  async answer(account: string): Promise<ApiResponse> {
    const { status, headers } = this.#decide(account);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    const elapsedMs = replyMs.least + this.#random() * replyMs.spread;
    await this.#clock.sleep(elapsedMs);
    return { status, headers, body, elapsedMs };
  }

  #decide(account: string): Pick<ApiResponse, 'status' | 'headers'> {
    const at = { steadyMs: this.#clock.monotonicUs() / 1000, epochMs: this.#clock.now() };
    if (at.epochMs < this.#bannedUntilMs) return { status: 403, headers: {} };
    const bound = this.#enforced.map((one) => ({ ...one, counter: counterOf(one, account) }));
    const waitMs = Math.max(...bound.map(({ counter }) => counter.waitMs(at, 1)));
    if (waitMs > 0) {
      this.#refuse(at.epochMs);
      return { status: 429, headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } };
    }
    for (const { counter } of bound) counter.add(at, 1);
    const said = bound.map(({ limit, shape, counter }) => [
      `x-limit-${limit.id}`,
      `${Math.ceil(counter.standing(at).used - 1e-9)}/${shape.capacity}`,
    ]);
    return { status: 200, headers: Object.fromEntries(said) };
  }

  #refuse(nowMs: number): void {
    const { bans } = this.#market;
    if (bans === undefined) return;
    this.#refusedMs = [...this.#refusedMs.filter((ms) => ms > nowMs - minuteMs), nowMs];
    if (this.#refusedMs.length <= bans.refusalsPerMinute) return;
    this.#bannedUntilMs = nowMs + bans.minutes * minuteMs;
    this.#refusedMs = [];
  }
}

function counterOf({ limit, shape, counters }: Enforced, account: string): Counter {
  const partition = limit.key === undefined ? '' : account;
  const counter = counters.get(partition) ?? shape.counter({ share: 0 });
  counters.set(partition, counter);
  return counter;
}
