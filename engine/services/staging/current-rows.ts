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
  static async of(handle: Handle, mapping: MappingPlan): Promise<CurrentRows> {
    const loadedThrough = (await loadState(handle, mapping.name))?.loadedThrough ?? 0;
    const table = new StagedTable(mapping).name;
    const hasOld = await collectOld(handle, table, loadedThrough);
    const state = await databaseState(handle);
    return new CurrentRows({ handle, mapping, table, loadedThrough, hasOld, state });
  }

  private constructor({ handle, mapping, table, loadedThrough, hasOld, state }: Found) {
    this.mapping = mapping;
    this.table = table;
    this.#handle = handle;
    this.#loadedThrough = loadedThrough;
    this.#hasOld = hasOld;
    this.#state = state;
  }

  /** Whether this still holds: it is about the same mapping, and nobody has written since. */
  async isOf(mapping: MappingPlan): Promise<boolean> {
    return (
      this.mapping.name === mapping.name &&
      this.mapping.hash === mapping.hash &&
      this.#state === (await databaseState(this.#handle))
    );
  }

  /** `FROM … WHERE …` of the rows about to be loaded. */
  pending(): { readonly from: string; readonly bound: readonly number[] } {
    const newest = `_op IS NULL AND ${this.#hasOld ? 'rowid NOT IN (SELECT row FROM temp.old_rows)' : 'TRUE'}`;
    // Without a page to start from, a scan of the table is faster than a walk over its index.
    if (this.#loadedThrough === 0) return { from: `FROM ${this.table} WHERE ${newest}`, bound: [] };
    return { from: `FROM ${this.table} WHERE _page > ? AND ${newest}`, bound: [this.#loadedThrough] };
  }

  /** How many rows are staged, loaded ones included. */
  async countAll(): Promise<number> {
    const newest = `SELECT _op, ${rank} AS age FROM ${this.table}`;
    const sql = `SELECT count(*) AS total FROM (${newest}) WHERE age = 1 AND _op IS NULL`;
    return (await this.#handle.first<{ total: number }>(sql))?.total ?? 0;
  }
}

interface Found {
  readonly handle: Handle;
  readonly mapping: MappingPlan;
  readonly table: string;
  readonly loadedThrough: number;
  readonly hasOld: boolean;
  readonly state: string;
}

async function collectOld(handle: Handle, table: string, loadedThrough: number): Promise<boolean> {
  await handle.exec('CREATE TEMP TABLE IF NOT EXISTS old_rows (row INTEGER PRIMARY KEY)');
  await handle.exec('DELETE FROM temp.old_rows');
  const pages = loadedThrough === 0 ? 'TRUE' : `_page > ${loadedThrough}`;
  const { changes } = await handle.run(
    'INSERT INTO temp.old_rows SELECT row FROM ' +
      `(SELECT rowid AS row, ${rank} AS age FROM ${table} WHERE ${pages}) WHERE age > 1`,
  );
  return changes > 0;
}

/** Changes with every commit of another connection, and with every change of this one. */
async function databaseState(handle: Handle): Promise<string> {
  const version = await handle.first<{ data_version: number }>('PRAGMA data_version');
  const changes = await handle.first<{ changes: number }>('SELECT total_changes() AS changes');
  return `${version?.data_version} ${changes?.changes}`;
}
