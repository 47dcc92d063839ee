/** A statement of a load. */
export interface LoadStatement {
  /**
   * `open` makes what is temporary and `copy` brings the load file to it, before the transaction. `known` finds the unit's row in
   * `_etl_loads`; `superseded` counts the rows that have a newer version in it. Where there are none the file is the `batch`,
   * otherwise it is the `newest` version of each row. Where all versions are kept, `outdated` takes away what the unit's pages
   * have made before and make no more. `merge` moves the batch into the target (`insert`, where `matched` found none of it
   * there), and says how many rows it has `inserted` and `updated`; where it cannot, `count` counts the target before and after
   * it, and what of it this load has written; where it counts rows as updated that only have another version now, `written`
   * counts those that this load has written; `refused` counts what the target has in a newer version; `record` writes
   * `_etl_loads`. Where rows leave the table, `orphans` counts those whose record it does not know yet, and `adopt` tells it;
   * `marks` finds the newest marker of each record and `remember` keeps it; the batch is what is `current` then, `size` counts
   * it, and after the merge `remove` takes away what the markers leave out. After the last unit `complete` writes
   * `_etl_completeness`. `clean` takes away what the load has left there, after the transaction.
   */
  readonly name: LoadStatementName;
  readonly sql: string;
}

export type LoadStatementName =
  | 'known'
  | 'open'
  | 'copy'
  | 'orphans'
  | 'adopt'
  | 'marks'
  | 'remember'
  | 'current'
  | 'size'
  | 'superseded'
  | 'batch'
  | 'newest'
  | 'count'
  | 'outdated'
  | 'touched'
  | 'unremember'
  | 'events'
  | 'intervals'
  | 'judged'
  | 'retire'
  | 'prune'
  | 'matched'
  | 'insert'
  | 'merge'
  | 'written'
  | 'refused'
  | 'remove'
  | 'record'
  | 'complete'
  | 'clean';
