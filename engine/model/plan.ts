import type { AlertPlan } from './alert.ts';
import type { CheckPlan } from './check-plan.ts';
import type { CursorType } from './cursor-plan.ts';
import type { RedisPlan, StagingPlan, WarehousePlan } from './database-plan.ts';
import type { ConditionPlan, DeletesPlan, SweepPlan } from './deletes-plan.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { LoadStatement } from './load-statement.ts';
import type { OverridePlan } from './override-plan.ts';
import type { Path } from './path-plan.ts';
import type { GuardPlan, PropertyPlan } from './property-plan.ts';
import type { Rename } from './renames.ts';
import type { SchedulePlan } from './schedule.ts';
import type { SourcePlan } from './source-plan.ts';
import type { BackfillPlan, StreamPlan } from './stream-plan.ts';

export type * from './check-plan.ts';
export type * from './cursor-plan.ts';
export type * from './database-plan.ts';
export type * from './deletes-plan.ts';
export type * from './load-statement.ts';
export type * from './override-plan.ts';
export type * from './path-plan.ts';
export type * from './property-plan.ts';
export type * from './source-plan.ts';
export type * from './stream-plan.ts';
export type * from './transform-plan.ts';

/**
 * The Plan: plain JSON that says everything that `etl run` will do. It holds no secret: `${env:…}` and `${file:…}`
 * stay as written until a value is used. Nothing after `compile` looks at the Project again.
 */
export interface Plan {
  readonly format: 1;
  /** Version of the engine that compiled it. */
  readonly engine: string;
  /**
   * SHA-256 of the canonical JSON of everything else, but where references stand; the same input gives the same id. It stays
   * while cursors move.
   */
  readonly id: string;
  readonly project: string;
  readonly environment: string;
  readonly staging: StagingPlan;
  readonly warehouse: WarehousePlan;
  /** Where processes share budgets and cached replies; without it a budget is each process's own. */
  readonly redis?: RedisPlan;
  readonly metrics?: MetricsPlan;
  /** Who is told what a run has found. */
  readonly alerts?: readonly AlertPlan[];
  /** When streams are read by `etl serve`, and how fresh they are to be. */
  readonly schedules?: readonly SchedulePlan[];
  /** Reference to the key that encrypts tokens which are kept. */
  readonly tokenKey?: string;
  /** Reference to the key that encrypts kept responses. */
  readonly pageKey?: string;
  /** Reference to the key that turns personal data into tokens; present when a mapping needs it. */
  readonly piiKey?: string;
  /** Every `${env:…}` and `${file:…}` that a run needs, with the place that names it first. */
  readonly references: readonly ReferencePlan[];
  /** By `source`, or `source@account`. */
  readonly sources: { readonly [source: string]: SourcePlan };
  readonly mappings: { readonly [mapping: string]: MappingPlan };
  readonly steps: readonly Step[];
  /** Whether mappings of the project are left out: what they have loaded is not known here, and nothing of theirs may go. */
  readonly partial?: true;
}

export interface ReferencePlan {
  /** As written, such as `${env:SHOPIFY_TOKEN}`. */
  readonly reference: string;
  /** `file:line:column`. */
  readonly at: string;
}

export interface MetricsPlan {
  readonly prometheus?: { readonly host: string; readonly port: number };
  readonly otlp?: { readonly url: string; readonly everyMs: number };
}

export type Step =
  | RenameStep
  | ReconcileStep
  | ExtractStep
  | SweepStep
  | RemapStep
  | CheckStep
  | ReloadStep
  | DefineStep
  | LoadStep;

interface StepBase {
  /** Unique in the plan, such as `extract shopify.orders`. */
  readonly id: string;
  /** Why the step is there, for people. */
  readonly reason: string;
}

/**
 * Staging is older than the warehouse: what the warehouse has loaded counts as loaded, and page numbers go on behind what it
 * knows.
 */
export interface ReconcileStep extends StepBase {
  readonly kind: 'reconcile';
}

/** What is kept under another name goes on under the one that the project gives it now. */
export interface RenameStep extends StepBase {
  readonly kind: 'rename';
  readonly rename: Rename;
  /** Of a stream: as it was called before, so that nobody reads it meanwhile. */
  readonly stream?: StreamPlan;
  /** All accounts that it is read for, where there is more than `default`. */
  readonly accounts?: readonly string[];
}

/** Fetches what changed in one stream of one account, maps it and stages it. */
export interface ExtractStep extends StepBase {
  readonly kind: 'extract';
  readonly stream: StreamPlan;
  /** Mappings of this stream, in order. */
  readonly mappings: readonly string[];
  /** Whether tables hold just what a listing has: at its end, what was not in it is listed as gone. */
  readonly replaces?: Replacing;
  /** Whether it reads a range once more. The stream is the one that the range is read as, and has a position of its own. */
  readonly backfill?: BackfillPlan;
}

export interface Replacing {
  /** The stream that lists what is gone. It is asked of nobody. */
  readonly gone: StreamPlan;
  readonly mappings: readonly string[];
}

/** Reads on in the whole listing of a stream, when it is due; at its end, what was not in it is listed as gone. */
export interface SweepStep extends StepBase {
  readonly kind: 'sweep';
  readonly stream: StreamPlan;
  /** The stream that lists what is gone. It is asked of nobody. */
  readonly gone: StreamPlan;
  readonly sweep: SweepPlan;
  readonly mappings: readonly string[];
}

/** Maps kept pages of a stream again, for a mapping that is new or changed or for a Blocker. No request is made. */
export interface RemapStep extends StepBase {
  readonly kind: 'remap';
  readonly mapping: string;
  readonly stream: StreamPlan;
  /** Only these pages; without it, all that are kept. */
  readonly pages?: readonly number[];
  /** Pages that cannot be mapped again, since their responses are no longer kept. */
  readonly dropped?: number;
}

/** Checks the staged rows that are about to be loaded. */
export interface CheckStep extends StepBase {
  readonly kind: 'check';
  readonly mapping: string;
  readonly checks: readonly CheckPlan[];
}

/** Loads all that is staged again, since the target table has lost it. */
export interface ReloadStep extends StepBase {
  readonly kind: 'reload';
  readonly mapping: string;
}

/** Creates or extends the target table. */
export interface DefineStep extends StepBase {
  readonly kind: 'define';
  readonly mapping: string;
  readonly statements: readonly string[];
  /** What changes in a table that is there, for people; absent where nothing does. */
  readonly changes?: readonly string[];
  /** Files of the project that statements come from, by the template's name; absent where all are the package's. */
  readonly own?: { readonly [template: string]: string };
  /** Why there is nothing to load into, where the contract lets nobody make the table. */
  readonly held?: Diagnostic;
}

/** Loads the staged rows into the target table, in one transaction per load unit. */
export interface LoadStep extends StepBase {
  readonly kind: 'load';
  readonly mapping: string;
  /** Whose pages the mapping is made of: rows that were not staged are made of them, also where the plan does not read it. */
  readonly from?: StreamPlan;
  /** All accounts whose pages these are, where there is more than `default`. */
  readonly accounts?: readonly string[];
  /** Accounts that the source no longer names, and that it has pages of. */
  readonly left?: readonly string[];
  /** What of the mapping does not get into the table, and what of the table stays as it is, for people. */
  readonly notes?: readonly string[];
  /** Files of the project that statements come from, by the template's name; absent where all are the package's. */
  readonly own?: { readonly [template: string]: string };
  readonly rowsMax: number;
  /** How many blocked rows stop it. */
  readonly stop?: StopPlan;
  /** How often it is done, and for how long in a day; at every run where it is absent. */
  readonly cadence?: CadencePlan;
  /** Of the stream's cursor, where it has one. */
  readonly cursor?: CursorType;
  /** In the order they run. `$name` stands for a parameter bound at run time. */
  readonly statements: readonly LoadStatement[];
}

/** A load that is not due is left to a later run; what is staged waits. */
export interface CadencePlan {
  /** Loads fall into intervals of this length that are counted from midnight UTC, one into each. */
  readonly everyMs?: number;
  /** Warehouse time a day (UTC) after which no further load begins. */
  readonly budgetMs?: number;
}

/** A bound that is passed stops a load. */
export interface StopPlan {
  /** Open Blockers of the mapping's records. */
  readonly above?: number;
  /** Share of the rows that are about to be loaded, from 0 to 1. */
  readonly aboveShare?: number;
}

/** `append` keeps all versions of a row, `scd2` the intervals in which it had the same values. */
export type Strategy = 'append' | 'scd2';

export interface MappingPlan {
  readonly name: string;
  /** `source.stream`. */
  readonly stream: string;
  readonly each?: Path;
  /** What stands between the elements where they are one text. */
  readonly eachSplit?: string;
  readonly where: readonly ConditionPlan[];
  readonly schema: string;
  readonly table: string;
  /** What becomes of the versions of a row. Absent: `merge`, which keeps the newest. */
  readonly strategy?: Strategy;
  /** Columns that identify a row, `_account` first. */
  readonly key: readonly string[];
  readonly properties: readonly PropertyPlan[];
  /** What the table has no column for: a value for it decides about its row. */
  readonly guards?: readonly GuardPlan[];
  /** Paths that properties read, where values at others are counted; it decides no row. */
  readonly counted?: readonly Path[];
  /** A column whose value never changes in a row: a merge may look for its rows by it. */
  readonly prune?: string;
  /** What the versions of a row are told apart by: field and type of the cursor. Those of another kind are not compared. */
  readonly versionedBy?: string;
  /** Absent where no row ever leaves the table. */
  readonly deletes?: DeletesPlan;
  /** Bytes that the values of the key may have together, where the warehouse has a limit. */
  readonly keyBytesMax?: number;
  /** SHA-256 of everything that decides the rows; a change means that kept pages are mapped again. */
  readonly hash: string;
  /** Values that people have set; they are no part of the hash. */
  readonly overrides?: readonly OverridePlan[];
}
