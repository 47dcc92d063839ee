import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DuckDBConnection, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import { complaint, ExplainedError, TerminalError } from '../../model/errors.ts';
import type { EraseStatement, WarehouseEraser } from '../../model/forget.ts';
import { type DuckdbOptions, messageOf, quoted, tables, withFile } from './duckdb-warehouse.ts';

/** Deletes rows of persons from the embedded warehouse, and their bytes from its file. */
export function duckdbEraser({ path, memoryBytes }: DuckdbOptions): WarehouseEraser {
  return {
    erase: async (statements) => {
      if (!existsSync(path) || statements.length === 0) return 0;
      return withFile(path, memoryBytes, (connection) => erase(connection, statements));
    },
    rewrite: async () => {
      if (existsSync(path)) await rewrite(path, memoryBytes);
    },
  };
}

async function erase(connection: DuckDBConnection, statements: readonly EraseStatement[]): Promise<number> {
  let rows = 0;
  await connection.run('BEGIN');
  try {
    for (const statement of statements) rows += await eraseOne(connection, statement);
    await connection.run('COMMIT');
    return rows;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {});
    throw eraseFailure(error);
  }
}

async function eraseOne(
  connection: DuckDBConnection,
  { schema, table, sql, lists }: EraseStatement,
): Promise<number> {
  const [known] = await tables(connection, [{ schema, table }]);
  if (known === undefined) return 0;
  const bound = Object.entries(lists).map(([name, values]) => [name, listValue([...values])] as const);
  const types = bound.map(([name]) => [name, LIST(VARCHAR)] as const);
  const reader = await connection.runAndReadAll(sql, Object.fromEntries(bound), Object.fromEntries(types));
  return reader.rowsChanged;
}

/**
 * DuckDB leaves deleted rows in blocks that it uses again some day. What is there is copied to a new file, which takes the
 * place of the old one in one step: whenever this ends early, the old one is whole, and the rest of the new one is
 * removed by the next call.
 */
async function rewrite(path: string, memoryBytes: number): Promise<void> {
  const fresh = `${path}.rewritten`;
  const remove = (): void => {
    for (const end of ['', '.wal']) rmSync(fresh + end, { force: true });
  };
  remove();
  try {
    await withFile(path, memoryBytes, (connection) => copy(connection, fresh));
    chmodSync(fresh, statSync(path).mode);
    sync(fresh);
    renameSync(fresh, path);
    sync(dirname(path));
  } catch (error) {
    remove();
    throw error instanceof ExplainedError ? error : rewriteFailure(path, error);
  }
  // Where spilled rows of a process that was killed may be.
  rmSync(`${path}.tmp`, { recursive: true, force: true });
}

async function copy(connection: DuckDBConnection, fresh: string): Promise<void> {
  // What still stands in the write-ahead log goes into the old file, so that no log is left when it is replaced.
  await connection.run('CHECKPOINT');
  const reader = await connection.runAndReadAll('SELECT current_database()');
  const name = quoted(String(reader.getRows()[0]?.[0]));
  await connection.run(`ATTACH '${fresh.replaceAll("'", "''")}' AS "_etl_fresh"`);
  await connection.run(`COPY FROM DATABASE ${name} TO "_etl_fresh"`);
  await connection.run('CHECKPOINT "_etl_fresh"');
  await connection.run('DETACH "_etl_fresh"');
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const eraseFailure = (error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0720',
      `rows of a person could not be deleted from the warehouse: ${messageOf(error)}`,
      'The transaction was rolled back: the tables are as they were, and nothing was erased in staging yet.',
      'Mend the table and give the command again.',
    ),
    error,
  );

const rewriteFailure = (path: string, error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0721',
      `the warehouse ${path} could not be written anew: ${messageOf(error)}`,
      'The rows are deleted, but bytes of them are still in the file, which is as it was.',
      'It needs as much space again as the file has. Views and macros that no longer work stand in the way, too: drop them, and give the command again.',
    ),
    error,
  );
