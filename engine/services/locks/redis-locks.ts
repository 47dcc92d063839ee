import { randomUUID } from 'node:crypto';
import { complaint, TransientError } from '../../model/errors.ts';
import type { Locks } from '../../model/ports.ts';
import { systemClock } from '../clock.ts';
import { RedisConnection, type RedisOptions, RedisScript } from '../redis-connection.ts';

/** Whoever waits asks again after this long, at least and at most. */
const pollMinMs = 10;
const pollMaxMs = 50;

const releaseScript = new RedisScript('./release.lua', import.meta.url);
const renewScript = new RedisScript('./renew.lua', import.meta.url);

/** Locks that all processes with the same Redis share. */
export function redisLocks(options: RedisOptions): Locks {
  return new RedisLocks(options);
}

class RedisLocks implements Locks {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  constructor({ url, prefix }: RedisOptions) {
    this.#connection = new RedisConnection(url);
    this.#prefix = prefix;
  }

  async exclusively<T>(
    name: string,
    ttlMs: number,
    work: (lost: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const lock: Lock = { key: `${this.#prefix}:lock:${name}`, token: randomUUID(), ttlMs };
    await this.#take(lock, signal);
    const renewal = this.#renewal(lock);
    try {
      return await work(renewal.lost);
    } finally {
      renewal.stop();
      await this.#release(lock);
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #take(lock: Lock, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (await this.#tryOnce(lock)) return;
      await systemClock.sleep(pollMinMs + Math.random() * (pollMaxMs - pollMinMs), signal);
    }
  }

  async #tryOnce(lock: Lock): Promise<boolean> {
    try {
      const taken = await this.#connection.command((redis) =>
        redis.set(lock.key, lock.token, 'PX', lock.ttlMs, 'NX'),
      );
      return taken === 'OK';
    } catch (error) {
      // Redis may have heard the command and only the answer was lost. Nobody waits for it to hear this one.
      void this.#release(lock);
      throw unreachable(error);
    }
  }

  /** Renews the lock until it is stopped. A lock that was not renewed in time is lost. */
  #renewal(lock: Lock): { readonly lost: AbortSignal; stop(): void } {
    const lost = new AbortController();
    let heldUntilUs = systemClock.monotonicUs() + lock.ttlMs * 1000;
    const renew = async (): Promise<void> => {
      const sentUs = systemClock.monotonicUs();
      const renewed = await this.#connection
        .command((redis) => renewScript.run(redis, [lock.key], [lock.token, lock.ttlMs]))
        .catch(() => undefined);
      if (renewed === 1) heldUntilUs = sentUs + lock.ttlMs * 1000;
      if (renewed === 0 || systemClock.monotonicUs() > heldUntilUs) {
        clearInterval(timer);
        lost.abort(lostLock(lock));
      }
    };
    const timer = setInterval(() => void renew(), lock.ttlMs / 3);
    return { lost: lost.signal, stop: () => clearInterval(timer) };
  }

  /** What cannot be released expires. */
  async #release({ key, token }: Lock): Promise<void> {
    await this.#connection.command((redis) => releaseScript.run(redis, [key], [token])).catch(() => {});
  }
}

interface Lock {
  readonly key: string;
  /** Names the holder. */
  readonly token: string;
  readonly ttlMs: number;
}

const unreachable = (cause: unknown): TransientError =>
  new TransientError(
    complaint(
      'ETL0444',
      `Redis does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Processes that share it wait for each other there. Check `redis.url` of the environment, and whether it runs.',
    ),
    cause,
  );

const lostLock = ({ key, ttlMs }: Lock): TransientError =>
  new TransientError(
    complaint(
      'ETL0444',
      `the lock ${key} could not be renewed for ${ttlMs} ms`,
      'Redis did not answer, or this process stood still; another one may hold the lock now.',
    ),
  );
