import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { assert, complaint, type ExplainedError, TerminalError } from '../../model/errors.ts';
import type { LoadStatement } from '../../model/plan.ts';
import type { Completeness, LoadCounts, LoadRequest, Sample, Warehouse } from '../../model/ports.ts';
import type { WarehouseTable } from '../../model/snapshot.ts';
import { compare, loaded } from './compare.ts';
import { countsOf, loadUnit } from './load-unit.ts';
import { unitsOf } from './loaded-units.ts';
import { opened } from './open-file.ts';
import { execute, type Rows } from './statements.ts';

export interface DuckdbOptions {
  /** Absolute path of the database file. */
  readonly path: string;
  readonly memoryBytes: number;
}

const threadsMax = 2;
/** What a thread wants for its buffers; with less than that for each, DuckDB runs out of memory over a large load file. */
const threadBytes = 128 * 1024 ** 2;

/** Memory that DuckDB no longer needs goes back to the system, which it otherwise keeps beyond its limit. */
const settings = [
  "SET TimeZone = 'UTC'",
  "SET allocator_flush_threshold = '8MiB'",
  "SET allocator_bulk_deallocation_flush_threshold = '8MiB'",
] as const;

const threadsOf = (memoryBytes: number): number =>
  Math.min(threadsMax, Math.max(1, Math.floor(memoryBytes / threadBytes)));

/** The embedded warehouse. Its file is opened for each call and closed after it, so that others can read in between. */
export function duckdbWarehouse({ path, memoryBytes }: DuckdbOptions): Warehouse {
  const using = <T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> =>
    withFile(path, memoryBytes, work);
  return {
    tables: async (wanted) => (existsSync(path) ? using((connection) => tables(connection, wanted)) : []),
    define: (statements) => using((connection) => define(connection, statements)),
    loadedUnits: async (environment, after, limit) =>
      existsSync(path) ? using((connection) => unitsOf(connection, environment, after, limit)) : [],
    load: (statements, request) => using((connection) => load(connection, statements, request)),
    complete: (statements, completeness) =>
      using((connection) => complete(connection, statements, completeness)),
    sample: async (schema, table, limit) => {
      if (!existsSync(path)) throw missingTable(path, schema, table);
      return using((connection) => sample(connection, schema, table, limit));
    },
    loads: async (statements) =>
      existsSync(path) ? using((connection) => loaded(connection, statements)) : [],
    compare: (statements, request) => using((connection) => compare(connection, statements, request)),
    close: async () => {},
  };
}

/** Opens the file for as long as `work` lasts. */
export async function withFile<T>(
  path: string,
  memoryBytes: number,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const instance = await opened(path, {
    memory_limit: `${Math.floor(memoryBytes / 1024 ** 2)}MiB`,
    threads: String(threadsOf(memoryBytes)),
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  try {
    for (const setting of settings) await connection.run(setting);
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The tables of these that exist. */
export async function tables(
  connection: DuckDBConnection,
  wanted: readonly { schema: string; table: string }[],
): Promise<readonly WarehouseTable[]> {
  const found = new Map<string, { name: string; type: string }[]>();
  const reader = await connection.runAndReadAll(
    'SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns ORDER BY ordinal_position',
  );
  for (const [schema, table, name, type] of reader.getRows()) {
    const key = tableKey(String(schema), String(table));
    found.set(key, [...(found.get(key) ?? []), { name: String(name), type: String(type) }]);
  }
  return wanted.flatMap(({ schema, table }) => {
    const columns = found.get(tableKey(schema, table));
    return columns === undefined ? [] : [{ schema, table, columns }];
  });
}

/** DuckDB keeps the case of names and does not tell them apart by it. */
const tableKey = (schema: string, table: string): string =>
  JSON.stringify([schema.toLowerCase(), table.toLowerCase()]);

async function define(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await connection.run(statement).catch((error: unknown) => {
      throw new TerminalError(
        complaint(
          'ETL0701',
          `the warehouse refused DDL: ${messageOf(error)}`,
          `The statement was: ${statement.slice(0, 400)}`,
        ),
        error,
      );
    });
  }
}

/** The merge and the unit's row in `_etl_loads` are one transaction: either both are there after a crash, or neither. */
async function load(
  connection: DuckDBConnection,
  statements: readonly LoadStatement[],
  request: LoadRequest,
): Promise<LoadCounts> {
  const run = (
    name: LoadStatement['name'],
    more: Readonly<Record<string, DuckDBValue>> = {},
  ): Promise<Rows> => {
    const statement = statements.find((one) => one.name === name);
    assert(statement, `the load step has a statement ${name}`);
    return execute(connection, statement.sql, { ...parameters(request), ...more });
  };
  await connection.run('BEGIN');
  try {
    const [known] = (await run('known')).rows;
    const leaving = statements.some(({ name }) => name === 'remove');
    const counts = known === undefined ? await loadUnit(run, request, leaving) : countsOf(known);
    await connection.run('COMMIT');
    return counts;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw loadFailure(request, error);
  }
}

async function complete(
  connection: DuckDBConnection,
  statements: readonly LoadStatement[],
  { until, blockers }: Completeness,
): Promise<void> {
  const statement = statements.find(({ name }) => name === 'complete');
  assert(statement, 'the load step has a statement complete');
  const values = {
    complete_until: until ?? null,
    moves: until !== undefined,
    open_blockers: BigInt(blockers),
  };
  await execute(connection, statement.sql, values).catch((error: unknown) => {
    throw new TerminalError(
      complaint(
        'ETL0706',
        `_etl_completeness could not be written: ${messageOf(error)}`,
        'The rows are loaded; the next run writes it again.',
      ),
      error,
    );
  });
}

const parameters = ({ unit, run, file }: LoadRequest): Record<string, DuckDBValue> => ({
  file,
  run,
  unit: unit.id,
  first_page: BigInt(unit.firstPage),
  last_page: BigInt(unit.lastPage),
});

async function sample(
  connection: DuckDBConnection,
  schema: string,
  table: string,
  limit: number,
): Promise<Sample> {
  const [known] = await tables(connection, [{ schema, table }]);
  if (known === undefined) throw missingTable('the warehouse', schema, table);
  const target = `${quoted(schema)}.${quoted(table)}`;
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${target}`);
  const columns = known.columns.map(({ name }) => `${quoted(name)}::VARCHAR`).join(', ');
  const order = known.columns
    .slice(0, 3)
    .map(({ name }) => quoted(name))
    .join(', ');
  const reader = await connection.runAndReadAll(
    `SELECT ${columns} FROM ${target} ORDER BY ${order} LIMIT ${limit}`,
  );
  return {
    columns: known.columns.map(({ name }) => name),
    rows: reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value)))),
    total: Number(counted.getRows()[0]?.[0]),
  };
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The first line of what DuckDB says. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

const missingTable = (where: string, schema: string, table: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0702',
      `${where} has no table ${schema}.${table} yet`,
      'It is made by the first `etl run` that loads it.',
    ),
  );

function loadFailure(request: LoadRequest, error: unknown): ExplainedError {
  const { unit, schema, table } = request;
  const range = `pages ${unit.firstPage} to ${unit.lastPage} of ${unit.mapping}`;
  return new TerminalError(
    complaint(
      'ETL0705',
      `loading ${range} into ${schema}.${table} failed: ${messageOf(error)}`,
      'The transaction was rolled back: the table is as it was. The rows stay staged, and the next run loads them.',
    ),
    error,
  );
}
