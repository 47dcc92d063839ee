import { complaint, TransientError } from '../../model/errors.ts';
import type { CacheBound, CachedResponse, Clock, ResponseCache } from '../../model/ports.ts';
import { systemClock } from '../clock.ts';
import { RedisConnection, type RedisOptions, RedisScript } from '../redis-connection.ts';
import { packed, unpacked } from './packed.ts';

/** How long Redis is left alone after it did not answer, so that a cache never makes a run slow. */
const restMs = 1000;

const keepScript = new RedisScript('./keep.lua', import.meta.url);

/** A cache that all processes with the same Redis share. Redis that does not answer is a miss, and is counted. */
export function redisCache(options: RedisOptions, clock: Clock = systemClock): ResponseCache {
  return new RedisCache(options, clock);
}

class RedisCache implements ResponseCache {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #clock: Clock;
  #unanswered = 0;
  #restUntilUs = 0;

  constructor({ url, prefix }: RedisOptions, clock: Clock) {
    this.#connection = new RedisConnection(url);
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async find(group: string, key: string): Promise<CachedResponse | undefined> {
    const [replies] = this.#keysOf(group);
    return this.#asked(async () => {
      const bytes = await this.#connection.command((redis) => redis.hgetBuffer(replies, key));
      if (bytes === null) return undefined;
      const kept = await unpacked(bytes);
      return kept.expiresMs > this.#clock.now() ? kept.response : undefined;
    });
  }

  async keep(
    group: string,
    key: string,
    response: CachedResponse,
    { keepMs, bytesMax }: CacheBound,
  ): Promise<void> {
    const expiresMs = response.atMs + keepMs;
    const reply = await packed({ response, expiresMs });
    await this.#asked(() =>
      this.#connection.command((redis) =>
        keepScript.run(redis, this.#keysOf(group), [key, reply, expiresMs, this.#clock.now(), bytesMax]),
      ),
    );
  }

  async drop(group: string): Promise<void> {
    const [replies, expiry] = this.#keysOf(group);
    try {
      await this.#connection.command((redis) => redis.del(replies, expiry));
    } catch (error) {
      throw undropped(error);
    }
  }

  unanswered(): number {
    return this.#unanswered;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** The braces keep all keys of a group on one node of a cluster. */
  #keysOf(group: string): readonly [string, string] {
    const tag = `{${this.#prefix}:cache:${group}}`;
    return [`${tag}:replies`, `${tag}:expiry`];
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (this.#clock.monotonicUs() >= this.#restUntilUs) {
      try {
        return await ask();
      } catch {
        this.#restUntilUs = this.#clock.monotonicUs() + restMs * 1000;
      }
    }
    this.#unanswered += 1;
    return undefined;
  }
}

const undropped = (error: unknown): TransientError =>
  new TransientError(
    complaint(
      'ETL0456',
      'kept replies could not be dropped, since Redis does not answer',
      'They are dropped so that nothing of a person is left in them.',
      'See that Redis is up and give the command again.',
    ),
    error,
  );
