import { Redis } from 'ioredis';

type Changed = (what: 'frozen' | 'freed') => void;

const reconnectMaxMs = 1000;
const connectMs = 1000;

/**
 * Hears what other processes change, on a connection of its own. Whatever was said while it was cut is not known: after a
 * new connection everybody is told to ask again.
 */
export class Changes {
  readonly #url: string;
  readonly #listeners = new Map<string, Changed[]>();
  #redis: Redis | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  watch(channel: string, changed: Changed): void {
    const known = this.#listeners.get(channel);
    if (known !== undefined) {
      known.push(changed);
      return;
    }
    this.#listeners.set(channel, [changed]);
    this.#redis ??= this.#connected();
    if (this.#redis.status === 'ready') void this.#subscribe([channel]);
  }

  close(): void {
    this.#redis?.disconnect();
  }

  #connected(): Redis {
    const redis = new Redis(this.#url, {
      connectTimeout: connectMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: (times) => Math.min(reconnectMaxMs, 50 * times),
    });
    let known = false;
    redis.on('ready', () => {
      const again = known;
      known = true;
      void this.#subscribe([...this.#listeners.keys()]).then(() => again && this.#tellAll());
    });
    redis.on('message', (channel, what) => this.#tell(channel, what === 'frozen' ? 'frozen' : 'freed'));
    // The connection for commands says what failed; without a listener an error would end the process.
    redis.on('error', () => {});
    return redis;
  }

  /** A connection that is cut subscribes again when it is back. */
  async #subscribe(channels: readonly string[]): Promise<void> {
    await this.#redis?.subscribe(...channels).catch(() => {});
  }

  #tell(channel: string, what: 'frozen' | 'freed'): void {
    for (const changed of this.#listeners.get(channel) ?? []) changed(what);
  }

  #tellAll(): void {
    for (const channel of this.#listeners.keys()) this.#tell(channel, 'frozen');
  }
}
