import type { MappingPlan } from '../../model/plan.ts';
import type { Handle } from './handle.ts';
import { loadState } from './load-units.ts';
import { StagedTable } from './staged-table.ts';

/** Elements of one record share its version, so they share a rank. */
const rank = 'rank() OVER (PARTITION BY _account, _record ORDER BY _cursor DESC, _page DESC, _ordinal DESC)';

/** The newest version of each record of a mapping; what older pages said of it is left out. */
export class CurrentRows {
  readonly mapping: MappingPlan;
  /** Quoted. */
  readonly table: string;
  readonly #handle: Handle;
  readonly #loadedThrough: number;
  readonly #hasOld: boolean;
  readonly #state: string;

  /** Finds the older versions among the rows that are not loaded yet: one sort of their keys. */
  constructor(handle: Handle, mapping: MappingPlan) {
    this.mapping = mapping;
    this.table = new StagedTable(mapping).name;
    this.#handle = handle;
    this.#loadedThrough = loadState(handle, mapping.name)?.loadedThrough ?? 0;
    this.#hasOld = this.#collectOld();
    this.#state = this.#databaseState();
  }

  /** Whether this still holds: it is about the same mapping, and nobody has written since. */
  isOf(mapping: MappingPlan): boolean {
    return (
      this.mapping.name === mapping.name &&
      this.mapping.hash === mapping.hash &&
      this.#state === this.#databaseState()
    );
  }

  /** `FROM … WHERE …` of the rows about to be loaded. */
  pending(): { readonly from: string; readonly bound: readonly number[] } {
    const newest = this.#hasOld ? 'rowid NOT IN (SELECT row FROM temp.old_rows)' : 'TRUE';
    // Without a page to start from, a scan of the table is faster than a walk over its index.
    if (this.#loadedThrough === 0) return { from: `FROM ${this.table} WHERE ${newest}`, bound: [] };
    return { from: `FROM ${this.table} WHERE _page > ? AND ${newest}`, bound: [this.#loadedThrough] };
  }

  /** How many rows are staged, loaded ones included. */
  countAll(): number {
    const newest = `SELECT ${rank} AS age FROM ${this.table}`;
    return (
      this.#handle.first<{ total: number }>(`SELECT count(*) AS total FROM (${newest}) WHERE age = 1`)
        ?.total ?? 0
    );
  }

  #collectOld(): boolean {
    this.#handle.exec('CREATE TEMP TABLE IF NOT EXISTS old_rows (row INTEGER PRIMARY KEY)');
    this.#handle.exec('DELETE FROM temp.old_rows');
    const pages = this.#loadedThrough === 0 ? 'TRUE' : `_page > ${this.#loadedThrough}`;
    const { changes } = this.#handle.run(
      'INSERT INTO temp.old_rows SELECT row FROM ' +
        `(SELECT rowid AS row, ${rank} AS age FROM ${this.table} WHERE ${pages}) WHERE age > 1`,
    );
    return changes > 0;
  }

  /** Changes with every commit of another connection, and with every change of this one. */
  #databaseState(): string {
    const version = this.#handle.first<{ data_version: number }>('PRAGMA data_version')?.data_version;
    const changes = this.#handle.first<{ changes: number }>('SELECT total_changes() AS changes')?.changes;
    return `${version} ${changes}`;
  }
}
