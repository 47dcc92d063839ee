import { randomUUID } from 'node:crypto';
import { RedisConnection, type RedisOptions, type RedisScript } from '../../redis-connection.ts';
import type { ForgetfulStore } from '../kept-store.ts';
import { scopeOfOrder } from '../local/freezes.ts';
import type { Settled } from '../store.ts';
import { answerOf, type Reply, statusOf } from './answers.ts';
import { Changes } from './changes.ts';
import { checkRedisUrl, redisFailure } from './redis-failure.ts';
import { scripts } from './scripts.ts';

/** Tests give the scripts their time. */
export interface RedisStoreOptions extends RedisOptions {
  readonly nowUs?: () => number;
}

/**
 * Keeps budgets in Redis, for all processes that share it; by its clock, and with the answers of the local store. Its
 * keys expire when they mean nothing any more, and Redis must not evict them before: `maxmemory-policy noeviction`.
 * @throws TerminalError when the URL is none.
 */
export function redisStore(options: RedisStoreOptions): ForgetfulStore {
  checkRedisUrl(options.url);
  return new RedisStore(options);
}

class RedisStore implements ForgetfulStore {
  onBoot: (domain: string) => void = () => {};
  readonly #options: RedisStoreOptions;
  readonly #connection: RedisConnection;
  readonly #changes: Changes;
  /** What this store tells is numbered: what was told and not answered is told again, and counts once. */
  readonly #teller = randomUUID();
  readonly #numbers = new WeakMap<Settled, number>();
  #told = 0;
  /** When each domain was made, as far as was heard. */
  readonly #boots = new Map<string, string>();

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#connection = new RedisConnection(options.url);
    this.#changes = new Changes(options.url);
  }

  ask: ForgetfulStore['ask'] = async (domain, ask, settled) => {
    const input = { ask, horizonUs: ask.horizonUs, ...this.#telling(settled) };
    const script = settled.length === 0 ? scripts.ask : scripts.askTelling;
    return answerOf(await this.#call(script, domain, input, 4));
  };

  settle: ForgetfulStore['settle'] = async (domain, settled) => {
    await this.#call(scripts.settle, domain, this.#telling(settled), 0);
  };

  renew: ForgetfulStore['renew'] = async (domain, leases) => {
    await this.#call(scripts.renew, domain, { leases }, 0);
  };

  freeze: ForgetfulStore['freeze'] = async (domain, order, random) => {
    const input = { order, random, scope: scopeOfOrder(order) };
    const [us] = await this.#call(scripts.freeze, domain, input, 1);
    return us === 'inf' ? Number.POSITIVE_INFINITY : Number(us) / 1000;
  };

  thaw: ForgetfulStore['thaw'] = async (domain, scope) => {
    const [count] = await this.#call(scripts.thaw, domain, { scope }, 1);
    return Number(count);
  };

  status: ForgetfulStore['status'] = async (domain, limits) =>
    statusOf(await this.#call(scripts.status, domain, { limits }, 4));

  watch: ForgetfulStore['watch'] = (domain, changed) => {
    this.#changes.watch(this.#key(domain, 'changes'), changed);
  };

  close: ForgetfulStore['close'] = async () => {
    this.#connection.close();
    this.#changes.close();
  };

  /** Keys of a domain are in one slot of a cluster: what stands between the braces decides that. */
  #key(domain: string, name: string): string {
    const tag = `${this.#options.prefix}:${domain}`.replace(/[%{}]/g, encodeURIComponent);
    return `{${tag}}:${name}`;
  }

  #telling(settled: readonly Settled[]): object {
    return {
      teller: this.#teller,
      settled: settled.map((one) => {
        const number = this.#numbers.get(one) ?? this.#told + 1;
        this.#told = Math.max(this.#told, number);
        this.#numbers.set(one, number);
        return { ...one, number };
      }),
    };
  }

  async #call(script: RedisScript, domain: string, input: object, bootAt: number): Promise<Reply> {
    const now = this.#options.nowUs?.() ?? '';
    const values = [JSON.stringify(input), now];
    try {
      const answer = await this.#connection.command((redis) =>
        script.run(redis, [this.#key(domain, 'domain')], values),
      );
      const reply = Array.isArray(answer) ? answer : [answer];
      this.#heard(domain, String(reply[bootAt]));
      return reply;
    } catch (error) {
      throw redisFailure(error, this.#connection.lastError);
    }
  }

  /** A domain that was made anew, by this call or since the last one, knows nothing of what was before. */
  #heard(domain: string, boot: string): void {
    const made = boot.replace('+', '');
    const before = this.#boots.get(domain);
    this.#boots.set(domain, made);
    if (boot !== made || (before !== undefined && before !== made)) this.onBoot(domain);
  }
}
