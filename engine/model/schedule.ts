/** When a stream is read: at fixed intervals, counted from midnight UTC, or as a cron expression says. */
export type WhenPlan =
  | { readonly kind: 'every'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: string; readonly zone: string };

/** What a stream declares of its time. It is no part of the structure: `etl serve` goes by what the project says now. */
export interface SchedulePlan {
  /** `source.stream`. */
  readonly stream: string;
  readonly account: string;
  readonly when?: WhenPlan;
  /** As written. */
  readonly schedule?: string;
  /** Longest time until a record is loaded. */
  readonly sloMs?: number;
}
