import type * as config from '../model/config.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import type { Moment } from './limits/counter.ts';
import { fraction } from './random.ts';

/** A fault that waits for its turn. */
interface Armed {
  readonly fault: config.LabFault;
  seen: number;
  struck: number;
  untilMs: number;
}

/** Decides which requests of a source are struck by which fault. */
export class Faults {
  private armed: readonly Armed[] = [];
  private readonly seed: number;
  private drawn = 0;
  private readonly struck: Record<string, number> = {};

  constructor(seed: number, faults: readonly config.LabFault[]) {
    this.seed = seed;
    this.add(faults);
  }

  /** Adds faults behind those that are there. */
  add(faults: readonly config.LabFault[]): void {
    const more = faults.map((fault) => ({ fault, seen: 0, struck: 0, untilMs: Number.POSITIVE_INFINITY }));
    this.armed = [...this.armed, ...more];
  }

  clear(): void {
    this.armed = [];
  }

  /** Strikes so far, by kind. */
  tally(): { readonly [kind: string]: number } {
    return { ...this.struck };
  }

  /** The first fault that strikes a request; each fault counts the requests that it could strike. */
  strike(target: 'streams' | 'token', stream: string, at: Moment): config.LabFault | undefined {
    if (this.armed.length === 0) return undefined;
    const concerned = this.armed.filter(({ fault }) => concerns(fault, target, stream));
    for (const armed of concerned) armed.seen += 1;
    const first = concerned.find((armed) => this.hits(armed, at));
    return first === undefined ? undefined : this.struckBy(first, at);
  }

  private struckBy(armed: Armed, { steadyMs }: Moment): config.LabFault {
    const { fault } = armed;
    if (armed.struck === 0 && fault.for !== undefined) armed.untilMs = steadyMs + parseDuration(fault.for);
    armed.struck += 1;
    this.struck[fault.kind] = (this.struck[fault.kind] ?? 0) + 1;
    return fault;
  }

  private hits({ fault, seen, struck, untilMs }: Armed, { steadyMs }: Moment): boolean {
    const { after = 0, every = 1, count, share } = fault;
    if (seen <= after || (seen - after) % every !== 0) return false;
    if (struck >= (count ?? Number.POSITIVE_INFINITY) || steadyMs >= untilMs) return false;
    if (share === undefined) return true;
    this.drawn += 1;
    return fraction(this.seed, this.drawn) < parsePercent(share);
  }
}

function concerns(fault: config.LabFault, target: 'streams' | 'token', stream: string): boolean {
  if ((fault.target ?? 'streams') !== target) return false;
  return fault.stream === undefined || fault.stream.includes(stream);
}
