import type { Permit, Settlement } from '../../model/ports.ts';
import type { AskLimit, Lease, Settled, Ticket } from './store.ts';

interface Entry {
  readonly ticket: Ticket;
  readonly limits: readonly AskLimit[];
}

/** A settlement gets older until it is told; its identity says whether it was told before. */
type Untold = Omit<Settled, 'ageUs'> & { ageUs?: number };

const isLease = ({ shape }: AskLimit): boolean => shape.kind === 'concurrency';

/** Permits that were given out and not settled yet, and settlements that the store was not told yet. */
export class Outstanding {
  readonly #entries = new Map<string, Entry>();
  #untold: Untold[] = [];
  readonly #answeredUs = new WeakMap<Untold, number>();

  add(ticket: Ticket, limits: readonly AskLimit[]): void {
    this.#entries.set(ticket.id, { ticket, limits });
  }

  /**
   * Notes how a request went. Tells how soon the store must know: `now` when others wait for it, `soon` when something
   * was learned, and not at all when there is nothing to say.
   */
  settle(
    { id }: Permit,
    { outcome, costs = {}, observations = [] }: Settlement,
    nowUs: number,
  ): 'now' | 'soon' | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry === undefined) return undefined;
    const { ticket, limits } = entry;
    const urgent = ticket.probes.length > 0 || limits.some(isLease);
    if (!urgent && observations.length === 0 && Object.keys(costs).length === 0) return undefined;
    const untold: Untold = { ticket, outcome, limits, costs, observations };
    this.#answeredUs.set(untold, nowUs);
    this.#untold.push(untold);
    return urgent ? 'now' : 'soon';
  }

  /** A permit that was never used. */
  giveBack(ticket: Ticket, limits: readonly AskLimit[]): void {
    this.#entries.delete(ticket.id);
    this.#untold.push({ ticket, outcome: 'unused', limits, costs: {}, observations: [] });
  }

  /** Settlements of the tickets that are wanted; they are the caller's to tell. */
  take(wanted: (ticket: string) => boolean, nowUs: number): readonly Settled[] {
    const untold = this.#untold.filter(({ ticket }) => wanted(ticket.id));
    this.#untold = this.#untold.filter(({ ticket }) => !wanted(ticket.id));
    for (const one of untold) one.ageUs = Math.max(0, nowUs - (this.#answeredUs.get(one) ?? nowUs));
    return untold;
  }

  /** Settlements that could not be told. The oldest are dropped beyond a bound: their leases expire by themselves. */
  putBack(settled: readonly Settled[]): void {
    this.#untold = [...settled, ...this.#untold].slice(-untoldMax);
  }

  get isEmpty(): boolean {
    return this.#untold.length === 0;
  }

  /** Leases of requests under way, and how often they must be renewed; undefined when there are none. */
  leases(): { readonly leases: readonly Lease[]; readonly everyUs: number } | undefined {
    const held = [...this.#entries.values()].filter(({ limits }) => limits.some(isLease));
    if (held.length === 0) return undefined;
    const leaseUs = held.flatMap(({ limits }) =>
      limits.map(({ shape }) => (shape.kind === 'concurrency' ? shape.leaseUs : Number.POSITIVE_INFINITY)),
    );
    return {
      leases: held.map(({ ticket, limits }) => ({ ticket: ticket.id, limits: limits.filter(isLease) })),
      everyUs: Math.min(...leaseUs) / renewalsPerLease,
    };
  }
}

const untoldMax = 1000;
const renewalsPerLease = 3;
