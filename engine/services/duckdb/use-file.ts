import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { systemClock } from '../clock.ts';
import { opened } from './open-file.ts';

const threadsMax = 2;
/** What a thread wants for its buffers; with less than that for each, DuckDB runs out of memory over a large load file. */
const threadBytes = 128 * 1024 ** 2;

/** Memory that DuckDB no longer needs goes back to the system, which it otherwise keeps beyond its limit. */
const settings = [
  "SET TimeZone = 'UTC'",
  "SET allocator_flush_threshold = '8MiB'",
  "SET allocator_bulk_deallocation_flush_threshold = '8MiB'",
] as const;

/** How long a file stays open for the next use: to open one with hundreds of tables takes longer than most uses. */
const idleMs = 50;
/** How long it is open in all before others get a chance. */
const openMaxMs = 2000;

interface OpenFile {
  readonly instance: DuckDBInstance;
  readonly memoryBytes: number;
  readonly sinceUs: number;
}

/** The last use of each file in this process. */
const uses = new Map<string, Promise<unknown>>();
/** Files that nobody uses, and that are about to be closed. */
const idle = new Map<string, OpenFile & { readonly closing: NodeJS.Timeout }>();

/**
 * Lends a connection for as long as `work` lasts. Uses within this process take turns: two instances of DuckDB must never have
 * one file open, and the lock of the file holds off other processes only.
 */
export async function withFile<T>(
  path: string,
  memoryBytes: number,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const before = uses.get(path) ?? Promise.resolve();
  const own = before.then(() => using(path, memoryBytes, work));
  const ended = own.catch(() => {});
  uses.set(path, ended);
  try {
    return await own;
  } finally {
    if (uses.get(path) === ended) uses.delete(path);
  }
}

/** Closes a file that nobody uses at once: before it is replaced, and when no use comes any more. */
export function closeFile(path: string): void {
  idleFile(path)?.instance.closeSync();
}

async function using<T>(
  path: string,
  memoryBytes: number,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const file = await openFile(path, memoryBytes);
  let isWhole = false;
  try {
    const result = await connected(file.instance, work);
    isWhole = true;
    return result;
  } finally {
    // After a failure an instance may be of no use any more.
    if (isWhole && systemClock.monotonicUs() - file.sinceUs < openMaxMs * 1000) leaveOpen(path, file);
    else file.instance.closeSync();
  }
}

async function connected<T>(
  instance: DuckDBInstance,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await instance.connect();
  try {
    for (const setting of settings) await connection.run(setting);
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

async function openFile(path: string, memoryBytes: number): Promise<OpenFile> {
  const found = idleFile(path);
  if (found?.memoryBytes === memoryBytes) return found;
  found?.instance.closeSync();
  mkdirSync(dirname(path), { recursive: true });
  const instance = await opened(path, {
    memory_limit: `${Math.floor(memoryBytes / 1024 ** 2)}MiB`,
    threads: String(threadsOf(memoryBytes)),
    preserve_insertion_order: 'false',
  });
  return { instance, memoryBytes, sinceUs: systemClock.monotonicUs() };
}

/** Takes a file that is about to be closed: it will not be. */
function idleFile(path: string): OpenFile | undefined {
  const found = idle.get(path);
  clearTimeout(found?.closing);
  idle.delete(path);
  return found;
}

function leaveOpen(path: string, file: OpenFile): void {
  idle.set(path, { ...file, closing: setTimeout(() => closeFile(path), idleMs) });
}

const threadsOf = (memoryBytes: number): number =>
  Math.min(threadsMax, Math.max(1, Math.floor(memoryBytes / threadBytes)));
