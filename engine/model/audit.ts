import type { Diagnostic } from './diagnostic.ts';
import type { LoadCounts } from './warehouse-views.ts';

/** What became of the rows that a load has carried. */
export type LoadedCounts = Omit<LoadCounts, 'held' | 'deleted'>;

/** What an audit needs of a project: made by `compile`, beside the Plan, since no run performs it. */
export interface AuditPlan {
  /** Least percentage of units that must be accounted for. */
  readonly threshold: number;
  /** Share of every limit that a re-read of the source may use, up to 1. */
  readonly share: number;
  /** Where the warehouse keeps its own account of loads. */
  readonly loads: { readonly schema: string; readonly table: string };
  /** SQL by mapping, in the order it runs. */
  readonly statements: { readonly [mapping: string]: readonly AuditStatement[] };
}

export interface AuditStatement {
  /**
   * `open` to `newest` make the newest version of each row of a load file, as a load does; `compare` and
   * `compare_source` hold it against the table, and keep what differs. `counted` counts that by kind, `examples` gives
   * the first of each. `count` counts the table. `loaded` reads the mapping's account in `_etl_loads`.
   */
  readonly name: AuditStatementName;
  readonly sql: string;
}

export type AuditStatementName =
  | 'open'
  | 'copy'
  | 'superseded'
  | 'batch'
  | 'newest'
  | 'count'
  | 'compare'
  | 'compare_source'
  | 'counted'
  | 'examples'
  | 'loaded'
  | 'versions'
  | 'touched'
  | 'events'
  | 'intervals'
  | 'current'
  | 'older_rows';

/** The part of the ledger that somebody asks for: a run, or `FROM..TO`, the cursors at which windows begin. */
export interface AskedScope {
  readonly run?: string;
  readonly window?: string;
}

/** The part of the ledger that is looked at; everything when it is empty. */
export interface AuditScope {
  readonly run?: string;
  /** Windows that begin at this normalised cursor, or later. */
  readonly from?: string;
  /** Windows that begin before it. */
  readonly to?: string;
}

/** What the ledger in staging says of one mapping, and how far its own parts agree. */
export interface MappingLedger {
  /** `changed`: what is staged was made by another version of the mapping. */
  readonly status: 'staged' | 'changed' | 'never';
  readonly counts: LedgerCounts;
  /** The last page up to which everything is loaded. */
  readonly loadedThrough: number;
  /** Pages in the scope, the first and the last; absent where there are none. */
  readonly pages?: PageRange;
  /** Rows that are staged, and not loaded yet. */
  readonly pending: number;
  /** Pages that the mapping has not seen; their records are its units. */
  readonly unmapped: Deviation;
  /** Pages that were fetched when the stream was declared otherwise, and hold nothing for it now. */
  readonly leftOut: Deviation;
  /** Pages of which not every unit became a row, or is counted otherwise. */
  readonly unbalanced: Deviation;
  /** Pages that have other rows than their account says. */
  readonly misstaged: Deviation;
  readonly loads: LoadedLedger;
  readonly windows: WindowLedger;
}

/** units = staged + deduplicated + filtered + blocked + held. */
export interface LedgerCounts {
  readonly pages: number;
  readonly records: number;
  readonly units: number;
  readonly staged: number;
  readonly deduplicated: number;
  /** Records that say that they are gone. */
  readonly tombstones: number;
  readonly filtered: number;
  readonly blocked: number;
  readonly held: number;
}

export interface PageRange {
  readonly first: number;
  readonly last: number;
}

/** Pages of which two parts of the ledger say something different, and by how many units in all. */
export interface Deviation {
  readonly pages: number;
  readonly units: number;
  readonly examples: readonly PageExample[];
}

export interface PageExample {
  readonly page: number;
  readonly expected: number;
  readonly found: number;
}

/** The loads whose rows are in the table now. */
export interface LoadedLedger {
  readonly loads: readonly StagedLoad[];
  /** Ids of all loads, also of those that later ones have replaced. */
  readonly known: ReadonlySet<string>;
  /** Rows of the loads that later ones hold as well, since their pages were loaded again. */
  readonly repeated: number;
  /** Pages that count as loaded, and that no load holds. */
  readonly uncovered: Deviation;
}

/** A load as one side has noted it. */
export interface LoadRecord {
  readonly unit: string;
  readonly run: string;
  readonly firstPage: number;
  readonly lastPage: number;
  readonly counts: LoadedCounts;
  /** Its clock's; two of them are compared only when the same side has noted them. */
  readonly loadedAt: string;
}

export interface StagedLoad extends LoadRecord {
  /** Rows of its pages that were held back then. */
  readonly held: number;
  /** Rows that are staged now in those of its pages that no later load holds, and those of persons who were forgotten. */
  readonly covered: number;
  /** Whether these are all its pages; of another load nobody knows which of its rows were in them. */
  readonly isWhole: boolean;
}

export interface WindowLedger {
  readonly windows: number;
  /** Windows that were read to their end, of which the API has announced how many records there are. */
  readonly announced: number;
  readonly odd: readonly OddWindow[];
}

/** A window of which something is to be said. */
export interface OddWindow {
  readonly account: string;
  readonly pages: PageRange;
  readonly run: string;
  /** Normalised cursor at which it begins. */
  readonly from?: string;
  readonly received: number;
  /** Records that the API announced, where it listed fewer. */
  readonly total?: number;
  /** Records from before the window; 0 where the API has heeded what was asked. */
  readonly outside: number;
  /** Most records of a page that was followed by others, where that is less than was asked for. */
  readonly clamped?: number;
  /** Pages that the window had, and that the ledger no longer has. */
  readonly lostPages: number;
}

export const nothingOdd: Deviation = { pages: 0, units: 0, examples: [] };

/** Of a mapping of which nothing is known. */
export const neverStaged: MappingLedger = {
  status: 'never',
  counts: {
    pages: 0,
    records: 0,
    units: 0,
    staged: 0,
    deduplicated: 0,
    tombstones: 0,
    filtered: 0,
    blocked: 0,
    held: 0,
  },
  loadedThrough: 0,
  pending: 0,
  unmapped: nothingOdd,
  leftOut: nothingOdd,
  unbalanced: nothingOdd,
  misstaged: nothingOdd,
  loads: { loads: [], known: new Set(), repeated: 0, uncovered: nothingOdd },
  windows: { windows: 0, announced: 0, odd: [] },
};

/** How a table differs from what it should hold; rows of each kind. */
export interface TableComparison {
  /** Rows of the file that have a newer version in it; the others are what the table should have. */
  readonly superseded: number;
  /** Rows that it has. */
  readonly found: number;
  readonly kinds: { readonly [kind in DifferenceKind]: number };
  readonly examples: readonly DifferenceExample[];
}

/**
 * `missing` and `surplus` keys; `stale` rows are another version, with a hash of its own; `changed` rows have the hash
 * of the newest version and other values; `doubled` rows have a key that another row has. Those that are `explained` are
 * no fault: they changed after the audit began, or are blocked at the source.
 */
export type DifferenceKind = 'missing' | 'stale' | 'changed' | 'surplus' | 'doubled' | 'explained';

export interface DifferenceExample {
  readonly kind: DifferenceKind;
  /** Values of the key's columns, the account first. */
  readonly key: readonly (string | null)[];
  /** Columns with other values. */
  readonly columns: readonly string[];
  /** Page of the version that is expected, or else of the row. */
  readonly page: number;
}

/** What an audit has found; printed by `report/`. */
export interface AuditReport {
  readonly environment: string;
  readonly scope: AskedScope;
  /** Least percentage of each mapping that must be accounted for. */
  readonly threshold: number;
  readonly status: AuditStatus;
  /** Of all units, cut to four decimals: 100 only where nothing at all is wrong. */
  readonly accounted_percent: number;
  readonly mappings: readonly MappingAudit[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `mismatch`: less than the threshold is accounted for. `inconclusive`: there is a mapping that cannot be audited. */
export type AuditStatus = 'accounted' | 'mismatch' | 'inconclusive';

export interface MappingAudit {
  readonly mapping: string;
  readonly stream: string;
  readonly table: string;
  readonly status: AuditStatus;
  readonly accounted_percent: number;
  /** Units that are not accounted for, each as often as something speaks against it. */
  readonly unaccounted: number;
  readonly units: LedgerCounts;
  readonly loads: LoadsAudit;
  readonly keys: KeysAudit;
}

/** staged = inserted + updated + unchanged + superseded + pending − repeated. */
export interface LoadsAudit extends LoadedCounts {
  readonly units: number;
  /** Units whose counts `_etl_loads` has as well. */
  readonly witnessed: number;
  readonly pending: number;
  readonly repeated: number;
}

export type KeysAudit = { readonly [kind in DifferenceKind]: number } & {
  /** Keys that the table should have. */
  readonly expected: number;
  readonly found: number;
};

/** What a re-read of the source has found. */
export interface SourceAuditReport {
  readonly environment: string;
  readonly threshold: number;
  readonly status: AuditStatus;
  readonly accounted_percent: number;
  readonly streams: readonly SourceStreamAudit[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface SourceStreamAudit {
  readonly stream: string;
  /** When the listing began, by the API's clock where it tells. */
  readonly startedAt: string;
  readonly pages: number;
  readonly records: number;
  readonly mappings: readonly SourceMappingAudit[];
}

export interface SourceMappingAudit {
  readonly mapping: string;
  readonly table: string;
  readonly status: AuditStatus;
  readonly accounted_percent: number;
  readonly keys: KeysAudit;
  readonly filtered: number;
  readonly blocked: number;
  /** Of a million keys on either side. */
  readonly per_million: { readonly missing: number; readonly stale: number; readonly surplus: number };
}
