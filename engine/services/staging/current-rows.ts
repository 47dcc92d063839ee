import type { MappingPlan } from '../../model/plan.ts';
import type { Dialect } from './dialect.ts';
import type { Condition, Handle } from './handle.ts';
import { holds, isHeld } from './held-rows.ts';
import { loadState } from './load-units.ts';
import type { StagedTable } from './staged-table.ts';

/** Elements of one record share its version, so they share a rank. */
const rank =
  'rank() OVER (PARTITION BY _account, _record ORDER BY _cursor DESC NULLS LAST, _page DESC, _ordinal DESC)';

/** The newest version of each record of a mapping; what older pages said of it is left out, and what is held. */
export class CurrentRows {
  readonly mapping: MappingPlan;
  readonly dialect: Dialect;
  readonly handle: Handle;
  readonly table: StagedTable;
  readonly #loadedThrough: number;
  readonly #hasOld: boolean;
  readonly #state: string;

  /** Finds the older versions among the rows that are not loaded yet: one sort of their keys. */
  static async of(handle: Handle, dialect: Dialect, mapping: MappingPlan): Promise<CurrentRows> {
    const loadedThrough = (await loadState(handle, mapping.name))?.loadedThrough ?? 0;
    const table = dialect.table(mapping);
    const held = (await holds(handle, mapping.name)) ? isHeld(mapping.name) : undefined;
    const hasOld = await collectOld(handle, dialect, table.name, loadedThrough, held);
    const state = await dialect.state(handle);
    return new CurrentRows({ handle, dialect, mapping, table, loadedThrough, hasOld, state });
  }

  private constructor({ handle, dialect, mapping, table, loadedThrough, hasOld, state }: Found) {
    this.handle = handle;
    this.dialect = dialect;
    this.mapping = mapping;
    this.table = table;
    this.#loadedThrough = loadedThrough;
    this.#hasOld = hasOld;
    this.#state = state;
  }

  /** Whether this still holds: it is about the same mapping on the same connection, and nobody has written since. */
  async isOf(handle: Handle, mapping: MappingPlan): Promise<boolean> {
    return (
      this.handle === handle &&
      this.mapping.name === mapping.name &&
      this.mapping.hash === mapping.hash &&
      this.#state === (await this.dialect.state(handle))
    );
  }

  /** `FROM … WHERE …` of the rows about to be loaded. */
  pending(): { readonly from: string; readonly bound: readonly number[] } {
    const old = `SELECT 1 FROM old_rows WHERE place = ${this.table.name}.${this.dialect.row}`;
    const newest = `_op IS NULL AND ${this.#hasOld ? `NOT EXISTS (${old})` : 'TRUE'}`;
    // Without a page to start from, a scan of the table is faster than a walk over its index.
    if (this.#loadedThrough === 0) return { from: `FROM ${this.table.name} WHERE ${newest}`, bound: [] };
    return { from: `FROM ${this.table.name} WHERE _page > ? AND ${newest}`, bound: [this.#loadedThrough] };
  }

  /** How many rows are staged, loaded ones included. */
  async countAll(): Promise<number> {
    const newest = `SELECT _op, ${rank} AS age FROM ${this.table.name}`;
    const sql = `SELECT count(*) AS total FROM (${newest}) AS ranked WHERE age = 1 AND _op IS NULL`;
    return (await this.handle.first<{ total: number }>(sql))?.total ?? 0;
  }
}

interface Found {
  readonly handle: Handle;
  readonly dialect: Dialect;
  readonly mapping: MappingPlan;
  readonly table: StagedTable;
  readonly loadedThrough: number;
  readonly hasOld: boolean;
  readonly state: string;
}

async function collectOld(
  handle: Handle,
  { row, rowType }: Dialect,
  table: string,
  loadedThrough: number,
  held: Condition | undefined,
): Promise<boolean> {
  // Of this connection alone: nobody else sees it.
  await handle.exec(`CREATE TEMP TABLE IF NOT EXISTS old_rows (place ${rowType})`);
  await handle.exec('DELETE FROM old_rows');
  const pages = loadedThrough === 0 ? 'TRUE' : `_page > ${loadedThrough}`;
  const ranked = (only: string): string =>
    `(SELECT t.${row} AS place, ${rank} AS age FROM ${table} AS t WHERE ${pages}${only}) AS ranked WHERE age > 1`;
  if (held === undefined) {
    const { changes } = await handle.run(`INSERT INTO old_rows SELECT place FROM ${ranked('')}`);
    return changes > 0;
  }
  const { changes } = await handle.run(
    `INSERT INTO old_rows SELECT place FROM ${ranked(` AND NOT ${held.sql}`)} ` +
      `UNION ALL SELECT t.${row} FROM ${table} AS t WHERE ${pages} AND ${held.sql}`,
    ...held.bound,
    ...held.bound,
  );
  return changes > 0;
}
