import type { LoadStatement } from './plan.ts';

/** One of the two tables that are compared: what is staged or another environment's, and the one that must be the same. */
export type ParitySide = 'left' | 'right';

export type ParityVerdict = 'match' | 'mismatch' | 'inconclusive' | 'excluded';

/** SQL of one side, for one table. `$name` stands for a parameter; what comes before the last of them prepares the session. */
export interface ParityStatements {
  /** The greatest cursor: `newest`. */
  readonly newest: readonly string[];
  /** Keys that are `found`, rows in `total`, and rows with NULL in the key: `nulls`. */
  readonly counts: readonly string[];
  /**
   * `segment`, `total` and the two sums of the checksum, `high` and `low`, of the keys whose hash begins with one of
   * `$segments`, which have `$within` digits; a segment is a beginning of `$depth` digits.
   */
  readonly segments: readonly string[];
  /** `key_hash` and `row_hash` of the keys in `$segments` of `$within` digits. */
  readonly keys: readonly string[];
  /** The canonical texts of the rows whose keys have a hash in `$keys`: `key_hash`, `cursor_text`, and `_etl0`, `_etl1`, …. */
  readonly rows: readonly string[];
}

export interface ParityColumn {
  readonly name: string;
  readonly isKey: boolean;
  /** Whether values are shown as hashes. */
  readonly isPersonal: boolean;
  /** What a canonical text is read as, where a database may write the same value in several ways. */
  readonly kind: 'json' | 'double' | 'plain';
}

export interface SchemaDifference {
  readonly column: string;
  readonly kind: 'absent' | 'type' | 'nullability';
  /** What each side has. */
  readonly left: string;
  readonly right: string;
}

/** Why a table or a column is left out. */
export interface ParityExclusion {
  readonly mapping: string;
  /** Absent where it is the whole table. */
  readonly column?: string;
  readonly reason: string;
  readonly owner: string;
  /** The last day, in UTC, on which it is left out. */
  readonly expires: string;
  readonly isExpired: boolean;
}

/** A pair of tables, ready to be compared. */
export interface ParityPair {
  readonly mapping: string;
  /** `schema.table` of each side. */
  readonly tables: { readonly [side in ParitySide]: string };
  /** Why it cannot be compared; then there are no statements. */
  readonly obstacle?: string;
  readonly schema: readonly SchemaDifference[];
  readonly columns: readonly ParityColumn[];
  /** What cursors begin with that are instants; absent where `--lag` cannot be told. */
  readonly cursorKind?: string;
  readonly statements?: { readonly [side in ParitySide]: ParityStatements };
  readonly excluded: readonly ParityExclusion[];
}

/** What is compared and how, decided before a row is read. */
export interface ParityPlan {
  readonly pairs: readonly ParityPair[];
}

/** One thing that is not the same; what stands in a baseline. */
export interface ParityDifference {
  readonly kind: 'missing' | 'extra' | 'changed' | SchemaDifference['kind'];
  /** The same for the same difference at any time. */
  readonly id: string;
}

/** A row that differs, with values that may be shown. */
export interface ParitySample {
  readonly kind: 'missing' | 'extra' | 'changed';
  readonly key: { readonly [column: string]: string | null };
  readonly columns: readonly {
    readonly column: string;
    readonly left: string | null;
    readonly right: string | null;
  }[];
}

export interface ParityCounts {
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
}

export interface TableParity {
  readonly mapping: string;
  readonly left: string;
  readonly right: string;
  readonly verdict: ParityVerdict;
  /** Why it is inconclusive. */
  readonly reason?: string;
  /** Rows of each side that were compared. */
  readonly rows: { readonly [side in ParitySide]: number };
  readonly schema: readonly SchemaDifference[];
  readonly differences: ParityCounts;
  /** Whether there are more than were looked at. */
  readonly truncated: boolean;
  /** Rows whose values differ, by column. */
  readonly columns: { readonly [column: string]: number };
  readonly samples: readonly ParitySample[];
  /** Differences that the baseline has, and those that it has not. */
  readonly known: number;
  readonly fresh: number;
  /** Rows that were left out, since one of the sides has them newer than the watermark. */
  readonly newer: number;
  /** The cursor up to which both sides were compared. */
  readonly watermark?: string;
  /** Of all rows of each side that were compared. */
  readonly checksums?: { readonly [side in ParitySide]: string };
  readonly excluded: readonly ParityExclusion[];
  /** Checksums and hashes that were read, and rows: what it took. */
  readonly read: ParityEffort;
}

export interface ParityEffort {
  readonly segments: number;
  readonly keys: number;
  readonly rows: number;
}

export interface ParityReport {
  readonly environment: string;
  /** `warehouse` of the same environment, or another environment. */
  readonly against: string;
  readonly verdict: ParityVerdict;
  /** Ids of the plans that the two sides' projects make. */
  readonly plans: { readonly [side in ParitySide]: string };
  readonly at: string;
  readonly tables: readonly TableParity[];
}

/** Differences that were accepted, by mapping. */
export interface ParityBaseline {
  readonly format: 1;
  readonly environment: string;
  readonly against: string;
  readonly tables: { readonly [mapping: string]: readonly string[] };
}

/** What makes and fills the table of a mapping in an empty database. */
export interface ScratchTable {
  readonly define: readonly string[];
  readonly load: readonly LoadStatement[];
}
