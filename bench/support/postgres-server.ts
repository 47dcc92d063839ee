import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

const host = '127.0.0.1';
const startsWithinMs = 30_000;
const debian = '/usr/lib/postgresql';

/** The folder of PostgreSQL's programs, the newest where there are several; undefined where there are none. */
function programs(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return versions
    .map((version) => join(debian, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

/** Whether this machine can start a PostgreSQL of ours. */
export const hasPostgresServer = (): boolean => programs() !== undefined;

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function user(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres']).toString());
  return { uid: id('-u'), gid: id('-g') };
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGQUIT');
});

/** A PostgreSQL of our own on loopback, that can be stopped and started. What it holds goes with it. */
export class PostgresServer {
  readonly folder: string;
  readonly #bin: string;
  readonly #port: number;
  readonly #owner = user();
  #child: ChildProcess | undefined;

  private constructor(bin: string, port: number) {
    this.#bin = bin;
    this.#port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-postgres-'));
    chmodSync(this.folder, 0o755);
    if (this.#owner !== undefined) chownSync(this.folder, this.#owner.uid, this.#owner.gid);
  }

  /** Makes one on a free port and starts it. @throws Error when PostgreSQL is not installed */
  static async start(): Promise<PostgresServer> {
    const bin = programs();
    if (bin === undefined) throw new Error('PostgreSQL is not installed');
    const server = new PostgresServer(bin, await freePort());
    const args = ['-D', server.#data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(join(bin, 'initdb'), args, { stdio: 'ignore', cwd: server.folder, ...server.#owner });
    await server.resume();
    return server;
  }

  /** URL of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres://postgres@${host}:${this.#port}/${database}`;
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  /** Owner of its files; undefined when it is whoever runs this. */
  get owner(): { readonly uid: number; readonly gid: number } | undefined {
    return this.#owner;
  }

  /** Starts it again, with what it held. */
  async resume(): Promise<void> {
    const settings = { listen_addresses: host, unix_socket_directories: '', fsync: 'off' };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', this.#data, '-p', String(this.#port), ...options];
    const child = spawn(join(this.#bin, 'postgres'), args, {
      stdio: 'ignore',
      cwd: this.folder,
      ...this.#owner,
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const untilMs = performance.now() + startsWithinMs;
    while (!(await this.#answers())) {
      if (performance.now() > untilMs) throw new Error('postgres does not answer');
      await delay(20);
    }
  }

  /** Ends it at once, as a machine that goes down does: connections are cut. */
  async halt(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGQUIT');
    await exited;
  }

  /** Runs statements, each on its own. */
  async run(...statements: readonly string[]): Promise<void> {
    for (const sql of statements) await queryOf(this.url(), sql);
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    return queryOf(this.url(), 'SELECT 1').then(
      () => true,
      () => false,
    );
  }
}

/** Rows of one query, over a connection of its own; names are looked for in `schema`. */
export async function queryOf(
  url: string,
  sql: string,
  schema = 'public',
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`SET search_path TO "${schema}"`);
    return (await client.query(sql)).rows as Readonly<Record<string, unknown>>[];
  } finally {
    await client.end();
  }
}
