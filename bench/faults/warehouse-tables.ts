import { existsSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { versionsTable } from '../../engine/model/columns.ts';

/** The rows of a table as texts, and how often each is there. */
type Rows = ReadonlyMap<string, number>;
/** Tables by name. */
export type Tables = ReadonlyMap<string, Rows>;

export interface WarehouseView {
  readonly tables: Tables;
  /** The warehouse's own account of its loads. */
  readonly loads: readonly Readonly<Record<string, unknown>>[];
}

/** Columns that differ from run to run though the row is the same. */
const varying = new Set(['_run', '_page', '_loaded_at', '_ordinal', '_seen_at']);
/** What is compared of a column: of a time of deletion only whether there is one. */
const compared = (column: string): string =>
  column === '_deleted_at' ? '(_deleted_at IS NOT NULL)::VARCHAR' : `${quoted(column)}::VARCHAR`;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const isCompared = (table: string): boolean =>
  !table.startsWith('_etl_') || table.startsWith(versionsTable(''));

/** Reads every table of a DuckDB warehouse, and what it remembers of records. */
export async function warehouseView(path: string): Promise<WarehouseView> {
  const tables = new Map<string, Rows>();
  if (!existsSync(path)) return { tables, loads: [] };
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const all = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const columns = new Map<string, string[]>();
    for (const { table_name, column_name } of await all('FROM information_schema.columns')) {
      const name = String(table_name);
      const kept = columns.get(name) ?? [];
      columns.set(name, varying.has(String(column_name)) ? kept : [...kept, String(column_name)]);
    }
    for (const [table, names] of columns) {
      if (!isCompared(table)) continue;
      tables.set(table, counted(await all(rowsOf(table, names))));
    }
    return { tables, loads: columns.has('_etl_loads') ? await all('FROM _etl_loads') : [] };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function rowsOf(table: string, columns: readonly string[]): string {
  const list = [...columns].sort().map((name) => `${compared(name)} AS ${quoted(name)}`);
  // A record that is read again says again that it is gone.
  const distinct = table.startsWith(versionsTable('')) ? 'DISTINCT ' : '';
  return `SELECT ${distinct}${list.join(', ')} FROM ${quoted(table)}`;
}

function counted(rows: readonly object[]): Rows {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = JSON.stringify(row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

export interface Difference {
  /** Rows that should be there and are not; one that was altered counts here and in `doubled`. */
  readonly lost: number;
  /** Rows that are there and should not be, or more often than they should. */
  readonly doubled: number;
  /** One of each, for people. */
  readonly examples: readonly string[];
}

/** Compares tables row by row. */
export function difference(found: Tables, expected: Tables): Difference {
  const lost = surplus(expected, found);
  const doubled = surplus(found, expected);
  const sum = (rows: readonly Surplus[]): number => rows.reduce((total, { times }) => total + times, 0);
  const [missing] = lost;
  const [more] = doubled;
  return {
    lost: sum(lost),
    doubled: sum(doubled),
    examples: [
      ...(missing === undefined ? [] : [`missing in ${missing.table}: ${missing.row}`]),
      ...(more === undefined ? [] : [`surplus in ${more.table}: ${more.row}`]),
    ],
  };
}

interface Surplus {
  readonly table: string;
  readonly row: string;
  readonly times: number;
}

/** Rows that are in `these` more often than in `those`. */
const surplus = (these: Tables, those: Tables): readonly Surplus[] =>
  [...these].flatMap(([table, rows]) =>
    [...rows]
      .map(([row, times]) => ({ table, row, times: times - (those.get(table)?.get(row) ?? 0) }))
      .filter(({ times }) => times > 0),
  );
