import type { FreezeOrder, FreezeStatus, LimitStatus, Observation } from '../../model/ports.ts';

/**
 * Where the counts of a budget are kept. Two stores do the same: `local/` in this process, `redis/` for many. Times inside
 * a store are microseconds of the store's own clock, since the epoch; what it answers is relative, so that the clocks of
 * processes never meet.
 */
export interface BudgetStore {
  /**
   * Reserves one request, when the earliest slot at which all its limits conform lies within the horizon; otherwise
   * nothing is reserved. `settled` is told first, in the same call.
   * @throws StoreDown when the store cannot be reached: whether something was reserved is then not known.
   */
  ask(domain: string, ask: Ask, settled: readonly Settled[]): Promise<Answer>;
  settle(domain: string, settled: readonly Settled[]): Promise<void>;
  /** Keeps leases of requests that are still under way. */
  renew(domain: string, leases: readonly Lease[]): Promise<void>;
  /** Resolves to the milliseconds until it ends; Infinity until somebody thaws it. */
  freeze(domain: string, order: FreezeOrder, random: number): Promise<number>;
  /** Ends the freezes of a scope, or all without one; resolves to how many. */
  thaw(domain: string, scope?: string): Promise<number>;
  /** How limits stand, every partition of them that is known. */
  status(domain: string, limits: readonly AskLimit[]): Promise<StoreStatus>;
  /** Tells of what other processes change: everybody asks again. */
  watch(domain: string, changed: (what: 'frozen' | 'freed') => void): void;
  close(): Promise<void>;
}

/** One request as a store sees it. */
export interface Ask {
  /** Who takes turns: a stream of a process. */
  readonly member: string;
  readonly process: string;
  readonly weight: number;
  /** Leaves half of every burst to the others. */
  readonly low: boolean;
  /** Whether more of this member wait behind this one. */
  readonly backlog: boolean;
  readonly horizonUs: number;
  readonly limits: readonly AskLimit[];
}

export interface AskLimit {
  readonly id: string;
  readonly partition: string;
  readonly cost: number;
  readonly shape: AskShape;
  readonly even: boolean;
  /** What of the declared limit is used, between 0 and 1. */
  readonly used: number;
  readonly raiseMax: number;
}

export type AskShape =
  | {
      readonly kind: 'bucket';
      readonly intervalUs: number;
      readonly burst: number;
      readonly capacity: number;
    }
  | { readonly kind: 'sliding'; readonly count: number; readonly windowUs: number; readonly parts?: number }
  /** Ends of this window and the next ones, in microseconds since the epoch. */
  | { readonly kind: 'fixed'; readonly count: number; readonly endsUs: readonly number[] }
  | { readonly kind: 'concurrency'; readonly count: number; readonly leaseUs: number };

export type Answer = Grant | Later;

export interface Grant {
  readonly kind: 'grant';
  readonly waitUs: number;
  /** The limit that decided the slot, when that is not now. */
  readonly boundBy?: string;
  readonly ticket: Ticket;
  readonly processes: number;
}

export interface Later {
  readonly kind: 'later';
  /** Until it may be worth asking again; Infinity until somebody thaws it. */
  readonly waitUs: number;
  /** `turn` lets others go first, `probe` waits for the one request that is tried after a freeze. */
  readonly why: 'limit' | 'lease' | 'freeze' | 'turn' | 'probe';
  /** The limit, or `freeze` and `turn`. */
  readonly boundBy: string;
  /** What the API said when it was frozen. */
  readonly reason?: string;
  readonly cause?: FreezeOrder['cause'];
  readonly processes: number;
}

/** What a granted request is known by afterwards. */
export interface Ticket {
  readonly id: string;
  /** In the store's time. */
  readonly slotUs: number;
  /** Scopes of the freezes that it tries out. */
  readonly probes: readonly string[];
}

/** How a granted request went. `unused` was never sent: what it took is given back as far as that is safe. */
export interface Settled {
  readonly ticket: Ticket;
  readonly outcome: 'answered' | 'throttled' | 'failed' | 'unused';
  readonly limits: readonly AskLimit[];
  readonly costs: { readonly [limit: string]: number };
  readonly observations: readonly Observation[];
  /** How long ago the answer came. */
  readonly ageUs?: number;
}

export interface Lease {
  readonly ticket: string;
  readonly limits: readonly AskLimit[];
}

export interface StoreStatus {
  readonly limits: readonly LimitStatus[];
  readonly freezes: readonly FreezeStatus[];
  readonly waiting: readonly { readonly member: string; readonly boundBy: string }[];
  readonly processes: number;
}

/** The store cannot be reached, or has not answered in time. */
export class StoreDown extends Error {
  override readonly name = 'StoreDown';
}

/** Whether the end of a request lets others go: it held a lease, or it was the one that was tried after a freeze. */
export const freesOthers = ({ ticket, limits }: Settled): boolean =>
  ticket.probes.length > 0 || limits.some(({ shape }) => shape.kind === 'concurrency');

/** Names a limit of a domain, or all its partitions. */
export const scopeOf = (id: string, partition?: string): string =>
  partition === undefined ? id : `${id} ${partition}`;

/** What a provider's clock, the network and our own timers may be off by. */
export const guardUs = 50_000;
/** A quantum of fairness: how far ahead of a waiting member another may be, in requests. */
export const quantumRequests = 1;
export const quantumUs = 20_000;
/** Longest that others wait for a member that was told to come back later: its process may have died. */
export const waitedForUs = 2_000_000;
/** Longest that a waiting member lets a full set of leases go unasked. */
export const leasePollUs = 1_000_000;
export const probePollUs = 100_000;
export const probeLeaseUs = 10_000_000;
/** What is known of a limit is kept for so long after it last meant anything; longer when replies or throttles taught it. */
export const keptUs = 3_600_000_000;
export const learnedUs = 26 * keptUs;
/** After a restart without memory, windows up to this long count as full. */
export const coldWindowUsMax = 60_000_000;
/** A freeze that was opened means nothing after this. */
export const frostUs = 86_400_000_000;
export const freezeBaseUs = 1_000_000;
export const freezeMaxUs = 300_000_000;
/** What is added to what an API asks for: it measures with its own clock. */
export const freezeExtraUs = 50_000;
export const freezeExtraShare = 0.05;
export const cutFactor = 0.7;
export const factorMin = 0.1;
export const factorPerMinute = 0.05;
/** What a provider and we may differ by without anybody else. */
export const roundingUnits = 1;
/** Time constant of the average by which the use of others is measured. */
export const driftUs = 15_000_000;
export const processSeenUs = 10_000_000;
