import { type StagedValue, stagedMeta } from '../../model/batch.ts';
import { accountColumn } from '../../model/columns.ts';
import type { LogicalType, MappingPlan } from '../../model/plan.ts';
import { type Bound, type Handle, quote } from './handle.ts';

/** SQLite takes so many parameters in one statement. */
const parametersMax = 32_766;
/** Measured: 50 rows a statement are as fast as 100, and 40 % faster than single ones. */
const rowsPerInsertMax = 50;

/** The table `stg_<mapping>` of a mapping: its columns, and its SQL. */
export class StagedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rowsPerInsert: number;
  readonly #definition: string;
  /** Positions of columns whose texts may hold any character. */
  readonly #texts: readonly number[];

  constructor(mapping: MappingPlan) {
    const columns = [
      { name: accountColumn, storage: 'TEXT', free: false },
      ...mapping.properties.map(({ name, type }) => ({
        name,
        storage: storageOf(type),
        free: type.name === 'string',
      })),
      ...stagedMeta.map((name) => ({
        name,
        storage: metaStorage[name],
        free: name === '_record' || name === '_cursor',
      })),
    ];
    this.name = quote(`stg_${mapping.name}`);
    this.columns = columns.map(({ name }) => name);
    this.rowsPerInsert = Math.min(rowsPerInsertMax, Math.floor(parametersMax / columns.length));
    this.#definition = columns.map(({ name, storage }) => `${quote(name)} ${storage}`).join(', ');
    this.#texts = columns.flatMap(({ free }, position) => (free ? [position] : []));
  }

  async create(handle: Handle): Promise<void> {
    await handle.exec(`CREATE TABLE IF NOT EXISTS ${this.name} (${this.#definition})`);
    await handle.exec(
      `CREATE INDEX IF NOT EXISTS ${quote(`${this.name.slice(1, -1)}_by_page`)} ON ${this.name} (_page)`,
    );
  }

  async drop(handle: Handle): Promise<void> {
    await handle.exec(`DROP TABLE IF EXISTS ${this.name}`);
  }

  insert(rows: number): string {
    const row = `(${this.columns.map(() => '?').join(', ')})`;
    return `INSERT INTO ${this.name} VALUES ${Array(rows).fill(row).join(', ')}`;
  }

  select(): string {
    const columns = this.columns.map(quote).join(', ');
    return `SELECT ${columns} FROM ${this.name} WHERE _page BETWEEN ? AND ? ORDER BY _page, _ordinal, _index`;
  }

  /**
   * The parameters of the whole rows from `start` to `end`. The library cuts a text at U+0000, which an API may send: such a text is stored as a
   * BLOB of its UTF-8. No other value of these tables is one.
   */
  encode(values: readonly StagedValue[], start: number, end: number): Bound[] {
    const bound: Bound[] = values.slice(start, end);
    for (let row = 0; row < bound.length; row += this.columns.length) {
      for (const position of this.#texts) {
        const value = bound[row + position];
        if (typeof value === 'string' && value.includes('\0')) bound[row + position] = Buffer.from(value);
      }
    }
    return bound;
  }

  /** A row as it was staged, from a row as it was read. */
  decode(row: Bound[]): readonly StagedValue[] {
    for (const position of this.#texts) {
      const value = row[position];
      if (value instanceof Uint8Array) row[position] = decodeText(value);
    }
    return row as StagedValue[];
  }
}

/** A text as it was staged: see `StagedTable.encode`. */
export const decodeText = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString();

/** What people read shows U+0000, which SQLite would end the text at. */
export const visible = (text: string): string => text.replaceAll('\0', '␀');

const metaStorage = {
  _page: 'INTEGER',
  _ordinal: 'INTEGER',
  _index: 'INTEGER',
  _record: 'TEXT',
  _cursor: 'TEXT',
  _hash: 'TEXT',
  _op: 'TEXT',
} as const;

/** Exact numbers stay texts: a column of INTEGER affinity would make a REAL of an id of 20 digits. */
function storageOf({ name }: LogicalType): 'TEXT' | 'REAL' | 'INTEGER' {
  if (name === 'double') return 'REAL';
  return name === 'boolean' ? 'INTEGER' : 'TEXT';
}
