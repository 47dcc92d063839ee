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
  /** What the connection last failed with, until it is there again. */
  lastError: Error | undefined;
  readonly #opened: Promise<void>;

  constructor(url: string) {
    this.redis = new Redis(url, {
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
    this.redis.on('error', (error: Error) => {
      this.lastError = error;
    });
    this.redis.on('ready', () => {
      this.lastError = undefined;
    });
  }

  /** Sends a command. @throws when Redis does not answer at once. */
  async command<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    await this.#opened;
    return inTime(send(this.redis));
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** A process that stood still finds the answer unread, and its timer first: the answer is read before it is missed. */
function inTime<T>(sent: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const missed = (): void => reject(new Error(`Redis did not answer within ${commandTimeoutMs} ms`));
    const timer = setTimeout(() => setImmediate(() => setImmediate(missed)), commandTimeoutMs);
    sent.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** A script in `.lua` files near the module that names them; Redis keeps it, and is told it again when it has lost it. */
export class RedisScript {
  readonly #text: string;
  readonly #sha: string;

  /** Files are relative to the source of the module whose `url`, as compiled, is given; `finish` may fill in their text. */
  constructor(files: string | readonly string[], url: string, finish = (text: string): string => text) {
    this.#text = finish(
      [files]
        .flat()
        .map((file) => sourceText(file, url))
        .join('\n'),
    );
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

function sourceText(file: string, url: string): string {
  const compiled = fileURLToPath(new URL(file, url));
  return readFileSync(compiled.replace(/[\\/]dist([\\/]engine[\\/]services[\\/])/, '$1'), 'utf8');
}
