import type { ApiRequest } from './batch.ts';
import type { RangeHistory, WindowRecord } from './estimate.ts';
import type { LoadedWindow } from './freshness.ts';
import type { MappingPlan, PinnedWindow, Plan, StreamPlan } from './plan.ts';
import type { OpenWindow, SettledPosition } from './position.ts';
import type { Renames } from './renames.ts';
import type { StepResult } from './run-report.ts';
import type { LoadCounts } from './warehouse-views.ts';

/** A lock of the ledger as it stands. */
export interface LockView {
  /** Such as `extract:shop.orders`: see `model/locks.ts`. */
  readonly name: string;
  /** The user whose process has it. */
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  /** What it is held for, in words: `reading shop.orders`. */
  readonly what: string;
  /** ISO 8601, UTC, as all times here. */
  readonly acquiredAt: string;
  readonly expiresAt: string;
  /** Whether its process is known to have ended, or its time is over: whoever wants it may take it. */
  readonly free: boolean;
}

export interface LockWanted {
  readonly name: string;
  readonly run: string;
  readonly what: string;
}

/**
 * Locks in the staging database, for all processes that use it. A holder that dies loses its locks when they expire; on
 * the same machine at once. What holds one commits nothing after it was lost.
 */
export interface WorkLocks {
  /** How long a lock lasts unless it is renewed. */
  readonly ttlMs: number;
  /** Takes a lock. Resolves to who has it when somebody else does. */
  take(wanted: LockWanted): Promise<LockView | undefined>;
  /** Renews what this process holds, and says what it still does. */
  renew(): Promise<ReadonlySet<string>>;
  release(names: readonly string[]): Promise<void>;
  all(): Promise<readonly LockView[]>;
  /** Takes a lock away from whoever has it. False when nobody has. */
  unlock(name: string): Promise<boolean>;
}

/** Where one stream of one account stands. */
export interface StreamState {
  /** `source.stream`. */
  readonly stream: string;
  readonly account: string;
  readonly fetched: { readonly cursor?: string; readonly open?: OpenWindow; readonly at?: string };
  readonly settled: SettledPosition;
  /** Present where positions of the parents of its records are kept. */
  readonly parents?: ParentCounts;
  readonly pages: PageCounts;
  readonly mappings: readonly MappingState[];
}

/** Positions of one stream with the parents of its records. */
export interface ParentCounts {
  readonly known: number;
  /** Those of them that were there no more. */
  readonly gone: number;
  /** Normalised cursors of the parent that was read least far, and of the one that was read farthest. */
  readonly least?: string;
  readonly greatest?: string;
}

export interface PageCounts {
  readonly all: number;
  /** Those whose response is kept. */
  readonly kept: number;
  /** Of the kept responses, compressed. */
  readonly bytes: number;
  readonly records: number;
}

/** A mapping, as far as it is made of what one account has. */
export interface MappingState {
  readonly mapping: string;
  readonly loadedThrough: number;
  readonly pendingPages: number;
  readonly pendingRows: number;
  /** Page from which on rows of the account wait for the end of its listing. */
  readonly heldFrom?: number;
  /** Rows that are set aside, and open. */
  readonly blocked: number;
}

/** What a run was to do, and how each of its steps ended. */
export interface KeptRun {
  readonly run: string;
  /** `running` when the run never came to its end. */
  readonly status: string;
  readonly plan: Plan;
  /** How steps ended, by their ids. */
  readonly steps: ReadonlyMap<string, StepResult['status']>;
}

/** The account of runs: their plans, and how their steps ended. */
export interface Runs {
  keepPlan(plan: Plan): Promise<void>;
  finishStep(run: string, result: StepResult): Promise<void>;
  /**
   * Notes that a run performs a plan whole. Resolves to the run that has done so before, where the plan may be applied
   * `once` only: nothing is noted then.
   */
  apply(applied: AppliedPlan): Promise<string | undefined>;
  /** The plan that was applied last; undefined when there is none, or it is no longer kept. */
  lastApplied(): Promise<Plan | undefined>;
  /** The run that has applied the plan of a nonce. */
  appliedBy(nonce: string): Promise<string | undefined>;
  find(run: string): Promise<KeptRun | undefined>;
  /** The last runs, newest first. */
  last(limit: number): Promise<readonly RunView[]>;
  /** How many records the last runs that succeeded have received of a stream, newest first; only runs that asked for it. */
  received(
    stream: Pick<StreamRef, 'source' | 'account' | 'name'>,
    limit: number,
  ): Promise<readonly RunRecords[]>;
  /** The last windows of a stream, newest first. */
  windows(
    stream: Pick<StreamRef, 'source' | 'account' | 'name'>,
    limit: number,
  ): Promise<readonly WindowRecord[]>;
  /** The first pages of the newest window, of a run or at all, that is kept from its beginning and has records. */
  exchanges(
    stream: Pick<StreamRef, 'source' | 'account' | 'name'>,
    limit: number,
    run?: string,
  ): Promise<readonly KeptExchange[]>;
  /** The last windows of a stream, oldest first, each with when its mappings have loaded it. */
  loadedWindows(stream: StreamRef, limit: number): Promise<readonly LoadedWindow[]>;
  /** Rows that each mapping has made of one record of a stream, on average. */
  rowsPerRecord(stream: Pick<StreamRef, 'source' | 'account' | 'name'>): Promise<ReadonlyMap<string, number>>;
  /**
   * Records of a stream whose newest staged version lies in each of these windows, as far as all of them are staged: where
   * the stream was read from their beginning to their end, and a mapping has a row of each record.
   */
  recordsIn(
    stream: Pick<StreamRef, 'source' | 'account' | 'name'>,
    mappings: readonly MappingPlan[],
    windows: readonly PinnedWindow[],
  ): Promise<Omit<RangeHistory, 'slices'>>;
  /** Drops the plans of runs that began before, and what was noted of their steps. */
  forget(before: string): Promise<void>;
}

/** A kept page, and what was asked for it. */
export interface KeptExchange {
  readonly id: number;
  /** Whether nothing follows it in its window. */
  readonly isLast: boolean;
  /** Normalised cursor at which its window begins. */
  readonly from?: string;
  readonly request: ApiRequest;
  readonly status: number;
  /** ISO 8601, UTC. */
  readonly stagedAt: string;
  /** As it is kept. */
  readonly body: Uint8Array;
}

export interface AppliedPlan {
  readonly nonce: string;
  /** Id of the plan. */
  readonly plan: string;
  readonly run: string;
  /** Whether it must not be applied again: it has DDL, or reads a range. */
  readonly once: boolean;
  /** Whether it is a part of the project only. */
  readonly partial?: boolean;
}

export interface RunView {
  readonly run: string;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
}

/** What one run has received of a stream. */
export interface RunRecords {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly records: number;
}

/** A stream with its mappings, as the project has them now. */
export interface StreamRef {
  readonly source: string;
  readonly account: string;
  readonly name: string;
  readonly mappings: readonly string[];
  /** Streams of the same account that are read for each of its records; absent where there are none. */
  readonly children?: readonly string[];
}

export interface Retention {
  /** Responses that were staged longer ago go, once they are settled. */
  readonly ageMs: number;
  /** Of what is left, the oldest go until so much is kept. Absent: no bound. */
  readonly bytesMax?: number;
}

export interface Dropped {
  readonly pages: number;
  readonly bytes: number;
  /** There was more to drop than was allowed at once. */
  readonly more: boolean;
}

/** A load unit as the warehouse's own account has it. */
export interface WarehouseUnit {
  readonly id: string;
  readonly mapping: string;
  readonly run: string;
  readonly firstPage: number;
  readonly lastPage: number;
  readonly counts: Omit<LoadCounts, 'held'>;
  /** ISO 8601, UTC. */
  readonly loadedAt: string;
}

/** Loads that the warehouse has and staging has lost: it was restored from a backup, or is gone. */
export interface LostLoads {
  readonly units: number;
  readonly runs: number;
  /** When the first and the last of them were loaded. */
  readonly from: string;
  readonly to: string;
  /** Greatest page among them. */
  readonly lastPage: number;
}

/** The account of positions, pages and runs: what `etl state` shows and changes. */
export interface Positions {
  streams(streams: readonly StreamRef[]): Promise<readonly StreamState[]>;
  settled(stream: StreamRef): Promise<SettledPosition>;
  /** About how many parents in kept pages wait for the stream, which is done with those up to a page. */
  waitingParents(stream: StreamPlan, page: number): Promise<number>;
  setCursor(stream: StreamRef, cursor: string, shape: string): Promise<void>;
  /** Notes that a stream has nothing to ask for up to a cursor. A window that is open stays as it is. */
  pass(stream: StreamPlan, cursor: string): Promise<void>;
  /** Forgets the position; with `pages` what was read as well. Gives how many pages went. */
  reset(stream: StreamRef, pages: boolean): Promise<number>;
  /**
   * Drops the responses of pages that retention lets go, the oldest first, at most `pagesMax`: never of an unsettled page, nor
   * of one with a row that is set aside, or with records that a stream has yet to be read for. Their rows and counts stay.
   */
  compact(streams: readonly StreamRef[], retention: Retention, pagesMax: number): Promise<Dropped>;
  /** What `compact` would drop. */
  compactable(streams: readonly StreamRef[], retention: Retention): Promise<Dropped>;
  /** Everything up to this page is loaded, whatever the mapping; 0 when nothing is. */
  leastLoaded(): Promise<number>;
  /** When the last rows of each mapping of which something is loaded were, ISO 8601. */
  lastLoads(): Promise<ReadonlyMap<string, string>>;
  /** What of the warehouse's units staging has lost; undefined when it has lost none. */
  lost(units: readonly WarehouseUnit[]): Promise<LostLoads | undefined>;
  /**
   * Takes the warehouse's word: page numbers go on behind what it knows, and kept pages that it has loaded count as loaded.
   * Gives how many of them there were.
   */
  reconcile(units: readonly WarehouseUnit[]): Promise<number>;
  /**
   * Notes the units of a mapping that the warehouse has committed and that are pending here, since a crash came between the
   * two commits. Gives how many there were.
   */
  recognise(mapping: string, units: readonly WarehouseUnit[]): Promise<number>;
  /** Gives the space of what was dropped back to the disk. */
  shrink(): Promise<void>;
}

/** What the staging database knows besides pages and rows. */
export interface State {
  /** Version of its schema: the name of the last migration. */
  readonly schema: string;
  readonly locks: WorkLocks;
  readonly runs: Runs;
  readonly positions: Positions;
  readonly renames: Renames;
}
