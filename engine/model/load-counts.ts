/** What became of the rows of one load. */
export interface LoadCounts {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly superseded: number;
}
