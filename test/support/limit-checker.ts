/**
 * Judges what a limiter grants by what limits mean, from their definitions alone; it shares no code with the limiter.
 * Times are microseconds of the limiter's own clock.
 */
export interface CheckedLimit {
  /** With the partition. */
  readonly key: string;
  readonly shape: CheckedShape;
  /** How far replies may raise it above what is declared. */
  readonly raiseMax: number;
}

export type CheckedShape =
  | {
      readonly kind: 'bucket';
      readonly intervalUs: number;
      readonly burst: number;
      readonly capacity: number;
    }
  | { readonly kind: 'window'; readonly count: number; readonly windowUs: number }
  | { readonly kind: 'calendar'; readonly count: number; readonly everyUs: number }
  | { readonly kind: 'leases'; readonly count: number; readonly leaseUs: number };

/** A granted request at one limit. */
interface Taken {
  readonly ticket: string;
  readonly slotUs: number;
  readonly asked: number;
  actual: number;
  /** When more was charged than was asked for. */
  chargedUs: number;
  leaseUntilUs: number;
}

interface Watched {
  readonly limit: CheckedLimit;
  taken: Taken[];
}

interface Standing {
  untilUs: number;
  half: boolean;
  /** The one that is tried, and until when it is waited for. */
  probe: { readonly ticket: string; readonly untilUs: number } | undefined;
}

/** Both clocks, the provider's and the limiter's, may be off by this around the end of a calendar window. */
const offUs = 50_000;
const probeUs = 10_000_000;
/** Slots are not finer than this. */
const tolerance = 2;

export interface CheckedGrant {
  readonly ticket: string;
  readonly nowUs: number;
  readonly slotUs: number;
  readonly horizonUs: number;
  /** Names of freezes that would bear on it. */
  readonly scopes: readonly string[];
  readonly limits: readonly { readonly limit: CheckedLimit; readonly cost: number }[];
}

export class LimitChecker {
  readonly complaints: string[] = [];
  readonly #limits = new Map<string, Watched>();
  readonly #freezes = new Map<string, Standing>();

  granted(grant: CheckedGrant): void {
    const { ticket, nowUs, slotUs, horizonUs, limits } = grant;
    if (slotUs < nowUs) this.complaints.push(`${ticket} is granted for the past`);
    if (slotUs > nowUs + horizonUs) this.complaints.push(`${ticket} is granted beyond the horizon`);
    this.#checkFreezes(grant);
    for (const { limit, cost } of limits) {
      const watched = this.#limits.get(limit.key) ?? { limit, taken: [] };
      this.#limits.set(limit.key, watched);
      const broken = brokenBy(watched, slotUs, cost, nowUs);
      if (broken !== undefined) this.complaints.push(`${ticket} at ${limit.key}: ${broken}`);
      const leaseUntilUs = limit.shape.kind === 'leases' ? slotUs + limit.shape.leaseUs : 0;
      watched.taken.push({ ticket, slotUs, asked: cost, actual: cost, chargedUs: 0, leaseUntilUs });
    }
  }

  settled(ticket: string, outcome: string, costs: ReadonlyMap<string, number>, nowUs: number): void {
    for (const [key, watched] of this.#limits) {
      const one = watched.taken.find((taken) => taken.ticket === ticket);
      if (one === undefined) continue;
      one.leaseUntilUs = 0;
      if (outcome === 'unused') watched.taken = watched.taken.filter((taken) => taken !== one);
      else one.actual = costs.get(key) ?? one.actual;
      one.chargedUs = nowUs;
    }
    this.#tried(ticket, outcome === 'answered');
  }

  #tried(ticket: string, answered: boolean): void {
    for (const standing of this.#freezes.values()) {
      if (standing.probe?.ticket !== ticket) continue;
      standing.probe = undefined;
      if (answered) standing.half = false;
    }
  }

  renewed(ticket: string, nowUs: number): void {
    for (const { limit, taken } of this.#limits.values())
      for (const one of taken)
        if (one.ticket === ticket && limit.shape.kind === 'leases' && one.leaseUntilUs > nowUs)
          one.leaseUntilUs = nowUs + limit.shape.leaseUs;
  }

  /** `forUs` is what the limiter answered; it must not let anybody through before. */
  froze(scope: string, forUs: number, askedUs: number, nowUs: number): void {
    const before = this.#freezes.get(scope);
    if (forUs < askedUs) this.complaints.push(`the freeze of "${scope}" is shorter than was asked for`);
    if (before !== undefined && nowUs + forUs < before.untilUs)
      this.complaints.push(`the freeze of "${scope}" was shortened`);
    this.#freezes.set(scope, { untilUs: nowUs + forUs, half: true, probe: undefined });
  }

  thawed(isMeant: (scope: string) => boolean, nowUs: number): void {
    for (const [scope, standing] of this.#freezes) {
      if (!isMeant(scope)) continue;
      standing.untilUs = Math.min(standing.untilUs, nowUs);
      standing.half = false;
    }
  }

  /** The limiter lost its state; requests it had granted still go out. */
  forgot(): void {
    this.#freezes.clear();
  }

  /** What must hold of everything that was sent in the end. */
  finish(): readonly string[] {
    for (const { limit, taken } of this.#limits.values()) {
      const broken = brokenInAll(limit, taken);
      if (broken !== undefined) this.complaints.push(`${limit.key}: ${broken}`);
    }
    return this.complaints;
  }

  /** The earliest slot from a time on, and not before those reserved already, that a limit allows. */
  earliest(limit: CheckedLimit, cost: number, fromUs: number): number {
    const watched = this.#limits.get(limit.key) ?? { limit, taken: [] };
    const from = Math.max(fromUs, ...watched.taken.map(({ slotUs }) => slotUs));
    const candidates = [from, ...candidatesOf(watched, cost).filter((at) => at > from)].sort((a, b) => a - b);
    return candidates.find((at) => brokenBy(watched, at, cost, at) === undefined) ?? Number.POSITIVE_INFINITY;
  }

  #checkFreezes({ ticket, nowUs, slotUs, scopes }: CheckedGrant): void {
    for (const scope of scopes) {
      const standing = this.#freezes.get(scope);
      if (standing === undefined) continue;
      if (nowUs < standing.untilUs)
        this.complaints.push(`${ticket} is granted inside the freeze of "${scope}"`);
      if (!standing.half) continue;
      if (standing.probe !== undefined && nowUs < standing.probe.untilUs)
        this.complaints.push(`${ticket} is a second one tried after the freeze of "${scope}"`);
      standing.probe = { ticket, untilUs: slotUs + probeUs };
    }
  }
}

/** Times at which a limit may begin to allow a request. */
function candidatesOf({ limit, taken }: Watched, cost: number): number[] {
  const { shape } = limit;
  if (shape.kind === 'window') return taken.map(({ slotUs }) => slotUs + shape.windowUs);
  if (shape.kind === 'calendar') {
    const first = Math.floor(Math.min(...taken.map(({ slotUs }) => slotUs)) / shape.everyUs);
    return Array.from({ length: 12 }, (_, at) => (first + at) * shape.everyUs + offUs);
  }
  if (shape.kind === 'leases') return taken.map(({ leaseUntilUs }) => leaseUntilUs);
  const last = taken.at(-1);
  if (last === undefined) return [];
  const { level, atUs } = levelAt(limit, taken, last.slotUs, charges);
  return [
    Math.ceil(atUs + Math.max(0, level + Math.min(cost, shape.burst) - shape.burst) * shape.intervalUs) + 1,
  ];
}

/** Why a request may not go out at a slot, by what was known when it was granted; undefined when it may. */
function brokenBy(watched: Watched, slotUs: number, cost: number, nowUs: number): string | undefined {
  const { limit, taken } = watched;
  const { shape, raiseMax } = limit;
  switch (shape.kind) {
    case 'bucket': {
      const burst = burstOf(shape, raiseMax);
      const { level } = levelAt(limit, taken, slotUs, charges);
      const found = level + Math.min(cost, burst);
      return found > burst + slack(shape.intervalUs) ? `${found} units in a bucket of ${burst}` : undefined;
    }
    case 'window': {
      const count = shape.count * raiseMax;
      const inside = taken.filter((one) => one.slotUs > slotUs - shape.windowUs && one.slotUs <= slotUs);
      const found = sum(inside.map(({ actual }) => Math.min(actual, count))) + Math.min(cost, count);
      return found > count ? `${found} of ${count} in a window` : undefined;
    }
    case 'calendar': {
      const count = shape.count * raiseMax;
      return windowsOf(slotUs, shape.everyUs)
        .map((window) => sum(inWindow(taken, window, shape.everyUs).map(({ actual }) => actual)))
        .map((found) => found + Math.min(cost, count))
        .filter((found) => found > count)
        .map((found) => `${found} of ${count} in a calendar window`)[0];
    }
    case 'leases': {
      const count = shape.count * raiseMax;
      const held = taken.filter(({ leaseUntilUs }) => leaseUntilUs > nowUs).length;
      return held + 1 > count ? `${held + 1} of ${count} under way` : undefined;
    }
  }
}

/** What was really sent, whatever was known when: costs as they turned out, but no more than was asked for. */
function brokenInAll(limit: CheckedLimit, taken: readonly Taken[]): string | undefined {
  const { shape, raiseMax } = limit;
  const sent = taken.map((one) => ({ ...one, actual: Math.min(one.actual, one.asked) }));
  switch (shape.kind) {
    case 'bucket': {
      const burst = burstOf(shape, raiseMax);
      const inOrder = [...sent].sort((a, b) => a.slotUs - b.slotUs);
      return inOrder
        .map(
          (one, at) =>
            levelAt(limit, inOrder.slice(0, at), one.slotUs, costsAt).level + Math.min(one.actual, burst),
        )
        .filter((level) => level > burst + slack(shape.intervalUs))
        .map((level) => `${level} units in a bucket of ${burst} were sent`)[0];
    }
    case 'window': {
      const count = shape.count * raiseMax;
      return sent
        .map(({ slotUs }) =>
          sent.filter((one) => one.slotUs > slotUs - shape.windowUs && one.slotUs <= slotUs),
        )
        .map((inside) => sum(inside.map(({ actual }) => Math.min(actual, count))))
        .filter((found) => found > count)
        .map((found) => `${found} of ${count} in a window were sent`)[0];
    }
    case 'calendar': {
      const count = shape.count * raiseMax;
      return sent
        .flatMap(({ slotUs }) => windowsOf(slotUs, shape.everyUs))
        .map((window) => inWindow(sent, window, shape.everyUs))
        .map((inside) => sum(inside.map(({ actual }) => Math.min(actual, count))))
        .filter((found) => found > count)
        .map((found) => `${found} of ${count} in a calendar window were sent`)[0];
    }
    case 'leases':
      return undefined;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const slack = (intervalUs: number): number => tolerance / intervalUs + 1e-9;

const burstOf = ({ burst, capacity }: { burst: number; capacity: number }, raiseMax: number): number =>
  burst + capacity * (raiseMax - 1);

/** Numbers of the calendar windows that may count a request. */
const windowsOf = (slotUs: number, everyUs: number): readonly number[] => [
  ...new Set([slotUs - offUs + 1, slotUs, slotUs + offUs].map((at) => Math.floor(at / everyUs))),
];

const inWindow = (taken: readonly Taken[], window: number, everyUs: number): readonly Taken[] =>
  taken.filter(({ slotUs }) => windowsOf(slotUs, everyUs).includes(window));

interface Charge {
  readonly atUs: number;
  readonly units: number;
}

/** As was known: what turned out to cost more was charged when that was heard. */
const charges = ({ slotUs, asked, actual, chargedUs }: Taken): readonly Charge[] =>
  actual > asked
    ? [
        { atUs: slotUs, units: asked },
        { atUs: Math.max(slotUs, chargedUs), units: actual - asked },
      ]
    : [{ atUs: slotUs, units: actual }];

const costsAt = ({ slotUs, actual }: Taken): readonly Charge[] => [{ atUs: slotUs, units: actual }];

/** How full a bucket that leaks is at a time, just after what was sent at that time. */
function levelAt(
  { shape, raiseMax }: CheckedLimit,
  taken: readonly Taken[],
  untilUs: number,
  chargesOf: (one: Taken) => readonly Charge[],
): { readonly level: number; readonly atUs: number } {
  if (shape.kind !== 'bucket') return { level: 0, atUs: untilUs };
  const all = taken.flatMap(chargesOf).sort((a, b) => a.atUs - b.atUs);
  let level = 0;
  let atUs = Number.NEGATIVE_INFINITY;
  const leak = (us: number): void => {
    level = Math.max(0, level - ((us - atUs) * raiseMax) / shape.intervalUs);
    atUs = us;
  };
  for (const one of all) {
    if (one.atUs > untilUs) break;
    leak(one.atUs);
    level += one.units;
  }
  leak(untilUs);
  return { level, atUs };
}
