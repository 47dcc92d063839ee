import fc from 'fast-check';
import type { FreezeOrder, Observation } from '../../engine/model/ports.ts';
import type {
  Answer,
  Ask,
  AskLimit,
  AskShape,
  Settled,
  Ticket,
} from '../../engine/services/limiter/store.ts';

/** A limit as a scenario declares it; of calendar windows only the length. */
export interface ScenarioLimit {
  readonly id: string;
  readonly shape: Exclude<AskShape, { kind: 'fixed' }> | FixedShape;
  readonly even: boolean;
  readonly used: number;
  readonly raiseMax: number;
}

interface FixedShape {
  readonly kind: 'fixed';
  readonly count: number;
  readonly everyUs: number;
}

export type Op =
  | { readonly op: 'ask'; readonly ask: ScenarioAsk }
  | { readonly op: 'settle'; readonly which: number; readonly how: ScenarioSettle }
  | {
      readonly op: 'freeze';
      readonly scope: number;
      readonly partition: number;
      readonly order: ScenarioOrder;
    }
  | { readonly op: 'thaw'; readonly scope: number }
  | { readonly op: 'renew'; readonly which: number }
  | { readonly op: 'step'; readonly us: number }
  | { readonly op: 'forget' }
  | { readonly op: 'status' };

interface ScenarioAsk {
  readonly member: number;
  readonly process: number;
  readonly weight: number;
  readonly low: boolean;
  readonly backlog: boolean;
  /** Of each limit: its cost, 0 when it does not bind the request. */
  readonly costs: readonly number[];
  readonly partition: number;
}

interface ScenarioSettle {
  readonly outcome: Settled['outcome'];
  readonly actual: number | undefined;
  readonly said: Omit<Observation, 'limit' | 'partition'> | undefined;
}

interface ScenarioOrder {
  readonly cause: FreezeOrder['cause'];
  readonly ms: number | undefined;
  readonly random: number;
}

export interface Scenario {
  readonly limits: readonly ScenarioLimit[];
  readonly ops: readonly Op[];
}

/** What may happen in a scenario. */
export interface Happenings {
  readonly limits?: { readonly least: number; readonly most: number };
  readonly kinds?: readonly string[];
  /** Clock steps back, turns, freezes, settlements, renewals, observations. Without them: asking and time. */
  readonly everything: boolean;
  readonly observations?: boolean;
  /** The store loses its state. Nothing costs more than 1 then: how far a limit was overdrawn nobody knows any more. */
  readonly forgetting?: boolean;
  readonly ops: number;
}

const shapes = {
  bucket: fc
    .record({
      intervalUs: fc.constantFrom(1000, 10_000, 33_333.5, 500_000),
      burst: fc.integer({ min: 1, max: 12 }),
    })
    .chain(({ intervalUs, burst }) =>
      fc
        .integer({ min: 0, max: 3 })
        .map((more) => ({ kind: 'bucket', intervalUs, burst, capacity: burst + more }) as const),
    ),
  sliding: fc.record({
    kind: fc.constant('sliding' as const),
    count: fc.integer({ min: 1, max: 24 }),
    windowUs: fc.constantFrom(100_000, 1_000_000, 10_000_000),
  }),
  parts: fc.record({
    kind: fc.constant('sliding' as const),
    count: fc.integer({ min: 1, max: 30 }),
    windowUs: fc.constantFrom(2_000_000, 70_000_000),
    parts: fc.constantFrom(4, 7, 24),
  }),
  fixed: fc.record({
    kind: fc.constant('fixed' as const),
    count: fc.integer({ min: 1, max: 20 }),
    everyUs: fc.constantFrom(1_000_000, 10_000_000, 60_000_000),
  }),
  concurrency: fc.record({
    kind: fc.constant('concurrency' as const),
    count: fc.integer({ min: 1, max: 4 }),
    leaseUs: fc.constantFrom(2_000_000, 10_000_000),
  }),
};

const often = <T>(common: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, weight = 9): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: common, weight }, { arbitrary: rare, weight: 1 });

function limitArbitrary({ everything, kinds }: Happenings): fc.Arbitrary<Omit<ScenarioLimit, 'id'>> {
  const wanted = Object.entries(shapes)
    .filter(([kind]) => kinds === undefined || kinds.includes(kind))
    .map(([, shape]) => shape as fc.Arbitrary<ScenarioLimit['shape']>);
  return fc.record({
    shape: fc.oneof(...wanted),
    even: everything ? often(fc.constant(false), fc.constant(true)) : fc.constant(false),
    used: everything ? fc.constantFrom(1, 1, 0.5) : fc.constant(1),
    raiseMax: everything ? fc.constantFrom(1, 1, 2) : fc.constant(1),
  });
}

const askArbitrary = ({ everything, forgetting = false }: Happenings): fc.Arbitrary<Op> =>
  fc
    .record({
      member: everything ? fc.nat(3) : fc.constant(0),
      process: fc.nat(1),
      weight: fc.constantFrom(1, 1, 2),
      low: everything ? often(fc.constant(false), fc.constant(true)) : fc.constant(false),
      backlog: fc.boolean(),
      costs: fc.array(often(fc.constant(1), fc.constantFrom(...(forgetting ? [0] : [0, 2, 5, 40])), 3), {
        minLength: 4,
        maxLength: 4,
      }),
      partition: often(fc.constant(0), fc.constant(1), 3),
    })
    .map((ask) => ({ op: 'ask', ask }));

const optional = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const saidArbitrary: fc.Arbitrary<Omit<Observation, 'limit' | 'partition'>> = fc
  .record({
    used: optional(fc.nat(30)),
    capacity: optional(fc.integer({ min: 1, max: 40 })),
    remaining: optional(fc.nat(20)),
    perSecond: optional(fc.constantFrom(0.5, 10, 100, 5000)),
    resetMs: optional(fc.constantFrom(0, 50, 2000)),
  })
  .map((said) => Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)));

const settleArbitrary = ({
  everything,
  observations = everything,
  forgetting = false,
}: Happenings): fc.Arbitrary<Op> =>
  fc
    .record({
      which: fc.nat(50),
      how: fc.record({
        outcome: fc.constantFrom('answered', 'answered', 'unused', 'throttled', 'failed'),
        actual: fc.option(fc.constantFrom(...(forgetting ? [0, 1] : [0, 1, 2, 3, 10])), { nil: undefined }),
        said: observations ? fc.option(saidArbitrary, { nil: undefined }) : fc.constant(undefined),
      }),
    })
    .map(({ which, how }) => ({ op: 'settle', which, how }) as Op);

const freezeArbitrary: fc.Arbitrary<Op> = fc
  .record({
    scope: fc.integer({ min: -1, max: 3 }),
    partition: fc.integer({ min: 0, max: 1 }),
    order: fc.record({
      cause: fc.constantFrom('throttle', 'throttle', 'quota', 'overload', 'manual', 'ban'),
      ms: fc.option(fc.constantFrom(0, 100, 2500), { nil: undefined }),
      random: fc.constantFrom(0, 0.25, 1),
    }),
  })
  .map((freeze) => ({ op: 'freeze', ...freeze }) as Op);

const stepArbitrary = (back: boolean): fc.Arbitrary<Op> =>
  fc
    .oneof(
      { arbitrary: fc.integer({ min: 0, max: 20_000 }), weight: 12 },
      { arbitrary: fc.integer({ min: 0, max: 400_000 }), weight: 6 },
      { arbitrary: fc.integer({ min: 0, max: 12_000_000 }), weight: 2 },
      ...(back ? [{ arbitrary: fc.integer({ min: -3_000_000, max: 0 }), weight: 1 }] : []),
    )
    .map((us) => ({ op: 'step', us }));

function opArbitrary(happenings: Happenings): fc.Arbitrary<Op> {
  const { everything, forgetting = false } = happenings;
  const rare = everything
    ? [
        { arbitrary: settleArbitrary(happenings), weight: 25 },
        { arbitrary: freezeArbitrary, weight: 1 },
        {
          arbitrary: fc.integer({ min: -2, max: 3 }).map((scope) => ({ op: 'thaw', scope }) as Op),
          weight: 1,
        },
        { arbitrary: fc.nat(50).map((which) => ({ op: 'renew', which }) as Op), weight: 3 },
        { arbitrary: fc.constant({ op: 'status' } as Op), weight: 1 },
      ]
    : [];
  const lost = forgetting ? [{ arbitrary: fc.constant({ op: 'forget' } as Op), weight: 1 }] : [];
  return fc.oneof(
    { arbitrary: askArbitrary(happenings), weight: 60 },
    { arbitrary: stepArbitrary(everything && !forgetting), weight: 25 },
    ...rare,
    ...lost,
  );
}

export const scenarioArbitrary = (happenings: Happenings): fc.Arbitrary<Scenario> =>
  fc.record({
    limits: fc
      .array(limitArbitrary(happenings), {
        minLength: happenings.limits?.least ?? 1,
        maxLength: happenings.limits?.most ?? 4,
      })
      .map((limits) => limits.map((limit, at) => ({ ...limit, id: `limit-${at}` }))),
    ops: fc.array(opArbitrary(happenings), {
      minLength: 1,
      maxLength: happenings.ops,
      size: 'max',
    }),
  });

/** What a scenario does to a store, and what it is told of it. */
export interface Played {
  ask(ask: Ask, nowUs: number): Promise<Answer>;
  settle(settled: Settled, nowUs: number): Promise<void>;
  renew(ticket: string, limits: readonly AskLimit[], nowUs: number): Promise<void>;
  /** Microseconds until it ends. */
  freeze(order: FreezeOrder, random: number, nowUs: number): Promise<number>;
  thaw(scope: string | undefined, nowUs: number): Promise<number>;
  status(limits: readonly AskLimit[], nowUs: number): Promise<unknown>;
  forget(nowUs: number): Promise<void>;
}

export const startUs = Date.parse('2026-03-01T12:00:00Z') * 1000;
export const horizonUs = 250_000;

interface Open {
  readonly ticket: Ticket;
  readonly limits: readonly AskLimit[];
}

const partitions = ['', 'north'];

const shapeAt = ({ shape }: ScenarioLimit, nowUs: number): AskShape => {
  if (shape.kind !== 'fixed') return shape;
  const first = Math.floor(nowUs / shape.everyUs) + 1;
  return { kind: 'fixed', count: shape.count, endsUs: [0, 1, 2].map((at) => (first + at) * shape.everyUs) };
};

const bound = (limit: ScenarioLimit, partition: string, cost: number, nowUs: number): AskLimit => {
  const { id, even, used, raiseMax } = limit;
  return { id, partition, cost, shape: shapeAt(limit, nowUs), even, used, raiseMax };
};

/** Plays a scenario; gives the number of requests that were asked for. */
export async function play({ limits, ops }: Scenario, played: Played): Promise<number> {
  const player = new Player(limits, played);
  for (const op of ops) await player.next(op);
  return player.asked;
}

class Player {
  asked = 0;
  readonly #limits: readonly ScenarioLimit[];
  readonly #played: Played;
  readonly #open: Open[] = [];
  #nowUs = startUs;
  #seenUs = startUs;

  constructor(limits: readonly ScenarioLimit[], played: Played) {
    this.#limits = limits;
    this.#played = played;
  }

  async next(op: Op): Promise<unknown> {
    this.#seenUs = Math.max(this.#seenUs, this.#nowUs);
    switch (op.op) {
      case 'ask':
        return this.#ask(op.ask);
      case 'settle':
        return this.#settle(op.which, op.how);
      case 'freeze':
        return this.#freeze(op.scope, op.partition, op.order);
      case 'thaw':
        return this.#played.thaw(
          op.scope === -2 ? undefined : (this.#limits[op.scope]?.id ?? ''),
          this.#nowUs,
        );
      case 'renew':
        return this.#renew(op.which);
      case 'forget':
        return this.#played.forget(this.#nowUs);
      case 'status':
        return this.#played.status(
          this.#limits.map((limit) => bound(limit, '', 1, this.#nowUs)),
          this.#nowUs,
        );
      case 'step':
        this.#nowUs += op.us;
    }
  }

  #pick(which: number): Open | undefined {
    return this.#open[which % Math.max(1, this.#open.length)];
  }

  async #ask({ member, process, costs, partition, ...how }: ScenarioAsk): Promise<void> {
    const wanted = this.#limits
      .map((limit, at) => bound(limit, partitions[partition] as string, costs[at] ?? 0, this.#nowUs))
      .filter(({ cost }) => cost > 0);
    if (wanted.length === 0) return;
    this.asked += 1;
    const names = { member: `stream-${member}`, process: `process-${process}` };
    const answer = await this.#played.ask({ ...names, ...how, horizonUs, limits: wanted }, this.#nowUs);
    if (answer.kind === 'grant') this.#open.push({ ticket: answer.ticket, limits: wanted });
  }

  async #settle(which: number, { outcome, actual, said }: ScenarioSettle): Promise<void> {
    const one = this.#pick(which);
    if (one === undefined) return;
    this.#open.splice(this.#open.indexOf(one), 1);
    const { ticket, limits } = one;
    const of = limits[0] as AskLimit;
    // What was not sent yet has no other outcome.
    const ended = ticket.slotUs > this.#seenUs ? 'unused' : outcome;
    const costs = actual === undefined ? {} : Object.fromEntries(limits.map(({ id }) => [id, actual]));
    const observations = said === undefined ? [] : [{ limit: of.id, partition: of.partition, ...said }];
    await this.#played.settle({ ticket, outcome: ended, limits, costs, observations }, this.#nowUs);
  }

  async #freeze(scope: number, partition: number, { cause, ms, random }: ScenarioOrder): Promise<void> {
    const limit = this.#limits[scope];
    const order = { cause, reason: `because of ${cause}`, ...(ms !== undefined && { ms }) };
    const of = limit && { limit: { id: limit.id, partition: partitions[partition] as string } };
    await this.#played.freeze({ ...order, ...of }, random, this.#nowUs);
  }

  async #renew(which: number): Promise<void> {
    const kept = this.#pick(which);
    if (kept !== undefined) await this.#played.renew(kept.ticket.id, kept.limits, this.#nowUs);
  }
}
