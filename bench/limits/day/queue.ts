import type { Clock } from '../../../engine/model/ports.ts';
import type { SendToEnd } from './clients.ts';
import type { Sync } from './traffic.ts';

interface Job {
  readonly dueMs: number;
  toSend: number;
  toCome: number;
}

interface Connection {
  readonly send: SendToEnd;
  idle: boolean;
}

const minuteMs = 60_000;

/** The requests of one account, oldest sync first; all connections of all processes take from it. */
export class Queue {
  /** From when each sync was due to its last reply. */
  readonly minutes: number[] = [];
  readonly #jobs: Job[] = [];
  readonly #connections: readonly Connection[];
  readonly #clock: Clock;

  constructor(connections: readonly SendToEnd[], clock: Clock) {
    this.#connections = connections.map((send) => ({ send, idle: true }));
    this.#clock = clock;
  }

  /** Queues the syncs as they fall due, and has all of them done. */
  async work(syncs: readonly Sync[]): Promise<void> {
    const startMs = this.#clock.now();
    const served: Promise<void>[] = [];
    for (const { account, dueMs, requests } of syncs) {
      const atMs = startMs + dueMs;
      await this.#clock.sleep(Math.max(0, atMs - this.#clock.now()));
      this.#jobs.push({ dueMs: atMs, toSend: requests, toCome: requests });
      const idle = this.#connections.filter((connection) => connection.idle);
      served.push(...idle.map((connection) => this.#serve(connection, account)));
    }
    await Promise.all(served);
  }

  async #serve(connection: Connection, account: string): Promise<void> {
    connection.idle = false;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      job.toSend -= 1;
      if (job.toSend === 0) this.#jobs.shift();
      await connection.send(account);
      job.toCome -= 1;
      if (job.toCome === 0) this.minutes.push((this.#clock.now() - job.dueMs) / minuteMs);
    }
    connection.idle = true;
  }
}
