import type * as config from '../model/config.ts';
import type { Asked } from './limits/asked.ts';
import { bindingOf, partitionOf } from './limits/binding.ts';
import type { Counter, Moment, Others } from './limits/counter.ts';
import { actualCost, type Price, priceOf } from './limits/price.ts';
import { type Shape, type ShapeKind, shapeOf } from './limits/shape.ts';

/** How often a limit let a request through, and how often it was the one that did not. */
export interface LimitTally {
  admitted: number;
  refused: number;
}

/** How one limit stands after a request, for what is said of it. */
export interface LimitState {
  readonly id: string;
  readonly kind: ShapeKind;
  /** Whether it binds some requests only. */
  readonly narrow: boolean;
  /** Whether it is counted by something of the request. */
  readonly keyed: boolean;
  readonly capacity: number;
  readonly used: number;
  readonly remaining: number;
  /** Until all of it is back. */
  readonly resetMs: number;
  readonly windowMs: number;
  readonly perSecond: number;
  /** What the request was counted with before it was answered. */
  readonly cost: number;
}

/** A limit, its counts shared by the sources of its domain. */
interface Shared {
  readonly counters: Map<string, Counter>;
  readonly tally: LimitTally;
}

interface Bound {
  readonly id: string;
  readonly shape: Shape;
  readonly narrow: boolean;
  readonly keyed: boolean;
  readonly binds: (asked: Asked) => boolean;
  readonly partition: (asked: Asked) => string;
  readonly price: Price;
  readonly actual: config.ReplyValue | undefined;
  readonly shared: Shared;
  readonly others: Others;
}

/** One limit's count of one request. */
interface Entry {
  readonly bound: Bound;
  readonly counter: Counter;
  readonly cost: number;
  mark: number;
}

/** Why a request is refused. */
export interface Excess {
  readonly limit: LimitState;
  /** For people: what the limit allows. */
  readonly allows: string;
  /** How long until the same request fits. */
  readonly waitMs: number;
}

/** A cost in the place where a client looks for it. */
export interface ActualCost {
  readonly place: config.ReplyValue;
  readonly cost: number;
}

/** Counts of requests that no value of a key names any more are dropped when there are so many. */
const countersMax = 10_000;
/** Longest wait that is told: what never fits is asked for again tomorrow. */
const waitMsMax = 86_400_000;

function counterOf({ shared, shape, others }: Bound, partition: string, at: Moment): Counter {
  const known = shared.counters.get(partition);
  if (known !== undefined) return known;
  if (shared.counters.size >= countersMax) {
    for (const [name, counter] of shared.counters)
      if (counter.standing(at).used === 0) shared.counters.delete(name);
  }
  const counter = shape.counter(others);
  shared.counters.set(partition, counter);
  return counter;
}

function stateOf({ bound, counter, cost }: Entry, at: Moment): LimitState {
  const { id, narrow, keyed } = bound;
  const { kind, capacity, windowMs, perSecond } = bound.shape;
  const { used, resetMs } = counter.standing(at);
  const remaining = Math.max(0, capacity - used);
  return { id, kind, narrow, keyed, capacity, used, remaining, resetMs, windowMs, perSecond, cost };
}

const noCosts: readonly ActualCost[] = [];

/** What the limits have made of one request: let through or refused, by all that bind it. */
export class Passage {
  private readonly entries: readonly Entry[];
  /** Present when the request is refused; then nothing was counted. */
  readonly excess: Excess | undefined;

  constructor(entries: readonly Entry[], at: Moment) {
    this.entries = entries;
    this.excess = this.excessAt(at);
    if (this.excess !== undefined) return;
    for (const entry of entries) {
      entry.mark = entry.counter.add(at, entry.cost);
      entry.bound.shared.tally.admitted += 1;
    }
  }

  /** Whether somebody must say when the request is over. */
  get open(): boolean {
    return this.excess === undefined && this.entries.some(({ counter }) => counter.release !== undefined);
  }

  /** The limits that bind the request, in the order in which they are declared. */
  states(at: Moment): readonly LimitState[] {
    return this.entries.map((entry) => stateOf(entry, at));
  }

  /** What the request really costs, where the source reads that; the rest is given back. */
  settle(at: Moment): readonly ActualCost[] {
    let costs = noCosts;
    for (const { bound, counter, cost, mark } of this.entries) {
      if (bound.actual === undefined) continue;
      const actual = actualCost(cost);
      counter.adjust(at, mark, actual - cost);
      costs = [...costs, { place: bound.actual, cost: actual }];
    }
    return costs;
  }

  /** The request is answered, or its connection is gone. */
  release(): void {
    for (const { counter } of this.entries) counter.release?.();
  }

  private excessAt(at: Moment): Excess | undefined {
    let by: Entry | undefined;
    let longest = 0;
    for (const entry of this.entries) {
      const waitMs = entry.counter.waitMs(at, entry.cost);
      if (waitMs <= longest) continue;
      longest = waitMs;
      by = entry;
    }
    if (by === undefined) return undefined;
    by.bound.shared.tally.refused += 1;
    return {
      limit: stateOf(by, at),
      allows: by.bound.shape.text,
      waitMs: Math.min(longest, waitMsMax),
    };
  }
}

/** Counts the requests of one source. */
export class Meter {
  readonly domain: string;
  /** What others use of its limits; the sources of a domain have it in common. */
  readonly others: Others;
  private readonly bounds: readonly Bound[];

  constructor(domain: string, others: Others, bounds: readonly Bound[]) {
    this.domain = domain;
    this.others = others;
    this.bounds = bounds;
  }

  /** Counts a request in every limit that binds it, or refuses it and counts it in none. */
  pass(asked: Asked, at: Moment): Passage | Promise<Passage> {
    const entries: Entry[] = [];
    for (const bound of this.bounds) {
      if (!bound.binds(asked)) continue;
      const cost = bound.price(asked);
      if (typeof cost !== 'number') return this.passPriced(asked, at);
      entries.push({ bound, cost, counter: counterOf(bound, bound.partition(asked), at), mark: 0 });
    }
    return new Passage(entries, at);
  }

  /** Where the limits that bind a request look for its cost. */
  actualPlaces(asked: Asked): readonly config.ReplyValue[] {
    return this.bounds.flatMap(({ binds, actual }) => (actual !== undefined && binds(asked) ? [actual] : []));
  }

  /** How the limits stand that bind a request, each by its fullest count, without counting anything. */
  standings(at: Moment, asked?: Asked): readonly LimitState[] {
    const binding = this.bounds.filter(({ binds }) => asked === undefined || binds(asked));
    return binding.map((bound) => {
      const counters = [...bound.shared.counters.values()];
      const states = counters.map((counter) => stateOf({ bound, counter, cost: 1, mark: 0 }, at));
      const fresh = stateOf({ bound, counter: bound.shape.counter(bound.others), cost: 1, mark: 0 }, at);
      return states.reduce((fullest, state) => (state.used > fullest.used ? state : fullest), fresh);
    });
  }

  /** Begins the tallies anew; the counts of the limits stay. */
  resetTallies(): void {
    for (const { shared } of this.bounds) Object.assign(shared.tally, { admitted: 0, refused: 0 });
  }

  tallies(): { readonly [limit: string]: LimitTally } {
    return Object.fromEntries(this.bounds.map(({ id, shared }) => [id, { ...shared.tally }]));
  }

  private async passPriced(asked: Asked, at: Moment): Promise<Passage> {
    const binding = this.bounds.filter(({ binds }) => binds(asked));
    const costs = await Promise.all(binding.map(({ price }) => price(asked)));
    return new Passage(
      binding.map((bound, index) => ({
        bound,
        cost: costs[index] as number,
        counter: counterOf(bound, bound.partition(asked), at),
        mark: 0,
      })),
      at,
    );
  }
}

/** What two sources of a domain must declare alike to share a count. */
const identity = (domain: string, limit: config.Limit): string => {
  const { id, bucket, sliding, fixed, concurrency, spacing } = limit;
  return JSON.stringify([domain, id, bucket, sliding, fixed, concurrency, spacing]);
};

/**
 * Meters of sources, in their order. Sources of one domain fill the same counts where they declare the same limit.
 * @throws TerminalError when the cost of a limit cannot be read
 */
export function metersOf(sources: readonly config.Source[]): readonly Meter[] {
  const shared = new Map<string, Shared>();
  const others = new Map<string, Others>();
  const known = <T>(map: Map<string, T>, key: string, make: () => T): T => {
    const value = map.get(key) ?? make();
    map.set(key, value);
    return value;
  };
  return sources.map(({ name, budget }) => {
    const domain = budget?.domain ?? name;
    const foreign = known(others, domain, () => ({ share: 0 }));
    const boundOf = (limit: config.Limit): Bound => ({
      id: limit.id,
      shape: shapeOf(limit),
      narrow: limit.when !== undefined,
      keyed: limit.key !== undefined,
      binds: bindingOf(limit.when),
      partition: partitionOf(limit.key),
      price: priceOf(`limit ${limit.id} of ${name}`, limit.cost),
      actual: limit.cost?.actual,
      shared: known(shared, identity(domain, limit), () => ({
        counters: new Map(),
        tally: { admitted: 0, refused: 0 },
      })),
      others: foreign,
    });
    return new Meter(domain, foreign, (budget?.limits ?? []).map(boundOf));
  });
}
