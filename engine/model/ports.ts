import type { AuditScope, AuditStatement, LoadRecord, MappingLedger, TableComparison } from './audit.ts';
import type { ApiRequest, ApiResponse, MappedRows, ParentValues, StagedValue } from './batch.ts';
import type { Blockers } from './blocker.ts';
import type { CheckPlan, LoadStatement, MappingPlan, StreamPlan, StreamShape, TimeoutsPlan } from './plan.ts';
import type { KeptPages, ParentPosition, ParentsDone, Position } from './position.ts';
import type { WarehouseTable } from './snapshot.ts';
import type { WarehouseUnit } from './state-port.ts';
import type {
  Answer,
  AskedValues,
  CompareRequest,
  Completeness,
  LoadCounts,
  LoadRequest,
  LoadTime,
  LoadTimes,
  LoadUnit,
  Sample,
} from './warehouse-views.ts';

export type * from './artifacts-port.ts';
export type * from './cache-port.ts';
export type * from './connector-port.ts';
export type * from './limiter-port.ts';
export type * from './position.ts';
export type * from './progress-port.ts';
export type * from './warehouse-views.ts';

/** Time, injected so that tests need not sleep. */
export interface Clock {
  /** Milliseconds since the epoch, for what people read. */
  now(): number;
  /** Microseconds of a clock that never goes back. */
  monotonicUs(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Counts what happens, for monitoring. Does nothing when nobody listens. */
export interface Metrics {
  /** Adds to a counter, such as `permits`. */
  add(name: string, value: number, labels: MetricLabels): void;
  /** Notes a value for a histogram, in its unit: `wait_seconds`. */
  record(name: string, value: number, labels: MetricLabels): void;
  /** Sets a gauge. */
  set(name: string, value: number, labels: MetricLabels): void;
  close(): Promise<void>;
}

export interface MetricLabels {
  readonly [label: string]: string;
}

/** Keeps small texts between runs: tokens, budgets, freezes. What a call has written survives whatever happens then. */
export interface Memory {
  recall(name: string): Promise<string | undefined>;
  remember(name: string, text: string): Promise<void>;
  /** Remembers `text` if what is remembered is still `before`; resolves to whether it was. */
  swap(name: string, before: string | undefined, text: string): Promise<boolean>;
  forget(name: string): Promise<void>;
}

/** Lets one at a time do something, among all processes that share the store. */
export interface Locks {
  /**
   * Runs `work` while nobody else holds `name`; waits for them. The lock is renewed while the work goes on, and a holder
   * that dies loses it after `ttlMs`. `lost` is aborted when it could not be renewed: somebody else may hold it now.
   * @throws TransientError when the store cannot be reached.
   */
  exclusively<T>(
    name: string,
    ttlMs: number,
    work: (lost: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Sends one request, once. */
export interface HttpClient {
  /**
   * @throws TransientError when the connection fails, breaks or times out.
   * @throws TerminalError when the body is larger than `maxResponseBytes`.
   */
  send(request: ApiRequest, options: HttpOptions, signal?: AbortSignal): Promise<ApiResponse>;
  /** Whether the answer is here already: nobody is asked for it, so that it needs no permit. */
  holds?(request: ApiRequest): boolean;
  close(): Promise<void>;
}

/** Sends one request, once, and hands the body of a 200 over piece by piece; the response then has none. */
export type Download = (
  request: ApiRequest,
  options: HttpOptions,
  keep: (body: AsyncIterable<Uint8Array>, shown: string) => Promise<void>,
  signal?: AbortSignal,
) => Promise<ApiResponse>;

export interface HttpOptions {
  readonly timeouts: TimeoutsPlan;
  readonly maxResponseBytes: number;
}

/** Gives the values of `${env:…}` and `${file:…}`. */
export interface References {
  /** `text` with every reference replaced. @throws TerminalError naming the one that is missing. */
  resolve(text: string): string;
  /** `text` with every value that was given so far replaced by `***`. */
  redact(text: string): string;
  /** Makes `redact` replace this value as well: a token that was issued. */
  hide(value: string): void;
}

/** A page as one staging transaction writes it. */
export interface StagedPage {
  readonly id: number;
  readonly run: string;
  readonly request: ApiRequest;
  readonly status: number;
  readonly records: number;
  readonly bodyHash: string;
  /** gzip. */
  readonly body: Uint8Array;
  readonly rows: readonly MappedRows[];
  /** Records of whoever was forgotten; absent when there was none. */
  readonly forgotten?: number;
  /** Where the stream stands once this page is committed. */
  readonly position: Position;
  readonly window?: PageWindow;
  /** Parents whose children are all read with this page, where positions of parents are kept. */
  readonly parents?: ParentsDone;
}

/** Where in its window a page stands, and what was said of the whole. */
export interface PageWindow {
  /** Normalised cursor at which the window begins. */
  readonly from?: string;
  /** Position in the window, from 1. */
  readonly number: number;
  readonly isLast: boolean;
  /** Records of the whole listing, as the API announces. */
  readonly total?: number;
  /** Records of the page whose cursor lies before the window. */
  readonly outside: number;
}

export interface KeptPage {
  readonly id: number;
  readonly run: string;
  readonly body: Uint8Array;
}

/** A kept page of one account of several. */
export interface AccountPage extends KeptPage {
  readonly account: string;
}

/** Ids of pages, or how many of the newest. */
export type PageChoice = readonly number[] | { readonly newest: number } | { readonly from: number };

export interface CheckOutcome {
  readonly passed: boolean;
  readonly found: string;
}

/** The database between API and warehouse: the ledger of pages, positions, staged rows, and blocked ones. */
export interface Staging {
  readonly blockers: Blockers;
  readonly listings: Listings;
  /** Brings the schema up to date. Call it before anything else. */
  migrate(): Promise<void>;
  startRun(run: RunRecord): Promise<void>;
  finishRun(run: string, status: string, finishedAt: string): Promise<void>;
  /** Makes `stg_<mapping>` fit the mapping. A change of the mapping's hash empties the table and its position. */
  prepare(mapping: MappingPlan): Promise<void>;
  /**
   * The hash with which each mapping was last prepared, by name; only of mappings that have seen every kept page of their
   * stream, so that a remap which was interrupted is done again.
   */
  mappingHashes(): Promise<ReadonlyMap<string, string>>;
  position(stream: StreamPlan): Promise<Position>;
  /**
   * The normalised cursor up to which a stream (`source.stream`) has been read whole for all these accounts; without them, for
   * `default`.
   */
  reached(stream: string, accounts?: readonly string[]): Promise<string | undefined>;
  /** Where a stream stands with each of these parents, in their order. */
  parents(
    stream: StreamPlan,
    values: readonly ParentValues[],
  ): Promise<readonly (ParentPosition | undefined)[]>;
  /** What the position of each stream was made by, by `source.stream` or `source.stream@account`. */
  shapes(): Promise<ReadonlyMap<string, StreamShape>>;
  /** Mappings of which something is loaded. */
  loadedMappings(): Promise<ReadonlySet<string>>;
  /** Makes all that is staged of a mapping pending again. */
  rewind(mapping: string): Promise<void>;
  /** Reserves `count` page ids and gives the first. */
  reservePages(count: number): Promise<number>;
  /** Writes whole pages, their rows, their blocked rows and the position in one transaction. */
  commit(stream: StreamPlan, pages: readonly StagedPage[]): Promise<void>;
  /** Writes the rows that a mapping made of a kept page, in one transaction; a Blocker of a row that fits now is retried. */
  restage(page: number, rows: MappedRows, run: string): Promise<void>;
  /** Kept pages of a stream in order: all, those with these ids, or the newest ones. */
  pages(stream: Pick<StreamPlan, 'source' | 'account' | 'name'>, only?: PageChoice): AsyncIterable<KeptPage>;
  /** Kept pages, of a unit or of all, whose rows a mapping has made and not staged, in order. */
  unstagedPages(mapping: string, unit?: LoadUnit): AsyncIterable<AccountPage>;
  /** How many pages are kept, by `source.stream` or `source.stream@account`. */
  keptPages(): Promise<ReadonlyMap<string, KeptPages>>;
  /** Load units of what is staged and not yet loaded, in page order, each of whole pages and at most about `rowsMax` rows. */
  pendingUnits(mapping: MappingPlan, rowsMax: number): Promise<readonly LoadUnit[]>;
  /** Rows of a unit but those held, in page order, in bounded batches: see `stagedMeta` for the columns. */
  rows(mapping: MappingPlan, unit: LoadUnit): AsyncIterable<readonly StagedRow[]>;
  /**
   * Records of an account in a mapping that no page has mentioned since a listing began, the first `limit`. Those that are gone
   * already or under an open Blocker are left out.
   */
  unseen(mapping: MappingPlan, account: string, since: ListingBegun, limit: number): Promise<Unseen>;
  markLoaded(unit: LoadUnit, run: string, counts: LoadCounts, time: LoadTime): Promise<void>;
  /** When a mapping was loaded last, and how long its loads have taken from a time (ISO 8601, UTC) on. */
  loadTimes(mapping: string, since: string): Promise<LoadTimes>;
  check(mapping: MappingPlan, check: CheckPlan, nowMs: number): Promise<CheckOutcome>;
  /** How many rows and markers of a unit wait: for a Blocker of an earlier version of their record, or the end of their listing. */
  held(mapping: MappingPlan, unit: LoadUnit): Promise<Pick<LoadUnit, 'rows' | 'marks'>>;
  /** What the ledger says of a mapping and its stream, and how far its parts agree. Nothing is changed. */
  ledger(mapping: MappingPlan, stream: StreamPlan, scope: AuditScope): Promise<MappingLedger>;
  close(): Promise<void>;
}

/**
 * Listings whose tables hold just what they have, while they are not read to their end. Rows that an account has had since one
 * was opened are held until it is closed: those that are loaded stay as they are, and other accounts go on.
 */
export interface Listings {
  /** Holds rows of these mappings from a page on; from an earlier one where the last listing was not closed. */
  open(mappings: readonly string[], account: string, firstPage: number): Promise<void>;
  /** Lets go what is held of an account: it is loaded next. */
  close(mappings: readonly string[], account: string): Promise<void>;
  /** Whether rows of a mapping may be held, for this reason or behind a Blocker. */
  holds(mapping: string): Promise<boolean>;
}

/** When a whole listing began. */
export interface ListingBegun {
  /** Pages from this one on have been read since. */
  readonly firstPage: number;
  /**
   * Those before it that were staged since this time have been, too: a process that reads at the same time has taken their
   * numbers before. Absent where nothing else reads of these records.
   */
  readonly begunMs?: number;
}

export interface Unseen {
  /** All records that are not gone. */
  readonly known: number;
  /** Those of them that were not seen. */
  readonly unseen: number;
  readonly records: readonly { readonly record: string; readonly cursor: string | null }[];
}

export type StagedRow = readonly StagedValue[];

export interface RunRecord {
  readonly id: string;
  readonly plan: string;
  readonly environment: string;
  readonly startedAt: string;
}

/** Where tables end up. It is opened by the first call and must be closed. */
export interface Warehouse {
  /** The tables of these that exist. A warehouse that does not exist yet has none. */
  tables(wanted: readonly { schema: string; table: string }[]): Promise<readonly WarehouseTable[]>;
  /** Runs DDL, each statement on its own. */
  define(statements: readonly string[]): Promise<void>;
  /** Loads of an environment that end behind page `after`, the last ones first, at most `limit`. None where nothing is yet. */
  loadedUnits(environment: string, after: number, limit: number): Promise<readonly WarehouseUnit[]>;
  /** When the last rows of each mapping of an environment were loaded, ISO 8601; none where nothing is yet. */
  lastLoads(environment: string): Promise<ReadonlyMap<string, string>>;
  /** Loads one unit, and says how complete the table is, in one transaction; a unit that `_etl_loads` has already is not loaded again. */
  load(statements: readonly LoadStatement[], load: LoadRequest): Promise<LoadCounts>;
  /** Writes into `_etl_completeness` how far the mapping of a load step is complete. */
  complete(statements: readonly LoadStatement[], completeness: Completeness): Promise<void>;
  /** The first rows of a table, as texts. */
  sample(schema: string, table: string, limit: number): Promise<Sample>;
  /** The loads of a mapping that `_etl_loads` has. */
  loads(statements: readonly AuditStatement[]): Promise<readonly LoadRecord[]>;
  /** Holds the newest version of each row of a load file against a table. Nothing is changed. */
  compare(statements: readonly AuditStatement[], request: CompareRequest): Promise<TableComparison>;
  /** Runs statements in one session, with values for their `$name`, and gives what the last one answers. Nothing is changed. */
  ask(statements: readonly string[], values: AskedValues): Promise<Answer>;
  close(): Promise<void>;
}
