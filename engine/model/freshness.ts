/** One window of a stream, and when all that it brought was loaded. */
export interface LoadedWindow {
  /** When its first and its last page were staged; ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Where the cursor stood after it, normalised. */
  readonly reached?: string;
  readonly records: number;
  /** Whether its last page was read. */
  readonly ended: boolean;
  /** When the last of its rows was loaded; absent while some are not. */
  readonly loadedAt?: string;
}

/** How fresh the tables are that are made of a stream. */
export interface StreamFreshness {
  /** `source.stream`. */
  readonly stream: string;
  readonly account: string;
  readonly sloMs?: number;
  /** All that the API had then is loaded; absent where nothing is yet. */
  readonly asOf?: string;
  /** How long ago that was. */
  readonly ageMs?: number;
  /** Older than it may be. */
  readonly isLate: boolean;
  /** How long records took that were loaded lately; absent where none was. */
  readonly took?: Took;
}

/** From the moment when the API could give a record until it was loaded. */
export interface Took {
  readonly records: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}
