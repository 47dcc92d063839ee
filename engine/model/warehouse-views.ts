/** What readers of a table may rely on. */
export interface Completeness {
  /** The value of the stream's cursor up to which all is loaded, or blocked; absent where it is not known. */
  readonly until?: string;
  /** Open Blockers of the mapping's records. */
  readonly blockers: number;
}

export interface Sample {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly total: number;
}
