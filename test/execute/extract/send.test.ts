import { expect } from 'chai';
import { retryAfterMs } from '../../../engine/execute/extract/retry-after.ts';
import { type Meter, type Sender, send } from '../../../engine/execute/extract/send.ts';
import type { ApiRequest, ApiResponse } from '../../../engine/model/batch.ts';
import { complaint, type ExplainedError, TransientError } from '../../../engine/model/errors.ts';
import type { HttpClient } from '../../../engine/model/ports.ts';
import { InProcessLimiter } from '../../../engine/services/limiter/in-process-limiter.ts';
import { sourcePlan } from '../../support/plans.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'reset';

const request: ApiRequest = { method: 'GET', url: 'https://api.example/v1/orders?a=1', headers: {} };

class Provider implements HttpClient {
  readonly sent: { readonly atMs: number; readonly request: ApiRequest }[] = [];
  readonly #replies: Reply[];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, replies: readonly Reply[]) {
    this.#clock = clock;
    this.#replies = [...replies];
  }

  async send(sent: ApiRequest): Promise<ApiResponse> {
    this.sent.push({ atMs: this.#clock.monotonicUs() / 1000, request: sent });
    const reply = this.#replies.shift() ?? { status: 200 };
    if (reply === 'reset') throw new TransientError(complaint('ETL0403', 'the connection was reset'));
    return {
      status: reply.status,
      headers: reply.headers ?? {},
      body: Buffer.from(reply.body ?? ''),
      elapsedMs: 1,
    };
  }

  async close(): Promise<void> {}
}

interface Tried {
  readonly provider: Provider;
  readonly meter: Meter;
  readonly waits: readonly number[];
  readonly error?: ExplainedError;
}

async function attempt(
  replies: readonly Reply[],
  source: Parameters<typeof sourcePlan>[0] = {},
): Promise<Tried> {
  const clock = new VirtualClock();
  const provider = new Provider(clock, replies);
  const meter: Meter = { requests: 0, retries: 0, refused: 0, waitedMs: 0 };
  const references = {
    resolve: (text: string) => text.replace('${env:KEY}', 'secret'),
    redact: (text: string) => text,
    hide: () => {},
  };
  const sender: Sender = {
    source: sourcePlan(source),
    stream: 'shop.orders',
    meter,
    services: {
      clock,
      http: provider,
      limiter: new InProcessLimiter(clock),
      references,
      random: () => 0.5,
      signal: new AbortController().signal,
    },
  };
  const error = await send(sender, request, async () => undefined).catch((thrown: ExplainedError) => thrown);
  const waits = provider.sent
    .slice(1)
    .map(({ atMs }, at) => Math.round(atMs - (provider.sent[at]?.atMs ?? 0)));
  return { provider, meter, waits, ...(error !== undefined && { error }) };
}

describe('sending a request', () => {
  it('tries again after what may pass, with a growing wait, up to the attempts of the source', async () => {
    const { waits, error, meter } = await attempt([
      'reset',
      { status: 503 },
      'reset',
      'reset',
      'reset',
      'reset',
    ]);
    expect(waits).to.deep.equal([500, 1000, 2000, 4000]);
    expect(error?.diagnostic.code).to.equal('ETL0403');
    expect(meter).to.include({ requests: 5, retries: 4 });
  });

  it('waits as long as a 503 asks before it tries again', async () => {
    const { waits, error } = await attempt([{ status: 503, headers: { 'retry-after': '9' } }]);
    expect(error).to.equal(undefined);
    expect(waits).to.deep.equal([9000]);
  });

  it('never tries a 401, 403 or 404 again', async () => {
    for (const [status, code] of [
      [401, 'ETL0404'],
      [403, 'ETL0410'],
      [404, 'ETL0411'],
    ] as const) {
      const { provider, error } = await attempt([{ status, body: 'no such thing' }]);
      expect(provider.sent, String(status)).to.have.length(1);
      expect(error?.diagnostic.code).to.equal(code);
      expect(error?.diagnostic.help.join()).to.contain('no such thing');
    }
  });

  it('waits for as long as a 429 asks without counting an attempt', async () => {
    const throttle: Reply = { status: 429, headers: { 'retry-after': '7' } };
    const { waits, error, meter } = await attempt([throttle, throttle, throttle], { attempts: 1 });
    expect(error).to.equal(undefined);
    expect(waits).to.deep.equal([7000, 7000, 7000]);
    expect(meter).to.include({ requests: 4, refused: 3, waitedMs: 21_000 });
  });

  it('waits longer each time when a 429 does not say how long', async () => {
    const { waits } = await attempt([{ status: 429 }, { status: 429 }, { status: 429 }]);
    expect(waits).to.deep.equal([2000, 4000, 8000]);
  });

  it('gives up on a provider that never stops throttling', async () => {
    const { error, provider } = await attempt(
      Array.from({ length: 50 }, () => ({ status: 429, headers: { 'retry-after': '1' } })),
    );
    expect(error?.diagnostic.code).to.equal('ETL0414');
    expect(provider.sent).to.have.length(20);
  });

  it('follows a redirect on its own origin only', async () => {
    const inside = await attempt([{ status: 302, headers: { location: '/v2/orders' } }]);
    expect(inside.provider.sent.map((one) => one.request.url)).to.deep.equal([
      request.url,
      'https://api.example/v2/orders',
    ]);
    const outside = await attempt([{ status: 302, headers: { location: 'https://evil.example/' } }]);
    expect(outside.error?.diagnostic.code).to.equal('ETL0415');
    expect(outside.provider.sent).to.have.length(1);
    const round = await attempt(
      Array.from({ length: 20 }, () => ({ status: 307, headers: { location: '/v1/orders' } })),
    );
    expect(round.error?.diagnostic.code).to.equal('ETL0415');
  });

  it('puts the credentials on the request as the source says', async () => {
    const headers = async (source: Parameters<typeof sourcePlan>[0]): Promise<ApiRequest | undefined> =>
      (await attempt([], source)).provider.sent[0]?.request;
    const value = '${env:KEY}';
    expect((await headers({ auth: { type: 'bearer', token: value } }))?.headers).to.deep.equal({
      authorization: 'Bearer secret',
    });
    expect((await headers({ auth: { type: 'api_key', header: 'X-Key', value } }))?.headers).to.deep.equal({
      'X-Key': 'secret',
    });
    expect((await headers({ auth: { type: 'api_key', query: 'key', value } }))?.url).to.equal(
      `${request.url}&key=secret`,
    );
    const basic = await headers({ auth: { type: 'basic', username: 'u', password: value } });
    expect(basic?.headers['authorization']).to.equal(`Basic ${Buffer.from('u:secret').toString('base64')}`);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    ['2', 2000],
    ['2.0', 2000],
    ['0.4', 1000],
    ['0', 1000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 1000],
    ['1e9', undefined],
    ['999999999', 86_400_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [header, ms] of cases) {
    it(`is ${ms === undefined ? 'unknown' : `${ms} ms`} for ${JSON.stringify(header)}`, () => {
      expect(retryAfterMs(header, now)).to.equal(ms);
    });
  }
});
