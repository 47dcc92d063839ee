import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { DieOptions } from './die-options.ts';

/**
 * `node --import die.js bin/etl.js run …`: the real command, that dies (SIGKILL), or waits for what a test does meanwhile,
 * at a named boundary. The engine knows nothing of it: what is wrapped is what it calls.
 */
const options = JSON.parse(process.env['SLUICE_DIE'] ?? '{}') as DieOptions;
const seen = new Map<string, number>();
const append = fs.appendFileSync;
const isThere = fs.existsSync;

/** Tells that the work has come to a boundary for the n-th time. */
function reach(boundary: string): void {
  const times = (seen.get(boundary) ?? 0) + 1;
  seen.set(boundary, times);
  const name = `${boundary} ${times}`;
  if (options.trace !== undefined) append(options.trace, `${name}\n`);
  if (name === options.killAt) process.kill(process.pid, 'SIGKILL');
  if (name === options.waitAt) wait();
}

/** Stands still, timers and all, until the file is gone that says so. */
function wait(): void {
  const { waitFile = '' } = options;
  append(waitFile, '');
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const untilMs = Date.now() + 20_000;
  while (isThere(waitFile) && Date.now() < untilMs) Atomics.wait(cell, 0, 0, 5);
}

type Work = (this: unknown, ...args: never[]) => unknown;

/** Makes a method tell when it begins and when it has ended, whether it gives a value or a promise of one. */
function watch(target: object, method: string, nameOf: (...args: never[]) => string | undefined): void {
  const methods = target as Record<string, Work>;
  const work = methods[method];
  if (typeof work !== 'function') return;
  methods[method] = function (...args) {
    const name = nameOf(...args);
    if (name === undefined) return work.apply(this, args);
    reach(`${name} begins`);
    const result = work.apply(this, args);
    if (!(result instanceof Promise)) reach(`${name} ended`);
    else return result.finally(() => reach(`${name} ended`));
    return result;
  };
}

/** The first words of a statement: what it does, and to what. */
function statementName(side: string, sql: string): string | undefined {
  const plain = sql.replace(/^(?:\s*--[^\n]*\n)+/, '').trim();
  const [words] =
    /^(?:BEGIN|COMMIT|COPY|MERGE INTO|INSERT INTO|UPDATE|CREATE|DELETE FROM|SET VARIABLE)\b(?: (?!OR\b)["\w.]+)?/i.exec(
      plain,
    ) ?? [];
  if (/; COMMIT$/.test(plain)) return `${side} COMMIT`;
  return words === undefined ? undefined : `${side} ${words.replaceAll('"', '')}`;
}

/** Calls of the staging database that change it or are a step of their own. */
const stagingCalls = [
  ...['migrate', 'startRun', 'prepare', 'reservePages', 'commit', 'restage', 'rewind', 'pendingUnits'],
  ...['markLoaded', 'check', 'finishRun', 'close'],
];

async function watchStaging(): Promise<void> {
  const { openStaging } = await import('../../engine/services/staging/staging.js');
  const { SqliteHandle } = await import('../../engine/services/staging/sqlite/sqlite-handle.js');
  const { PostgresHandle } = await import('../../engine/services/staging/postgres/postgres-handle.js');
  const clock = { now: () => 0, monotonicUs: () => 0, sleep: async () => {} };
  const staging: unknown = Object.getPrototypeOf(
    openStaging({ storage: ':memory:', environment: '-', clock }),
  );
  for (const call of stagingCalls) watch(staging as object, call, () => `staging.${call}`);
  for (const call of ['exec', 'execNow', 'run', 'copy'])
    for (const handle of [SqliteHandle, PostgresHandle])
      watch(handle.prototype, call, (sql: string) => statementName('staging:', sql));
}

async function watchWarehouse(): Promise<void> {
  const { DuckDBConnection, DuckDBInstance } = await import('@duckdb/node-api');
  watch(DuckDBInstance, 'create', () => 'warehouse opening');
  for (const call of ['run', 'runAndReadAll'])
    watch(DuckDBConnection.prototype, call, (sql: string) => statementName('warehouse:', sql));
}

function watchFiles(): void {
  watch(fs, 'appendFileSync', (path: string) => `step noted in ${basename(path)}`);
  watch(fs, 'renameSync', (_: string, path: string) => `file ${basename(path)}`);
  watch(fs, 'writeSync', () => 'load file written');
  watch(fs.promises, 'rm', () => 'file removed');
  syncBuiltinESMExports();
}

if (isMainThread && process.env['SLUICE_DIE'] !== undefined) {
  subscribe('undici:request:create', () => reach('request begins'));
  subscribe('undici:request:headers', () => reach('request answered'));
  subscribe('undici:request:trailers', () => reach('request ended'));
  watchFiles();
  await watchStaging();
  await watchWarehouse();
}
