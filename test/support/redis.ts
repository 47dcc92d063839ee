import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { atEnd } from './at-end.ts';

/** A Redis of the test's own, so that it can be stopped. */
export interface OwnRedis {
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function started(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode}`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('redis-server does not answer');
}

const running = new Set<OwnRedis>();

atEnd(() => Promise.all([...running].map((redis) => redis.stop())));

/**
 * Starts an empty Redis that keeps nothing; it ends with the tests. Where none is installed the test is skipped, and fails
 * where everything must be there.
 */
export async function ownRedis(test: Mocha.Context): Promise<OwnRedis> {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    return missing(test, 'there is no redis-server on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await started(child, port);
  const redis: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => child.kill(signal),
    stop: async () => {
      running.delete(redis);
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  running.add(redis);
  return redis;
}

/** A prefix that no other test has. */
export const ownPrefix = (): string => `sluice-test-${randomUUID()}`;

const sharedUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

const sharedAnswers = (): Promise<boolean> => {
  const { hostname, port } = new URL(sharedUrl);
  return answers(Number(port || 6379), hostname);
};

/** The Redis that tests share. Without one the tests are skipped, and fail where everything must be there. */
export async function sharedRedis(test: Mocha.Context): Promise<string> {
  if (await sharedAnswers()) return sharedUrl;
  return missing(test, `no Redis answers at ${sharedUrl}; start one, or set REDIS_URL`);
}

function missing(test: Mocha.Context, what: string): never {
  if (process.env['CI'] === 'true') throw new Error(what);
  console.error(`SKIPPED: ${what}`);
  return test.skip();
}

/** Deletes what a test has left behind. */
export async function forgetKeys(prefix: string): Promise<void> {
  if (!(await sharedAnswers())) return;
  const redis = new Redis(sharedUrl, { lazyConnect: true });
  try {
    await redis.connect();
    for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1000 }))
      if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
  } finally {
    redis.disconnect();
  }
}
