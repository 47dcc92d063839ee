import type { FreezeOrder, LimitStatus } from '../../../model/ports.ts';
import {
  type Answer,
  type Ask,
  type AskLimit,
  keptUs,
  type Later,
  type Lease,
  processSeenUs,
  type Settled,
  type StoreStatus,
} from '../store.ts';
import { burstOf, countOf, factorAt, intervalOf } from './allowance.ts';
import { forgetLimits, keep, type LimitStates } from './forgetting.ts';
import { type Freezes, freeze, freezeStatuses, frostOf, frozen, probe, probed, thaw } from './freezes.ts';
import { type LimitState, newLimitState } from './limit-state.ts';
import { drift, observe } from './observing.ts';
import { arrivalUs, type Bound, partsFrom, slotUs, windowsAt } from './slots.ts';
import { giveBack, settleCost, take } from './taking.ts';
import { keyOf, noteWaiting, outOfTurn, served, type WaitingMembers } from './turns.ts';

/** Everything that is known of a domain; plain data, so that it can be kept between runs. */
export interface BudgetData {
  limits: LimitStates;
  freezes: Freezes;
  waiting: WaitingMembers;
  processes: Record<string, number>;
  /** Counts grants and freezes. */
  serial: number;
  /** Latest time that was seen: a clock that is set back grants nothing more. */
  nowUs: number;
}

export const newBudgetData = (): BudgetData => ({
  limits: {},
  freezes: {},
  waiting: {},
  processes: {},
  serial: 0,
  nowUs: 0,
});

/**
 * The state of one budget, and what may be done with it. It is deterministic: the same calls with the same times give the
 * same answers. lua/ does the same in Redis.
 */
export class BudgetState {
  readonly data: BudgetData;
  #forgetAtUs = 0;

  constructor(data: BudgetData) {
    this.data = data;
  }

  ask(ask: Ask, now: number): Answer {
    const nowUs = this.#at(now);
    const { data } = this;
    data.processes[ask.process] = nowUs;
    const processes = this.#processes(nowUs);
    const held = frozen(data.freezes, ask.limits, nowUs);
    if (held !== undefined) return { ...held, processes };
    const bounds = ask.limits.map((limit) => this.#bound(limit));
    const { slot, binding } = latest(bounds, nowUs, ask.low);
    const other = outOfTurn(bounds, data.waiting, ask, nowUs);
    if (other !== undefined) {
      const waitUs = Math.max(turnUs(other, nowUs), Math.min(slot - nowUs, ask.horizonUs));
      noteWaiting(data.waiting, ask, other.limit, nowUs + waitUs, nowUs);
      return { kind: 'later', waitUs, why: 'turn', boundBy: 'turn', processes };
    }
    const later = tooLate(bounds, slot, binding, ask, nowUs);
    if (later !== undefined) {
      noteWaiting(data.waiting, ask, later.bound.limit, nowUs + later.answer.waitUs, nowUs);
      return { ...later.answer, processes };
    }
    return this.#grant(ask, bounds, slot, binding, nowUs);
  }

  #grant(
    ask: Ask,
    bounds: readonly Bound[],
    slot: number,
    binding: Bound | undefined,
    nowUs: number,
  ): Answer {
    const { data } = this;
    data.serial += 1;
    const id = `${ask.process}-${data.serial}`;
    const ticket = { id, slotUs: slot, probes: probe(data.freezes, ask.limits, id, slot) };
    for (const bound of bounds) take(bound, ticket, nowUs);
    served(bounds, data.waiting, ask, binding !== undefined, nowUs);
    for (const bound of bounds) keep(data.limits, bound, nowUs);
    this.#forget(nowUs);
    noteWaiting(data.waiting, ask, ask.backlog ? binding?.limit : undefined, slot, nowUs);
    return {
      kind: 'grant',
      waitUs: slot - nowUs,
      ticket,
      processes: this.#processes(nowUs),
      ...(binding && { boundBy: binding.limit.id }),
    };
  }

  settle(settled: Settled, now: number): void {
    const nowUs = this.#at(now);
    const { ticket, outcome, costs, observations } = settled;
    for (const limit of settled.limits) {
      const bound = this.#bound(limit);
      if (outcome === 'unused') {
        giveBack(bound, settled);
      } else {
        delete bound.state.leases[ticket.id];
        const actual = costs[limit.id];
        if (actual !== undefined) settleCost(bound, settled, actual, nowUs);
        const said = observations.find((one) => one.limit === limit.id && one.partition === limit.partition);
        if (said !== undefined) observe(bound, said, settled, nowUs);
      }
      keep(this.data.limits, bound, nowUs);
    }
    probed(this.data.freezes, ticket, outcome === 'answered');
  }

  renew({ ticket, limits }: Lease, now: number): void {
    const nowUs = this.#at(now);
    for (const limit of limits) {
      const bound = this.#bound(limit);
      if (limit.shape.kind !== 'concurrency' || !(ticket in bound.state.leases)) continue;
      bound.state.leases[ticket] = nowUs + limit.shape.leaseUs;
      keep(this.data.limits, bound, nowUs);
    }
  }

  /** Microseconds until it ends. */
  freeze(order: FreezeOrder, random: number, now: number): number {
    const nowUs = this.#at(now);
    this.data.serial += 1;
    return freeze(this.data.freezes, order, this.data.serial, random, nowUs).untilUs - nowUs;
  }

  thaw(scope: string | undefined, now: number): number {
    return thaw(this.data.freezes, scope, this.#at(now));
  }

  status(limits: readonly AskLimit[], now: number): StoreStatus {
    const nowUs = this.#at(now);
    const { data } = this;
    return {
      limits: limits
        .flatMap((limit) => this.#partitions(limit))
        .map((limit) => limitStatus(this.#bound(limit), nowUs)),
      freezes: freezeStatuses(data.freezes, nowUs),
      waiting: Object.entries(data.waiting)
        .filter(([, { untilUs }]) => untilUs > nowUs)
        .map(([member, { key }]) => ({ member, boundBy: key.replace(/ .*/s, '') })),
      processes: this.#processes(nowUs),
    };
  }

  #at(now: number): number {
    this.data.nowUs = Math.max(this.data.nowUs, now);
    return this.data.nowUs;
  }

  #bound(limit: AskLimit): Bound {
    const { limits, freezes } = this.data;
    return { limit, state: limits[keyOf(limit)] ?? newLimitState(), frost: frostOf(freezes, limit) };
  }

  /** Looks through everything, so only now and then. */
  #forget(nowUs: number): void {
    if (nowUs < this.#forgetAtUs) return;
    this.#forgetAtUs = nowUs + keptUs;
    forgetLimits(this.data.limits, nowUs);
  }

  #partitions(limit: AskLimit): readonly AskLimit[] {
    const first = keyOf({ ...limit, partition: '' });
    return Object.keys(this.data.limits)
      .filter((key) => key.startsWith(first) && isUsed(this.data.limits[key]))
      .map((key) => ({ ...limit, partition: key.slice(first.length) }));
  }

  #processes(nowUs: number): number {
    const { processes } = this.data;
    for (const [process, seenUs] of Object.entries(processes))
      if (seenUs < nowUs - processSeenUs) delete processes[process];
    return Object.keys(processes).length;
  }
}

const isUsed = (state: LimitState | undefined): boolean =>
  state !== undefined && (state.slotUs > 0 || state.observedUs > 0);

/** Why nothing can be reserved yet: leases are all taken, or the slot lies beyond the horizon. */
function tooLate(
  bounds: readonly Bound[],
  slot: number,
  binding: Bound | undefined,
  { horizonUs, low }: Ask,
  nowUs: number,
): { readonly bound: Bound; readonly answer: Omit<Later, 'processes'> } | undefined {
  const full = bounds.find(
    (bound) => bound.limit.shape.kind === 'concurrency' && slotUs(bound, nowUs, nowUs, low) > nowUs,
  );
  const bound = full ?? (slot > nowUs + horizonUs ? binding : undefined);
  if (bound === undefined) return undefined;
  const waitUs = full === undefined ? slot - nowUs : slotUs(full, nowUs, nowUs, low) - nowUs;
  const why = full === undefined ? 'limit' : 'lease';
  return { bound, answer: { kind: 'later', waitUs, why, boundBy: bound.limit.id } };
}

/** A slot that fits one calendar window can be moved into the next by another limit: it is looked at again. */
const roundsMax = 4;

/** The earliest slot that all limits allow, and the limit that decides it; none when all allow it now. */
function latest(
  bounds: readonly Bound[],
  nowUs: number,
  low: boolean,
): { readonly slot: number; readonly binding: Bound | undefined } {
  let slot = nowUs;
  let binding: Bound | undefined;
  for (let round = 0; round < roundsMax; round += 1) {
    const before = slot;
    for (const bound of bounds) {
      const own = slotUs(bound, nowUs, slot, low);
      if (own <= slot) continue;
      slot = own;
      binding = bound;
    }
    if (slot === before) break;
  }
  return { slot, binding };
}

/** After this the others may have had their turn: about one request of theirs. */
const turnUs = (bound: Bound, nowUs: number): number =>
  Math.max(5000, intervalOf(bound.limit, bound.state, factorAt(bound.state, bound.frost, nowUs)));

function limitStatus(bound: Bound, nowUs: number): LimitStatus {
  const { limit, state, frost } = bound;
  const others = drift(bound, nowUs);
  return {
    id: limit.id,
    partition: limit.partition,
    fill: Math.min(1, Math.max(0, fillOf(bound, nowUs))),
    nextMs: (slotUs({ ...bound, limit: { ...limit, cost: 1 } }, nowUs, nowUs, false) - nowUs) / 1000,
    rateFactor: factorAt(state, frost, nowUs),
    ...(others !== undefined && { drift: others }),
  };
}

/** What is used up of a limit, between 0 and 1. */
function fillOf(bound: Bound, nowUs: number): number {
  const { limit, state, frost } = bound;
  const { shape } = limit;
  const factor = factorAt(state, frost, nowUs);
  const count = countOf(limit, state, factor);
  switch (shape.kind) {
    case 'bucket': {
      const interval = intervalOf(limit, state, factor);
      return (arrivalUs(bound, nowUs) - nowUs) / (interval * burstOf(limit, state, false));
    }
    case 'sliding': {
      const parts = partsFrom(
        state,
        Math.floor((nowUs - shape.windowUs) / (shape.windowUs / (shape.parts ?? 1))),
      );
      const logged = state.log.filter(({ atUs }) => atUs > nowUs - shape.windowUs);
      return (
        [...parts.map(([, cost]) => cost), ...logged.map(({ cost }) => cost)].reduce((a, b) => a + b, 0) /
        count
      );
    }
    case 'fixed':
      return windowsAt(bound, nowUs).count / count;
    case 'concurrency':
      return Object.values(state.leases).filter((end) => end > nowUs).length / count;
  }
}
