import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Warehouse } from '../../model/ports.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';
import { sqlWarehouse, type WarehouseConnector } from '../warehouse/sql-warehouse.ts';
import { duckdbSession } from './duckdb-session.ts';
import { opened } from './open-file.ts';

export interface DuckdbOptions {
  /** Absolute path of the database file. */
  readonly path: string;
  readonly memoryBytes: number;
  readonly statements: WarehouseStatements;
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
export const duckdbWarehouse = (options: DuckdbOptions): Warehouse =>
  sqlWarehouse(duckdbConnector(options), options.statements);

export const duckdbConnector = ({ path, memoryBytes }: DuckdbOptions): WarehouseConnector => ({
  where: `the warehouse ${path}`,
  exists: () => existsSync(path),
  using: (work) => withFile(path, memoryBytes, (connection) => work(duckdbSession(connection))),
  identifier: quoted,
  explained: (error) => error,
  close: async () => {},
});

/** The last use of each file in this process. */
const uses = new Map<string, Promise<unknown>>();

/**
 * Opens the file for as long as `work` lasts. Uses within this process take turns: two instances of DuckDB must never have one
 * file open, and the lock of the file holds off other processes only.
 */
export async function withFile<T>(
  path: string,
  memoryBytes: number,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const before = uses.get(path) ?? Promise.resolve();
  const own = before.then(() => opening(path, memoryBytes, work));
  const ended = own.catch(() => {});
  uses.set(path, ended);
  try {
    return await own;
  } finally {
    if (uses.get(path) === ended) uses.delete(path);
  }
}

async function opening<T>(
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

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
