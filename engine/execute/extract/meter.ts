import type { Diagnostic } from '../../model/diagnostic.ts';

/** What sending cost, counted as it goes. */
export interface Meter {
  requests: number;
  retries: number;
  /** Answers of status 429 or 403, and those that count as `throttle`, `quota` or `ban`. */
  refused: number;
  waitedMs: number;
  /** The limit that last made a request wait. */
  boundBy?: string;
  /** Answers by class. */
  readonly classes: { [kind: string]: number };
  /** Polls of quotas that brought nothing, and why the last one did not. */
  pollsFailed: number;
  pollFailure?: Diagnostic;
}

export const newMeter = (): Meter => ({
  requests: 0,
  retries: 0,
  refused: 0,
  waitedMs: 0,
  classes: {},
  pollsFailed: 0,
});
