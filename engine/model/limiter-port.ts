import type { BudgetPlan, LimitPlan } from './plan.ts';

/** Leave to send one request, now. */
export interface Permit {
  /** Names it when it is settled. */
  readonly id: string;
  readonly domain: string;
  readonly waitedMs: number;
  /** The limit that made it wait longest, or `freeze`, `turn` or `store`; absent when nothing did. */
  readonly boundBy?: string;
}

/**
 * Grants permits so that no limit of a budget is exceeded. All limits that bind a request are held to at once, and
 * processes that share a store share them.
 */
export interface Limiter {
  /**
   * Waits until all limits of the request allow it. The permit is for now: it must be used at once, and settled.
   * @throws TerminalError when the wait would exceed the budget's patience, or the store is down and must not be.
   */
  acquire(budget: BudgetPlan, request: PermitRequest, signal?: AbortSignal): Promise<Permit>;
  /** Says how the request of a permit went. Does not wait, never throws. */
  settle(permit: Permit, settlement: Settlement): void;
  /** Grants no permit for a while: the API has said that it is enough. Resolves to how long that is, in milliseconds. */
  freeze(budget: BudgetPlan, order: FreezeOrder): Promise<number>;
  /** Ends freezes; of one limit, or all of the domain. Resolves to how many there were. */
  thaw(budget: BudgetPlan, limit?: string): Promise<number>;
  /** How each limit stands, for people. Limits of which nothing was used yet are not among them. */
  status(budget: BudgetPlan): Promise<BudgetStatus>;
  /** Who waits in this process. */
  waiting(): readonly Waiting[];
  close(): Promise<void>;
}

export interface PermitRequest {
  /** `source.stream`: waiting streams of one budget take turns. */
  readonly stream: string;
  readonly weight: number;
  readonly priority: 'high' | 'normal' | 'low';
  readonly limits: readonly BoundLimit[];
}

/** A limit that binds a request. */
export interface BoundLimit {
  readonly limit: LimitPlan;
  /** What it is counted by: the values of its key, joined; empty without a key. */
  readonly partition: string;
  readonly cost: number;
}

export interface Settlement {
  /** `throttled` is an answer, too; `failed` is a request without one. */
  readonly outcome: 'answered' | 'throttled' | 'failed';
  /** What the reply says that the request cost, by limit. */
  readonly costs?: { readonly [limit: string]: number };
  readonly observations?: readonly Observation[];
}

/** What a reply says of a limit. Whatever is absent was not said. */
export interface Observation {
  readonly limit: string;
  readonly partition: string;
  readonly used?: number;
  /** What there is in all: a capacity, or the count of a window. */
  readonly capacity?: number;
  readonly remaining?: number;
  readonly perSecond?: number;
  /** From now until all of it is back. */
  readonly resetMs?: number;
}

export interface FreezeOrder {
  /** Of this limit only, or of one partition of it; without it, the whole domain. */
  readonly limit?: { readonly id: string; readonly partition?: string };
  readonly cause: 'throttle' | 'quota' | 'ban' | 'forbidden' | 'overload' | 'manual';
  /** For people: what the API said, without secrets. */
  readonly reason: string;
  /** How long; without it, longer each time. A ban and a manual freeze without it last until somebody thaws them. */
  readonly ms?: number;
}

export interface BudgetStatus {
  readonly domain: string;
  readonly limits: readonly LimitStatus[];
  readonly freezes: readonly FreezeStatus[];
  /** In all processes that share the store. */
  readonly waiting: readonly Waiting[];
  /** Processes seen within the last seconds. */
  readonly processes: number;
}

export interface LimitStatus {
  readonly id: string;
  readonly partition: string;
  /** Used up, between 0 and 1. */
  readonly fill: number;
  /** Until a request of cost 1 fits. */
  readonly nextMs: number;
  /** What throttles have left of the rate, between 0 and 1. */
  readonly rateFactor: number;
  /** What others use of the limit, between 0 and 1, by what replies say; absent when they say nothing. */
  readonly drift?: number;
}

export interface FreezeStatus {
  /** Absent for the whole domain. */
  readonly limit?: string;
  readonly partition?: string;
  readonly cause: FreezeOrder['cause'];
  readonly reason: string;
  /** Absent until somebody thaws it; 0 when one request is tried before the others. */
  readonly remainingMs?: number;
}

export interface Waiting {
  readonly stream: string;
  readonly domain: string;
  /** For how long; absent for another process, of which only the streams are known. */
  readonly sinceMs?: number;
  /** A limit's id, `freeze`, `turn` or `store`. */
  readonly boundBy: string;
  /** How much longer, as far as is known. */
  readonly remainingMs?: number;
  /** What the API said, where it froze the budget. */
  readonly reason?: string;
}
