import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Caching, cachedSend, type Sending } from '../../../engine/execute/extract/cached.ts';
import type { ApiRequest, ApiResponse } from '../../../engine/model/batch.ts';
import { complaint, TerminalError, TransientError } from '../../../engine/model/errors.ts';
import type { Locks } from '../../../engine/model/ports.ts';
import { memoryCache } from '../../../engine/services/cache/memory-cache.ts';
import { memoryLocks } from '../../../engine/services/locks/memory-locks.ts';
import { type Api, api, json } from '../../support/cli.ts';
import { type OwnRedis, ownPrefix, ownRedis } from '../../support/redis.ts';
import { root } from '../../support/root.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ttlMs = 60_000;
const get: ApiRequest = { method: 'GET', url: 'https://api.example/categories/7', headers: { 'X-A': '1' } };
const texts = async ({ body }: ApiResponse): Promise<string> => Buffer.from(body).toString();

type Canned = Partial<Omit<ApiResponse, 'body'>> & { readonly body?: string };

/** Another body each time. */
const counting = (): (() => Canned) => {
  let version = 0;
  return () => {
    version += 1;
    return { body: String(version), headers: { etag: `"${version}"` } };
  };
};

/** An API behind a cache. */
class Cached {
  readonly clock = new VirtualClock();
  readonly asked: ApiRequest[] = [];
  readonly counts = { hits: 0, misses: 0, revalidated: 0 };
  readonly #cache = memoryCache(this.clock);
  readonly #reply: (request: ApiRequest) => Canned;
  readonly #more: Partial<Caching>;

  constructor(reply: (request: ApiRequest) => Canned, more: Partial<Caching> = {}) {
    this.#reply = reply;
    this.#more = more;
  }

  readonly #sending: Sending = async (request, accept) => {
    this.asked.push(request);
    const { status = 200, headers = {}, body = '', elapsedMs = 0 } = this.#reply(request);
    return accept({ status, headers, body: Buffer.from(body), elapsedMs });
  };

  send<T>(
    request: ApiRequest,
    accept: (response: ApiResponse) => Promise<T>,
    more: Partial<Caching> = {},
  ): Promise<T> {
    const caching: Caching = {
      plan: { ttlMs, revalidate: true, bytesMax: 1_000_000 },
      cache: this.#cache,
      locks: memoryLocks(),
      clock: this.clock,
      signal: new AbortController().signal,
      counts: this.counts,
      group: 'group',
      owner: ['shop', 'default'],
      keeps: [],
      ...this.#more,
      ...more,
    };
    return cachedSend(caching, request, this.#sending, accept);
  }
}

describe('a reply that is used again', () => {
  it('takes no request while it is fresh', async () => {
    const shop = new Cached(counting());
    expect(await shop.send(get, texts)).to.equal('1');
    await shop.clock.sleep(ttlMs - 1);
    expect(await shop.send(get, texts)).to.equal('1');
    await shop.clock.sleep(1);
    expect(await shop.send(get, texts)).to.equal('2');
    expect(shop.counts).to.deep.equal({ hits: 1, misses: 2, revalidated: 0 });
  });

  it('is confirmed by the API when it is older, and fresh again', async () => {
    const shop = new Cached(({ headers }) =>
      headers['if-none-match'] === '"1"'
        ? { status: 304, headers: { date: 'Fri, 02 Jan 2026 00:00:00 GMT' } }
        : {
            body: 'one',
            headers: { etag: '"1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', link: '<x>' },
          },
    );
    await shop.send(get, texts);
    await shop.clock.sleep(ttlMs);
    const again = await shop.send(get, async (response) => ({ ...response, body: await texts(response) }));
    expect(again).to.include({ status: 200, body: 'one' });
    expect(again.headers).to.include({ link: '<x>', etag: '"1"', date: 'Fri, 02 Jan 2026 00:00:00 GMT' });
    expect(shop.asked[1]?.headers).to.deep.equal({
      'X-A': '1',
      'if-none-match': '"1"',
      'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT',
    });
    await shop.clock.sleep(ttlMs - 1);
    expect(await shop.send(get, texts)).to.equal('one');
    expect(shop.counts).to.deep.equal({ hits: 1, misses: 1, revalidated: 1 });
  });

  it('is asked for whole when it has changed, or may not be confirmed', async () => {
    const shop = new Cached(counting());
    await shop.send(get, texts);
    await shop.clock.sleep(ttlMs);
    expect(await shop.send(get, texts)).to.equal('2');
    const plain = new Cached(counting(), { plan: { ttlMs, revalidate: false, bytesMax: 1_000_000 } });
    await plain.send(get, texts);
    await plain.clock.sleep(ttlMs);
    await plain.send(get, texts);
    expect(plain.asked[1]?.headers).to.deep.equal({ 'X-A': '1' });
  });

  it('is its own for each account, method, URL, header and body', async () => {
    const shop = new Cached(() => ({ body: 'x' }));
    const others: readonly (readonly [Partial<ApiRequest>, Partial<Caching>])[] = [
      [{}, { owner: ['shop', 'other'] }],
      [{}, { owner: ['other', 'default'] }],
      [{}, { group: 'other' }],
      [{ url: `${get.url}?a=1` }, {}],
      [{ headers: { 'X-A': '2' } }, {}],
      [{ method: 'POST', body: 'a' }, {}],
      [{ method: 'POST', body: 'b' }, {}],
    ];
    await shop.send(get, texts);
    for (const [request, more] of others) await shop.send({ ...get, ...request }, texts, more);
    expect(shop.counts).to.deep.equal({ hits: 0, misses: 1 + others.length, revalidated: 0 });
    await shop.send({ ...get, headers: { 'x-a': '1' } }, texts);
    expect(shop.counts.hits).to.equal(1);
  });

  it('is not kept when the API forbids it, nor when it is no 200, unless that was asked for', async () => {
    const cases: readonly (readonly [Canned, readonly number[], number])[] = [
      [{ headers: { 'cache-control': 'private, No-Store' } }, [], 0],
      [{ status: 206 }, [], 0],
      [{ status: 404 }, [], 0],
      [{ status: 404 }, [404], 1],
      [{ status: 200, headers: { 'cache-control': 'max-age=0' } }, [], 1],
    ];
    for (const [reply, keeps, hits] of cases) {
      const shop = new Cached(() => reply, { keeps });
      await shop.send(get, texts);
      await shop.send(get, texts);
      expect(shop.counts.hits, JSON.stringify(reply)).to.equal(hits);
    }
  });

  it('is kept without what belongs to a connection or a session, and with a date', async () => {
    const shop = new Cached(() => ({
      headers: { 'set-cookie': 's=1', 'content-encoding': 'gzip', 'content-length': '9', link: '<y>' },
    }));
    await shop.send(get, texts);
    const { headers } = await shop.send(get, async (response) => response);
    expect(headers).to.deep.equal({ link: '<y>', date: new Date(shop.clock.now()).toUTCString() });
  });

  it('is not kept when nobody could read it, and asked for again when nobody can any more', async () => {
    const shop = new Cached(() => ({ body: 'x' }));
    const refuse = async (): Promise<never> => {
      throw new TransientError(complaint('ETL0503', 'cut'));
    };
    await shop.send(get, refuse).catch(() => {});
    await shop.send(get, texts);
    expect(shop.counts).to.deep.equal({ hits: 0, misses: 1, revalidated: 0 });
    let looks = 0;
    const pickyOnce = async (response: ApiResponse): Promise<string> => {
      looks += 1;
      return looks <= 2 ? refuse() : texts(response);
    };
    expect(await shop.send(get, pickyOnce)).to.equal('x');
    expect(shop.asked).to.have.length(3);
  });

  it('is asked for by one at a time', async () => {
    const shop = new Cached(() => ({ body: 'x' }));
    const locks = memoryLocks();
    await Promise.all(Array.from({ length: 100 }, () => shop.send(get, texts, { locks })));
    expect(shop.asked).to.have.length(1);
    expect(shop.counts).to.deep.equal({ hits: 99, misses: 1, revalidated: 0 });
  });

  it('is asked for without a lock when locks cannot be reached; what else fails is not hidden', async () => {
    const shop = new Cached(() => ({ body: 'x' }));
    const locks: Locks = {
      exclusively: async () => {
        throw new TransientError(complaint('ETL0444', 'Redis does not answer'));
      },
      close: async () => {},
    };
    expect(await shop.send(get, texts, { locks })).to.equal('x');
    const refused = new Cached(() => {
      throw new TerminalError(complaint('ETL0411', 'refused'));
    });
    const error = await refused.send(get, texts).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TerminalError);
    expect(refused.asked).to.have.length(1);
  });
});

interface Asked {
  readonly hits: number;
  readonly misses: number;
  readonly bodies: readonly string[];
}

async function answerOf(child: ChildProcess): Promise<Asked> {
  let text = '';
  child.stdout?.on('data', (data: Buffer) => {
    text += data;
  });
  await once(child, 'close');
  return JSON.parse(text) as Asked;
}

describe('a lookup that 1,000 records in each of four processes ask for', () => {
  let redis: OwnRedis;
  let shop: Api;
  let children: readonly ChildProcess[] = [];

  before(async function () {
    redis = await ownRedis(this);
    shop = await api((_, response) => {
      setTimeout(() => json(response, { name: 'Lamps' }), 300);
    });
  });

  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await shop?.close();
    await redis?.stop();
  });

  it('takes one request', async function () {
    this.timeout(60_000);
    const prefix = ownPrefix();
    const script = join(root, 'dist/test/support/lookup-asker.js');
    const started = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [script, redis.url, prefix, shop.url, '1000'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    children = started;
    await Promise.all(started.map(({ stdout }) => once(stdout, 'data')));
    const answers = started.map(answerOf);
    for (const { stdin } of started) stdin.write('go\n');
    const all = await Promise.all(answers);
    expect(shop.asked).to.deep.equal(['/categories/7']);
    expect(all.map(({ bodies }) => bodies)).to.deep.equal(Array(4).fill(['{"name":"Lamps"}']));
    expect(all.reduce((sum, { hits }) => sum + hits, 0)).to.equal(3999);
  });
});
