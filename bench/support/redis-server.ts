import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const host = '127.0.0.1';
const startsWithinMs = 5000;

/** Whether this machine can start a Redis of ours. */
export const hasRedisServer = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [said] = (await once(socket, 'data')) as [Buffer];
    return said.toString().startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A Redis of our own, that keeps nothing on disk: it can be killed, hung, and started again with nothing in it. */
export class RedisServer {
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Starts one on a free port. @throws Error when there is no `redis-server` */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://${host}:${this.#port}`;
  }

  /** Starts it again, empty, on its port. */
  async restart(): Promise<void> {
    const options = ['--port', String(this.#port), '--bind', host, '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...options, '--dir', this.#folder], { stdio: 'ignore' });
    this.#child = child;
    child.once('error', () => {});
    const untilMs = performance.now() + startsWithinMs;
    while (!(await answers(this.#port))) {
      if (performance.now() > untilMs) throw new Error('redis-server does not answer: is it installed?');
      await delay(10);
    }
  }

  /** SIGKILL: whatever was in it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  wake(): void {
    this.#child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
