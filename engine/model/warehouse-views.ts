/** What is asked of a warehouse that no plan has; rendered from templates, as all its SQL. */
export interface WarehouseStatements {
  /** Columns of the tables of `$schema`: `table_name`, `column_name` and `data_type`, in order. */
  readonly tables: string;
  /** Units of `_etl_loads` whose id begins with `$prefix` and that end behind page `$after`; the last `$limit`. */
  readonly units: string;
  /** Mappings with units whose id begins with `$prefix`, each with when the last of them that has rows was loaded. */
  readonly lastLoads: string;
  /** The warehouse's own account of loads. */
  readonly loads: { readonly schema: string; readonly table: string };
}

/** The rows of one mapping in a range of pages: what one load carries. */
export interface LoadUnit {
  readonly id: string;
  readonly mapping: string;
  readonly firstPage: number;
  readonly lastPage: number;
  readonly rows: number;
  /** Markers between them: see `stagedMeta`. */
  readonly marks: number;
}

/** staged = inserted + updated + unchanged + superseded. */
export interface LoadCounts {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Older versions of a row: a newer one is in the same load, or in the table. */
  readonly superseded: number;
  /** Rows of the table that were removed, or marked as deleted. */
  readonly deleted: number;
  /** Not loaded, since an earlier version of their record is blocked. */
  readonly held: number;
}

/** When a unit was loaded: ISO 8601, UTC. */
export interface LoadTime {
  readonly at: string;
  /** How long the warehouse took. */
  readonly elapsedMs: number;
}

export interface LoadTimes {
  /** ISO 8601, UTC; absent where nothing was loaded yet. */
  readonly last?: string;
  readonly elapsedMs: number;
}

export interface LoadRequest {
  readonly unit: LoadUnit;
  readonly run: string;
  /** Rows in the load file. */
  readonly rows: number;
  /** The target, for messages. */
  readonly schema: string;
  readonly table: string;
  /** Load file: CSV, see model/load-file.ts. */
  readonly file: string;
  /** When its rows get there: a canonical instant. */
  readonly loadedAt: string;
  /** Aborted when somebody asks to stop: a warehouse that can end a running statement does so. */
  readonly signal?: AbortSignal;
  /** What its transaction tells readers of the table; absent where more units follow. */
  readonly completeness?: Completeness;
}

/** What readers of a table may rely on. */
export interface Completeness {
  /**
   * The value of the stream's cursor up to which all is loaded, or blocked; null where it is not known, and absent where
   * nothing was loaded: it stays as it was.
   */
  readonly until?: string | null;
  /** Open Blockers of the mapping's records. */
  readonly blockers: number;
}

/** Rows of a question; numbers may come as texts or bigints. */
export type Answer = readonly { readonly [column: string]: unknown }[];

/** Values of a question's parameters. */
export interface AskedValues {
  readonly [name: string]: string | number | readonly string[];
}

export interface Sample {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly total: number;
}

export interface CompareRequest {
  readonly schema: string;
  readonly table: string;
  /** Load file; a row whose `_hash` is empty says only that its key is blocked. */
  readonly file: string;
  /** Pages of the rows to look at. */
  readonly pages?: { readonly first: number; readonly last: number };
  /** Present when the file was read from the source. */
  readonly source?: SourceBounds;
}

/** What must not be expected of a table that is compared with its source. */
export interface SourceBounds {
  /** Whose listing it is: rows of other accounts are not looked at. Absent where that is not known. */
  readonly account?: string;
  /** When the audit began: rows that were loaded since may not have been listed. */
  readonly startedAt: string;
  /** Normalised cursor from which on records have changed since; absent where the cursor does not tell. */
  readonly changedFrom?: string;
  /** Normalised cursor at which the listing begins; other rows of the table were not listed. */
  readonly from?: string;
}
