import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { warm } from '../../bench/support/warm.ts';
import { ExplainedError } from '../../engine/model/errors.ts';
import { duckdbWarehouse } from '../../engine/services/duckdb/duckdb-warehouse.ts';
import { atEnd } from './at-end.ts';
import { root } from './root.ts';
import { statementsOf } from './warehouse-statements.ts';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FinishedAlone extends Finished {
  /** Most memory that the process ever held, in MiB; 0 where the system does not say. */
  readonly peakMb: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<FinishedAlone>;
}

const peakOf = (pid: number | undefined): number => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** Starts the real command in a process of its own. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [join(root, 'bin/etl.js'), ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid));
  }, 50);
  child.stdout.on('data', (data: Buffer) => {
    stdout += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data;
  });
  const finished = new Promise<FinishedAlone>((resolve) => {
    child.on('close', (code) => {
      clearInterval(watch);
      resolve({ code, stdout, stderr, peakMb });
    });
  });
  return { child, finished };
}

/** Longer than any test lasts. */
const longestMs = 300_000;

/**
 * Runs the real command to its end, in a process that may have performed others before: most of what a short command costs is
 * its start. Commands that run at the same time have a process each.
 */
export async function etl(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { code, stdout, stderr } = await warm(args, env, longestMs);
  return { code, stdout, stderr };
}

const made: string[] = [];

/** A project folder of these files; it is removed after the tests. */
export function projectFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

atEnd(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Api {
  readonly url: string;
  /** Every request path with its query, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A provider on loopback that answers as the handler says. */
export async function api(handler: Handler): Promise<Api> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

/** A project that reads `/orders` of an API into a table `orders`. */
export const ordersProject = (
  url: string,
  more: {
    readonly source?: string;
    readonly stream?: string;
    readonly request?: string;
    /** The line that says where the records are. */
    readonly records?: string;
    readonly mapping?: string;
    readonly properties?: string;
    /** Of the environment: `metrics` or `redis`. */
    readonly environment?: string;
    /** More of `etl.yml`. */
    readonly project?: string;
  } = {},
): string =>
  projectFolder({
    'etl.yml': `kind: project\nname: demo\n${more.environment === undefined ? '' : `environments:\n  dev: {${more.environment}}\n`}${more.project ?? ''}`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
attempts: 2
${more.source ?? ''}
streams:
  orders:
    request: ${more.request ?? '{path: /orders}'}
${more.records ?? '    records: orders'}
    primaryKey: [id]
${more.stream ?? '    paginate: {type: cursor_token, token: next, param: after}'}
`,
    'mappings/orders.yml': `kind: mapping
name: orders
from: shop.orders
load: {key: [id]}
${more.mapping ?? ''}
properties:
  id: {from: id, type: string}
  total: {from: total, type: "decimal(18,2)"}
${more.properties ?? ''}
`,
  });

interface Sampled {
  readonly total: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Columns that change from run to run. */
const varying = ['_run', '_page', '_loaded_at', '_hash', '_account', '_cursor'];

/** The rows of a table as objects, without the columns that change from run to run. */
export async function tableOf(
  folder: string,
  mapping: string,
  flags: readonly string[] = [],
): Promise<Record<string, string | null>[]> {
  const plain = flags.length === 0 ? await sampled(folder, mapping) : undefined;
  const { columns, rows } = plain ?? (await previewed(folder, mapping, flags)) ?? { columns: [], rows: [] };
  return rows.map((row) =>
    Object.fromEntries(
      columns
        .map((column, at) => [column, row[at] ?? null] as const)
        .filter(([column]) => !varying.includes(column)),
    ),
  );
}

/** A table where a project that says nothing of it has it, read without a process of its own. */
async function sampled(folder: string, table: string): Promise<Sampled | undefined> {
  const path = join(folder, '.etl/warehouse.duckdb');
  const warehouse = duckdbWarehouse({ path, memoryBytes: 64 * 1024 ** 2, statements: statementsOf() });
  try {
    return await warehouse.sample('main', table, 1000);
  } catch (error) {
    // It is elsewhere, or not there.
    if (error instanceof ExplainedError && error.diagnostic.code === 'ETL0702') return undefined;
    throw error;
  } finally {
    await warehouse.close();
  }
}

async function previewed(folder: string, mapping: string, flags: readonly string[]): Promise<Sampled | null> {
  const { stdout } = await etl([
    'preview',
    mapping,
    '--warehouse',
    '--json',
    '--limit',
    '1000',
    '--project',
    folder,
    ...flags,
  ]);
  return (JSON.parse(stdout) as { result: Sampled | null }).result;
}
