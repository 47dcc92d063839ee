import { createHash } from 'node:crypto';
import type { MappedRows, StagedValue } from '../../../model/batch.ts';
import { assert } from '../../../model/errors.ts';
import type { MappingPlan } from '../../../model/plan.ts';
import type { StagedRow } from '../../../model/ports.ts';
import { always, type Handle, quote } from '../handle.ts';
import { pageOrder, type StagedColumn, type StagedTable, stagedColumns } from '../staged-table.ts';
import { columnTypes, staged } from './column-types.ts';
import { PostgresHandle } from './postgres-handle.ts';
import { markBytes, storable } from './texts.ts';

/** `stg_<mapping>` in PostgreSQL, filled by COPY. */
export class PostgresTable implements StagedTable {
  readonly name: string;
  readonly #columns: readonly StagedColumn[];
  readonly #list: string;
  readonly #plainName: string;

  constructor(mapping: Pick<MappingPlan, 'name' | 'properties'>) {
    this.#plainName = fitting(`stg_${mapping.name}`);
    this.name = quote(this.#plainName);
    this.#columns = stagedColumns(mapping);
    this.#list = this.#columns.map(({ name }) => this.column(name)).join(', ');
  }

  column(name: string): string {
    return quote(fitting(name));
  }

  value(name: string): string {
    const type = this.#columns.find((column) => column.name === name)?.type ?? 'word';
    return staged(this.column(name), type);
  }

  async create(handle: Handle): Promise<void> {
    const columns = this.#columns.map(({ name, type }) => `${this.column(name)} ${columnTypes[type]}`);
    await handle.exec(`CREATE TABLE IF NOT EXISTS ${this.name} (${columns.join(', ')})`);
    const index = quote(fitting(`${this.#plainName}_by_page`));
    await handle.exec(`CREATE INDEX IF NOT EXISTS ${index} ON ${this.name} (_page)`);
  }

  async drop(handle: Handle): Promise<void> {
    await handle.exec(`DROP TABLE IF EXISTS ${this.name}`);
  }

  async rename(handle: Handle, to: StagedTable): Promise<void> {
    await handle.exec(`DROP INDEX IF EXISTS ${quote(fitting(`${this.#plainName}_by_page`))}`);
    await handle.exec(`ALTER TABLE IF EXISTS ${this.name} RENAME TO ${to.name}`);
  }

  async present(handle: Handle): Promise<readonly string[]> {
    const sql =
      'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = current_schema() ' +
      'AND table_name = ? ORDER BY ordinal_position';
    const rows = await handle.select<{ name: string }>(sql, this.#plainName);
    return rows.map(({ name }) => name);
  }

  async insert(handle: Handle, { mapping, values, lines, count, marks }: MappedRows): Promise<void> {
    if (count + marks === 0) return;
    assert(handle instanceof PostgresHandle, 'rows are copied on a connection to PostgreSQL');
    const copy = `COPY ${this.name} (${this.#list}) FROM STDIN`;
    if (isCopyable(lines)) return handle.copy(`${copy} (FORMAT csv, NULL '\\N')`, lines);
    const width = this.#columns.length;
    const rows = count + marks;
    assert(values.length === rows * width, `${rows} rows of ${mapping} have ${width} values each`);
    return handle.copy(copy, Buffer.from(copyText(values, width)));
  }

  async rows(
    handle: Handle,
    firstPage: number,
    lastPage: number,
    { sql: only, bound } = always,
  ): Promise<readonly StagedRow[]> {
    const columns = this.#columns.map(({ name, type }) => staged(this.column(name), type)).join(', ');
    const sql = `SELECT ${columns} FROM ${this.name} AS t WHERE _page BETWEEN ? AND ? AND ${only} ${pageOrder}`;
    return (await handle.arrays(sql, firstPage, lastPage, ...bound)) as StagedValue[][];
  }
}

const nameBytesMax = 63;
const systemColumns = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

/** A name that PostgreSQL takes as it is: it cuts longer ones, and keeps some for itself. */
function fitting(name: string): string {
  if (Buffer.byteLength(name) <= nameBytesMax && !systemColumns.has(name)) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12);
  let start = name;
  while (Buffer.byteLength(start) > nameBytesMax - digest.length - 1)
    start = [...start].slice(0, -1).join('');
  return `${start}_${digest}`;
}

const endMarks = [Buffer.from('\n\\.'), Buffer.from('\r\\.')];

/**
 * Whether COPY takes the lines of a load file as they are: not with U+0000, with the mark of `storable`, or with the `\.`
 * at the start of a line that servers before 18 take for the end of the data, even in quotes.
 */
function isCopyable({ buffer, byteOffset, length }: Uint8Array): boolean {
  const bytes = Buffer.from(buffer, byteOffset, length);
  return length > 0 && !bytes.includes(0) && ![markBytes, ...endMarks].some((found) => bytes.includes(found));
}

/** Rows in the text format of COPY. */
function copyText(values: readonly StagedValue[], width: number): string {
  let text = '';
  for (let at = 0; at < values.length; at += 1)
    text += field(values[at] ?? null) + (at % width === width - 1 ? '\n' : '\t');
  return text;
}

const escapes: { readonly [character: string]: string } = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function field(value: StagedValue): string {
  if (value === null) return '\\N';
  return typeof value === 'number'
    ? String(value)
    : storable(value).replace(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
}
