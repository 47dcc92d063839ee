import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

/** Where Redis is, and what the keys of a project begin with. */
export interface RedisOptions {
  readonly url: string;
  readonly prefix: string;
}

const commandTimeoutMs = 250;
/** How long the first commands wait for the connection. */
const openingMs = 1000;
const reconnectMaxMs = 1000;

/** A connection that fails fast: no command waits for Redis to come back. It reconnects by itself. */
export class RedisConnection {
  readonly redis: Redis;
  readonly #opened: Promise<void>;

  constructor(url: string) {
    this.redis = new Redis(url, {
      commandTimeout: commandTimeoutMs,
      connectTimeout: openingMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
    });
    this.#opened = new Promise((resolve) => {
      const timer = setTimeout(resolve, openingMs);
      const opened = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.redis.once('ready', opened);
      this.redis.once('close', opened);
      // Each command says what failed; without a listener an error would end the process.
      this.redis.on('error', opened);
    });
  }

  /** Sends a command. @throws when Redis does not answer at once. */
  async command<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    await this.#opened;
    return send(this.redis);
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** A script in a `.lua` file beside the module that names it; Redis keeps it, and is told it again when it has lost it. */
export class RedisScript {
  readonly #text: string;
  readonly #sha: string;

  /** `url` is that of the module that uses it, as compiled; the file is beside its source. */
  constructor(file: string, url: string) {
    const compiled = fileURLToPath(new URL(file, url));
    this.#text = readFileSync(compiled.replace(/[\\/]dist([\\/]engine[\\/]services[\\/])/, '$1'), 'utf8');
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  async run(
    redis: Redis,
    keys: readonly string[],
    values: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...values);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#text, keys.length, ...keys, ...values);
    }
  }
}
