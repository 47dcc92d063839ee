import type { MappedRows, StagedValue } from '../../../model/batch.ts';
import { assert } from '../../../model/errors.ts';
import type { MappingPlan } from '../../../model/plan.ts';
import type { StagedRow } from '../../../model/ports.ts';
import { always, type Bound, type Handle, quote } from '../handle.ts';
import { pageOrder, type StagedColumn, type StagedTable, stagedColumns } from '../staged-table.ts';

/** SQLite takes so many parameters in one statement. */
const parametersMax = 32_766;
/** Measured: 50 rows a statement are as fast as 100, and 40 % faster than single ones. */
const rowsPerInsertMax = 50;

/** `stg_<mapping>` in SQLite, filled by statements of many rows. */
export class SqliteTable implements StagedTable {
  readonly name: string;
  readonly #columns: readonly StagedColumn[];
  readonly #rowsPerInsert: number;
  /** Positions of columns whose values the library may not bind as they are. */
  readonly #careful: readonly number[];

  constructor(mapping: Pick<MappingPlan, 'name' | 'properties'>) {
    this.name = quote(`stg_${mapping.name}`);
    this.#columns = stagedColumns(mapping);
    this.#rowsPerInsert = Math.min(rowsPerInsertMax, Math.floor(parametersMax / this.#columns.length));
    this.#careful = this.#columns.flatMap(({ type }, position) =>
      type === 'string' || type === 'double' ? [position] : [],
    );
  }

  column(name: string): string {
    return quote(name);
  }

  value(name: string): string {
    return quote(name);
  }

  async create(handle: Handle): Promise<void> {
    const columns = this.#columns.map(({ name, type }) => `${quote(name)} ${storageOf(type)}`).join(', ');
    await handle.exec(`CREATE TABLE IF NOT EXISTS ${this.name} (${columns})`);
    await handle.exec(
      `CREATE INDEX IF NOT EXISTS ${quote(`${this.name.slice(1, -1)}_by_page`)} ON ${this.name} (_page)`,
    );
  }

  async drop(handle: Handle): Promise<void> {
    await handle.exec(`DROP TABLE IF EXISTS ${this.name}`);
  }

  async rename(handle: Handle, to: StagedTable): Promise<void> {
    if ((await this.present(handle)).length === 0) return;
    await handle.exec(`DROP INDEX IF EXISTS ${quote(`${this.name.slice(1, -1)}_by_page`)}`);
    await handle.exec(`ALTER TABLE ${this.name} RENAME TO ${to.name}`);
  }

  async present(handle: Handle): Promise<readonly string[]> {
    const sql = 'SELECT name FROM pragma_table_info(?) ORDER BY cid';
    const rows = await handle.select<{ name: string }>(sql, this.name.slice(1, -1));
    return rows.map(({ name }) => name);
  }

  async insert(handle: Handle, { mapping, values, count, marks }: MappedRows): Promise<void> {
    const width = this.#columns.length;
    const rows = count + marks;
    assert(values.length === rows * width, `${rows} rows of ${mapping} have ${width} values each`);
    const step = this.#rowsPerInsert * width;
    for (let at = 0; at < values.length; at += step) {
      const bound = this.#encode(values, at, at + step);
      await handle.run(this.#insertion(bound.length / width), ...bound);
    }
  }

  async rows(
    handle: Handle,
    firstPage: number,
    lastPage: number,
    { sql: only, bound } = always,
  ): Promise<readonly StagedRow[]> {
    const columns = this.#columns.map(({ name }) => quote(name)).join(', ');
    const sql = `SELECT ${columns} FROM ${this.name} AS t WHERE _page BETWEEN ? AND ? AND ${only} ${pageOrder}`;
    return (await handle.arrays(sql, firstPage, lastPage, ...bound)).map((row) => this.#decode(row));
  }

  #insertion(rows: number): string {
    const row = `(${this.#columns.map(() => '?').join(', ')})`;
    return `INSERT INTO ${this.name} VALUES ${Array(rows).fill(row).join(', ')}`;
  }

  /** The parameters of the whole rows from `start` to `end`. */
  #encode(values: readonly StagedValue[], start: number, end: number): Bound[] {
    const bound: Bound[] = values.slice(start, end);
    for (let row = 0; row < bound.length; row += this.#columns.length) {
      for (const position of this.#careful) bound[row + position] = bindable(bound[row + position] ?? null);
    }
    return bound;
  }

  /** A row as it was staged, from a row as it was read. */
  #decode(row: Bound[]): StagedRow {
    for (const position of this.#careful) {
      const value = row[position];
      if (value instanceof Uint8Array) row[position] = Buffer.from(value).toString();
    }
    return row as StagedValue[];
  }
}

/**
 * The library cuts a text at U+0000, which an API may send: such a text is stored as a BLOB of its UTF-8, and no other value
 * of these tables is one. A tiny number it binds as 0; as a text SQLite makes it a number again, since its column is REAL.
 */
function bindable(value: Bound): Bound {
  if (typeof value === 'string') return value.includes('\0') ? Buffer.from(value) : value;
  return typeof value === 'number' && value > 0 && value < Number.EPSILON ? String(value) : value;
}

/** Exact numbers stay texts: a column of INTEGER affinity would make a REAL of an id of 20 digits. */
function storageOf(type: StagedColumn['type']): 'TEXT' | 'REAL' | 'INTEGER' {
  if (type === 'double') return 'REAL';
  return type === 'boolean' || type === 'count' ? 'INTEGER' : 'TEXT';
}
