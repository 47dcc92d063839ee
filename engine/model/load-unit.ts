/** The rows of one mapping in a range of pages: what one load carries. */
export interface LoadUnit {
  readonly id: string;
  readonly mapping: string;
  readonly firstPage: number;
  readonly lastPage: number;
  readonly rows: number;
}

export interface LoadCounts {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly superseded: number;
}
