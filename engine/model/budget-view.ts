import type { ShapePlan, StreamPlan } from './plan.ts';
import type { FreezeStatus, LimitStatus, Waiting } from './ports.ts';

/** How a budget stands. */
export interface BudgetView {
  readonly domain: string;
  readonly sources: readonly string[];
  /** Processes that used it within the last seconds. */
  readonly processes: number;
  readonly limits: readonly LimitView[];
  /** Those of a limit name it; the others hold for all of the budget. */
  readonly freezes: readonly FreezeStatus[];
  readonly waiting: readonly Waiting[];
}

/** How one limit stands, or one partition of it. One that was not used yet is empty. */
export interface LimitView extends LimitStatus {
  readonly declared: string;
}

/** What keeps a stream from being read faster. */
export interface StreamLimits {
  readonly stream: string;
  readonly domain: string;
  /** Who else counts into the budget. */
  readonly sources: readonly string[];
  readonly path: string;
  readonly weight: number;
  readonly priority: StreamPlan['priority'];
  readonly limits: readonly BoundView[];
  /** Limits of the budget that do not bind it. */
  readonly free: readonly string[];
  /** Requests per minute in the long run; absent when nothing limits them. */
  readonly steady?: Pace;
  /** Requests in the first minute, after a pause. */
  readonly first?: Pace;
  /** Requests per minute as things stand now: after throttles, and beside others. */
  readonly now?: Pace;
  /** Until the next request can be sent, and what keeps it until then. */
  readonly next: { readonly ms?: number; readonly decidedBy?: string };
  /** Freezes that hold for it. */
  readonly freezes: readonly FreezeStatus[];
  readonly waiting: readonly Waiting[];
  /** Streams that wait for the same budget. */
  readonly others: readonly Waiting[];
}

/** `decidedBy` is a limit's id. */
export interface Pace {
  readonly perMinute: number;
  readonly decidedBy: string;
}

/** A limit that binds a stream. */
export interface BoundView extends LimitView {
  /** What is used of what is declared, between 0 and 1. */
  readonly used: number;
  readonly shape: ShapePlan;
  readonly cost: number;
  /** Whether the request or its reply can make it cost something else. */
  readonly costVaries: boolean;
  /** Requests; absent for a limit of requests at once. */
  readonly perMinute?: number;
  readonly firstMinute?: number;
  readonly nowPerMinute?: number;
}

/** What a person has frozen. */
export interface Frozen {
  readonly domain: string;
  readonly sources: readonly string[];
  readonly limit?: string;
  readonly reason: string;
  /** How long; absent when it lasts until somebody thaws it. */
  readonly ms?: number;
}

/** What a person has thawed. */
export interface Thawed {
  readonly domain: string;
  readonly limit?: string;
  /** What was ended, as it stood before. */
  readonly ended: readonly FreezeStatus[];
  readonly count: number;
}
