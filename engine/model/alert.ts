import type { Blocker } from './blocker.ts';

/** What a run may tell. */
export type AlertEvent =
  | 'blocker'
  | 'blocker_age'
  | 'auth_failure'
  | 'run_failed'
  | 'freshness'
  | 'record_count'
  | 'quota_forecast'
  | 'run_succeeded'
  | 'heartbeat';

/** Where alerts go, and which; addresses and keys stay references. */
export interface AlertPlan {
  readonly to: 'webhook' | 'slack' | 'pagerduty';
  readonly url: string;
  readonly key?: string;
  readonly on: readonly AlertEvent[];
  readonly ageMs: number;
  /** How far, in times of the usual, a count of records may be from the median of the last runs. */
  readonly deviation: number;
  /** Between two heartbeats. */
  readonly everyMs: number;
  /** Whose Blockers; absent for all. */
  readonly owners?: readonly string[];
}

/** One thing to tell. */
export interface Alert {
  readonly event: AlertEvent;
  readonly severity: 'info' | 'warning' | 'error';
  /** What was told before is over. */
  readonly isOver: boolean;
  readonly title: string;
  readonly lines: readonly string[];
  readonly blockers: readonly Blocker[];
}
