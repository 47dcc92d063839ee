import type { StreamFreshness } from './freshness.ts';

/** What `etl serve` has done until it was stopped. */
export interface ServeReport {
  readonly project: string;
  readonly environment: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly runs: number;
  readonly failed: number;
  /** Responses of status 429 or 403. */
  readonly refused: number;
  /** The longest run that made up for moments which had been missed; absent where none was. */
  readonly catchUpMs?: number;
  readonly streams: readonly ServedStream[];
}

export interface ServedStream extends StreamFreshness {
  readonly schedule: string;
  readonly runs: number;
  readonly failed: number;
  /** Why it is not read; absent where it is. */
  readonly held?: string;
}
