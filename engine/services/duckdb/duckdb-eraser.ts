import { chmodSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { complaint, ExplainedError, TerminalError } from '../../model/errors.ts';
import type { WarehouseEraser } from '../../model/forget.ts';
import { sqlEraser } from '../warehouse/eraser.ts';
import { messageOf } from '../warehouse/session.ts';
import { type DuckdbOptions, duckdbConnector, quoted } from './duckdb-warehouse.ts';
import { closeFile, withFile } from './use-file.ts';

/** Deletes rows of persons from the embedded warehouse, and their bytes from its file. */
export const duckdbEraser = (options: DuckdbOptions): WarehouseEraser =>
  sqlEraser(duckdbConnector(options), options.statements, async () => {
    if (existsSync(options.path)) await rewrite(options.path, options.memoryBytes);
  });

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
    closeFile(path);
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
