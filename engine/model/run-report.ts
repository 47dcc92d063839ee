import type { BlockedRow } from './batch.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { SettledPosition } from './position.ts';

/** What a run did, as data; printed by `report/`, kept in `.etl/runs/<id>/report.json`. */
export interface RunReport {
  readonly run: string;
  readonly plan: string;
  readonly project: string;
  readonly environment: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly status: 'succeeded' | 'failed' | 'interrupted';
  readonly streams: readonly StreamReport[];
  readonly tables: readonly TableReport[];
  readonly checks: readonly CheckReport[];
  /** The first rows of each table that were kept aside, with the reason. */
  readonly blocked: readonly BlockedRow[];
  readonly diagnostics: readonly Diagnostic[];
  /** Blockers that are open at its end, those of earlier runs too. */
  readonly openBlockers: number;
}

export interface StreamReport {
  /** `source.stream`. */
  readonly stream: string;
  readonly status: 'succeeded' | 'failed' | 'interrupted';
  readonly pages: number;
  readonly received: number;
  /** Of them, records of persons who were forgotten: they were dropped. Absent when there was none. */
  readonly forgotten?: number;
  /** Those for lookups included. */
  readonly requests: number;
  /** Of them, for lookups; absent when there was none. */
  readonly lookupRequests?: number;
  /** Absent when nothing of the stream is cacheable. */
  readonly cache?: CacheReport;
  readonly retries: number;
  /** Responses of status 429 or 403. */
  readonly refused: number;
  readonly waitedMs: number;
  readonly elapsedMs: number;
  /** What every mapping of the stream has loaded, filtered or set aside; absent when staging could not say. */
  readonly settled?: SettledPosition;
}

/** What of a stream's pages and lookups came from the cache. */
export interface CacheReport {
  /** Used without a request. */
  readonly hits: number;
  readonly misses: number;
  /** Asked for, and not sent again since nothing had changed. */
  readonly revalidated: number;
}

export interface TableReport {
  readonly mapping: string;
  readonly stream: string;
  readonly table: string;
  readonly status: 'succeeded' | 'failed' | 'skipped';
  readonly staged: number;
  /** Rows that a page held twice, with the same content; they are staged once. */
  readonly deduplicated: number;
  readonly filtered: number;
  readonly blocked: number;
  readonly nulled: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Older versions of a row: a newer one is in the same load, or in the table. */
  readonly superseded: number;
  /** Rows of the table that the source no longer has. */
  readonly deleted: number;
  /** Rows that wait: an earlier version of their record is blocked, or the listing of their account was not read to its end. */
  readonly held: number;
  /** How long the warehouse was busy with it. */
  readonly loadMs: number;
  /** Why it was not loaded in this run, where that was not due: see `load.every` and `load.budget`. */
  readonly deferred?: string;
}

export interface CheckReport {
  readonly mapping: string;
  readonly check: string;
  readonly severity: 'error' | 'warn';
  readonly passed: boolean;
  /** Such as `3 of 1,200 rows`. */
  readonly found: string;
}

/** A step of a run as it goes: one line each in `.etl/runs/<id>/steps.ndjson`. */
export interface StepResult {
  readonly step: string;
  readonly status: 'succeeded' | 'failed' | 'skipped' | 'interrupted';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly diagnostics: readonly Diagnostic[];
}
