import { expect } from 'chai';
import type { Credentials } from '../../../engine/execute/extract/credentials.ts';
import type { Meter } from '../../../engine/execute/extract/meter.ts';
import { retryAfterMs } from '../../../engine/execute/extract/retry-after.ts';
import type { ApiRequest } from '../../../engine/model/batch.ts';
import type * as config from '../../../engine/model/config.ts';
import { type ExplainedError, TerminalError } from '../../../engine/model/errors.ts';
import { type CannedReply as Reply, Run, request } from '../../support/sending.ts';

interface Tried {
  readonly run: Run;
  readonly provider: Run['provider'];
  readonly meter: Meter;
  readonly waits: readonly number[];
  readonly error?: ExplainedError;
}

async function attempt(replies: readonly Reply[], source: Partial<config.Source> = {}): Promise<Tried> {
  const run = new Run(replies, source);
  const error = await run.send();
  const { provider, meter, waits } = run;
  return { run, provider, meter, waits, ...(error !== undefined && { error }) };
}

const secondPage = { status: 200, body: '{}' };

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
    const headers = async (source: Partial<config.Source>): Promise<ApiRequest | undefined> =>
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

describe('a throttle', () => {
  const limits: config.Limit[] = [
    { id: 'rest', bucket: { rate: '2/s', burst: 40 }, key: ['{stream}'] },
    { id: 'day', fixed: { limit: 1000, per: 'day', zone: 'America/Los_Angeles' } },
  ];

  it('freezes the whole budget, and says what the API said without its secrets', async () => {
    const { run } = await attempt([
      { status: 429, headers: { 'retry-after': '2.0' }, body: 'slow  down,\n key=secret' },
    ]);
    expect(run.limiter.freezes).to.deep.equal([
      { domain: 'shop', order: { cause: 'throttle', reason: '429 slow down, key=***', ms: 2000 } },
    ]);
    expect(run.counted).to.deep.equal([
      { name: 'throttled', labels: { source: 'shop', class: 'throttle', status: '429' } },
    ]);
  });

  it('hides a secret that begins before the cut and ends behind it', async () => {
    const { run } = await attempt([{ status: 429, body: `${'x'.repeat(296)} secret` }]);
    expect(run.orders[0]?.reason).not.to.match(/sec/);
  });

  it('freezes the limit that its rule names, with the partition of the request', async () => {
    const { run } = await attempt([{ status: 430 }], {
      budget: { limits },
      responses: [{ when: { status: 430 }, class: 'throttle', limit: 'rest', for: '9s' }],
    });
    expect(run.orders).to.deep.equal([
      { limit: { id: 'rest', partition: 'orders' }, cause: 'throttle', reason: '430', ms: 9000 },
    ]);
  });

  it('without a rule that names one freezes the limits that bound the request, where none binds all', async () => {
    const own: config.Limit = { id: 'own', bucket: { rate: '2/s', burst: 2 }, when: { path: '/orders' } };
    const each: config.Limit = { id: 'each', bucket: { rate: '2/s', burst: 2 }, key: ['{path}'] };
    const other: config.Limit = { id: 'other', bucket: { rate: '2/s', burst: 2 }, when: { path: '/items' } };
    const all: config.Limit = { id: 'all', bucket: { rate: '9/s', burst: 9 } };
    const frozen = async (reply: Reply, ...bound: config.Limit[]) =>
      (await attempt([reply], { budget: { limits: bound } })).run.orders.map(({ limit }) => limit);
    const throttle = { status: 429, headers: { 'retry-after': '2' } };
    expect(await frozen(throttle, own, each, other)).to.deep.equal([
      { id: 'own', partition: '' },
      { id: 'each', partition: '/orders' },
    ]);
    // Any of them may be what is exceeded, the one of all included.
    expect(await frozen(throttle, own, all)).to.deep.equal([undefined]);
    expect(await frozen(throttle, other)).to.deep.equal([undefined]);
    // That the provider has trouble is no matter of one limit.
    expect(await frozen({ ...throttle, status: 503 }, own)).to.deep.equal([undefined]);
  });

  it('looks for the wait in its rule, then in Retry-After, then in what is used up, then in the rule again', async () => {
    const budget: config.Budget = {
      limits: [
        {
          id: 'hour',
          fixed: { limit: 50, per: 'hour' },
          observe: { remaining: { header: 'left' }, reset: { header: 'reset', as: 'seconds' } },
        },
      ],
    };
    const responses: config.ResponseRule[] = [
      { when: { status: 429 }, class: 'throttle', until: { header: 'wait', as: 'millis' }, for: '40s' },
    ];
    const headers = { wait: '1500', 'retry-after': '20', left: '0', reset: '30' };
    const waited = async (...without: string[]): Promise<number | undefined> => {
      const told = Object.fromEntries(Object.entries(headers).filter(([name]) => !without.includes(name)));
      return (await attempt([{ status: 429, headers: told }], { budget, responses })).run.orders[0]?.ms;
    };
    expect(await waited()).to.equal(1500);
    expect(await waited('wait')).to.equal(20_000);
    expect(await waited('wait', 'retry-after')).to.equal(30_000);
    expect(await waited('wait', 'retry-after', 'left')).to.equal(40_000);
  });

  it('is recognised in a reply of status 200', async () => {
    const { run, error } = await attempt(
      [{ status: 200, body: '{"errors": [{"extensions": {"code": "THROTTLED"}}]}' }],
      {
        responses: [
          {
            when: { status: 200, body: { 'errors[*].extensions.code': 'THROTTLED' } },
            class: 'throttle',
            for: '1s',
          },
        ],
      },
    );
    expect(error).to.equal(undefined);
    expect(run.provider.sent).to.have.length(2);
    expect(run.meter).to.deep.include({ refused: 1, classes: { throttle: 1, ok: 1 } });
  });
});

describe('a quota that is used up', () => {
  const source: Partial<config.Source> = {
    budget: {
      patience: '15m',
      limits: [{ id: 'day', fixed: { limit: 1000, per: 'day', zone: 'America/Los_Angeles' } }],
    },
    responses: [{ when: { status: 429, body: { policy: 'DAILY' } }, class: 'quota', limit: 'day' }],
  };
  const dayIsOver: Reply = { status: 429, body: '{"policy": "DAILY"}' };

  it('stops the stream until the day ends where the provider is, and says until when', async () => {
    const { run, error } = await attempt([dayIsOver], source);
    expect(run.orders).to.deep.equal([
      {
        limit: { id: 'day', partition: '' },
        cause: 'quota',
        reason: '429 {"policy": "DAILY"}',
        ms: 8 * 3_600_000,
      },
    ]);
    expect(error).to.be.instanceOf(TerminalError);
    expect(error?.diagnostic.code).to.equal('ETL0423');
    expect(error?.diagnostic.help.join(' ')).to.contain(
      'used up until 2026-01-01T08:00:00.000Z, in 8 h 00 min',
    );
    expect(run.provider.sent).to.have.length(1);
  });

  it('is waited for when that is no longer than the patience', async () => {
    const { run, error } = await attempt([dayIsOver], {
      ...source,
      budget: { ...source.budget, patience: '9h' },
    });
    expect(error).to.equal(undefined);
    expect(run.waits).to.deep.equal([8 * 3_600_000]);
    expect(run.meter).to.include({ requests: 2, refused: 1 });
  });

  it('does not slow the limit down: it was not too fast', async () => {
    const { run } = await attempt([dayIsOver], source);
    expect(run.limiter.settled.map(({ settlement }) => settlement.outcome)).to.deep.equal(['answered']);
  });
});

describe('a ban', () => {
  it('freezes the whole budget until a person thaws it, and says how', async () => {
    const { run, error } = await attempt([{ status: 430, body: 'security rejection' }], {
      budget: { domain: 'shopify:acme' },
      responses: [{ when: { status: 430 }, class: 'ban' }],
    });
    expect(run.limiter.freezes).to.deep.equal([
      { domain: 'shopify:acme', order: { cause: 'ban', reason: '430 security rejection' } },
    ]);
    expect(error).to.be.instanceOf(TerminalError);
    expect(error?.diagnostic.code).to.equal('ETL0424');
    expect(error?.diagnostic.help.join(' ')).to.contain('`etl limits thaw shopify:acme`');
    expect(run.provider.sent).to.have.length(1);
  });
});

describe('refused credentials', () => {
  class Tokens implements Credentials {
    issued = 1;
    renewable = true;

    async apply(one: ApiRequest): Promise<ApiRequest> {
      return { ...one, headers: { ...one.headers, token: String(this.issued) } };
    }

    async renew(): Promise<boolean> {
      await Promise.resolve();
      if (this.renewable) this.issued += 1;
      return this.renewable;
    }
  }

  it('are renewed once per request', async () => {
    const run = new Run([{ status: 401 }], {}, new Tokens());
    expect(await run.send()).to.equal(undefined);
    expect(run.provider.sent.map((one) => one.request.headers['token'])).to.deep.equal(['1', '2']);
    const refused = new Run([{ status: 401 }, { status: 401 }], {}, new Tokens());
    expect((await refused.send())?.diagnostic.code).to.equal('ETL0404');
    expect(refused.provider.sent).to.have.length(2);
  });

  it('are renewed once for all requests that were sent with the same ones', async () => {
    const tokens = new Tokens();
    const run = new Run([{ status: 401 }, { status: 401 }, { status: 401 }], {}, tokens);
    expect(await Promise.all([run.send(), run.send(), run.send()])).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(tokens.issued).to.equal(2);
  });

  it('stop the stream when there is nothing to renew', async () => {
    const tokens = new Tokens();
    tokens.renewable = false;
    const run = new Run([{ status: 401 }], {}, tokens);
    expect((await run.send())?.diagnostic.code).to.equal('ETL0404');
    expect(run.provider.sent).to.have.length(1);
  });
});

describe('a 403 that nobody has explained', () => {
  const forbidden = (count: number): Reply[] => Array.from({ length: count }, () => ({ status: 403 }));

  it('stops its stream; the third within a minute stops the whole budget for a minute', async () => {
    const run = new Run(forbidden(3));
    const errors = [await run.send(), await run.send()];
    expect(run.limiter.freezes).to.deep.equal([]);
    errors.push(await run.send());
    expect(errors.map((error) => error?.diagnostic.code)).to.deep.equal(['ETL0410', 'ETL0410', 'ETL0410']);
    expect(run.orders).to.deep.equal([{ cause: 'forbidden', reason: '403', ms: 60_000 }]);
    expect(run.provider.sent).to.have.length(3);
  });

  it('is forgotten after a minute', async () => {
    const run = new Run(forbidden(4));
    for (let sent = 0; sent < 4; sent += 1) {
      await run.send();
      await run.clock.sleep(31_000);
    }
    expect(run.limiter.freezes).to.deep.equal([]);
  });

  it('is another matter when a rule says what it means', async () => {
    const run = new Run(
      Array.from({ length: 4 }, () => ({ status: 403, body: 'scope missing' })),
      {
        responses: [{ when: { status: 403, bodyMatches: 'scope' }, class: 'forbidden' }],
      },
    );
    for (let sent = 0; sent < 4; sent += 1) await run.send();
    expect(run.limiter.freezes).to.deep.equal([]);
  });
});

describe('what may pass', () => {
  it('is asked for again after a lock, as late as the API says, and nobody else waits', async () => {
    const { run, waits, error } = await attempt([{ status: 423, headers: { 'retry-after': '7' } }]);
    expect(error).to.equal(undefined);
    expect(waits).to.deep.equal([7000]);
    expect(run.limiter.freezes).to.deep.equal([]);
  });

  it('is given up when it stays locked', async () => {
    const { error } = await attempt([{ status: 423 }, { status: 423 }], { attempts: 2 });
    expect(error?.diagnostic.code).to.equal('ETL0422');
  });

  it('is asked for again only as often as the source answers well, and the failure says so', async () => {
    const run = new Run(
      Array.from({ length: 40 }, () => ({ status: 503 })),
      { attempts: 20 },
    );
    const error = await run.send();
    expect(run.provider.sent).to.have.length(11);
    expect(error?.diagnostic.code).to.equal('ETL0413');
    expect(error?.diagnostic.help.at(-1)).to.contain('The retries of shop are used up: 10, and 20%');
  });

  it('earns retries by good answers', async () => {
    const replies: Reply[] = [...Array.from({ length: 10 }, () => 'reset' as const), secondPage];
    const run = new Run(
      [...replies, ...Array.from({ length: 9 }, () => secondPage), 'reset', 'reset', 'reset'],
      {
        attempts: 20,
      },
    );
    for (let sent = 0; sent < 10; sent += 1) expect(await run.send()).to.equal(undefined);
    expect(await run.send(), 'two of the three retries are earned').not.to.equal(undefined);
    expect(run.meter.retries).to.equal(12);
  });

  it('is not waited for when the run is stopped', async () => {
    const run = new Run(['hang']);
    const sent = run.send();
    await Promise.resolve();
    setImmediate(() => run.stop.abort(new Error('stopped')));
    expect((await sent)?.message).to.equal('stopped');
    expect(run.limiter.settled.map(({ settlement }) => settlement)).to.deep.equal([{ outcome: 'failed' }]);
  });
});

describe('a permit', () => {
  it('is asked for with every limit that matches, and settled with what the reply says', async () => {
    const { run } = await attempt(
      [{ status: 200, headers: { 'api-call-limit': '32/40' }, body: '{"cost": {"actual": 3}}' }],
      {
        budget: {
          limits: [
            {
              id: 'rest',
              bucket: { rate: '2/s', burst: 40 },
              observe: { header: 'Api-Call-Limit', match: '^(?<used>\\d+)/(?<limit>\\d+)$' },
            },
            {
              id: 'points',
              bucket: { rate: '50/s', burst: 1000 },
              cost: { estimate: 10, actual: { body: 'cost.actual' } },
            },
            { id: 'search', spacing: '1/s', when: { path: '/search*' } },
          ],
        },
      },
    );
    expect(
      run.limiter.asked.map(({ limits, ...rest }) => ({
        ...rest,
        limits: limits.map(({ limit, ...bound }) => ({ id: limit.id, ...bound })),
      })),
    ).to.deep.equal([
      {
        stream: 'shop.orders',
        weight: 1,
        priority: 'normal',
        limits: [
          { id: 'rest', partition: '', cost: 1 },
          { id: 'points', partition: '', cost: 10 },
        ],
      },
    ]);
    expect(run.limiter.settled.map(({ settlement }) => settlement)).to.deep.equal([
      {
        outcome: 'answered',
        costs: { points: 3 },
        observations: [{ limit: 'rest', partition: '', used: 32, capacity: 40 }],
      },
    ]);
  });

  it('is settled, too, when there is no answer', async () => {
    const { run } = await attempt(['reset', { status: 429 }]);
    expect(run.limiter.settled.map(({ settlement }) => settlement.outcome)).to.deep.equal([
      'failed',
      'throttled',
      'answered',
    ]);
    expect(run.limiter.settled.map(({ permit }) => permit.id)).to.deep.equal(['1', '2', '3']);
  });
});

describe('a request to another origin that the source allows', () => {
  const source: Partial<config.Source> = {
    auth: { type: 'api_key', query: 'key', value: '${env:KEY}' },
    allowedOrigins: ['https://files.example'],
    budget: { limits: [{ id: 'rest', bucket: { rate: '2/s', burst: 40 } }] },
  };
  const moved = { status: 302, headers: { location: 'https://files.example/a.json?key=secret&b=2' } };

  it('carries no credentials and no header that may hold one, and its limits are not ours', async () => {
    const run = new Run([moved, { status: 200, headers: { 'ratelimit-remaining': '0' } }], source);
    expect(await run.send({ ...request, headers: { 'X-Key': '${env:KEY}', Accept: 'text/json' } })).to.equal(
      undefined,
    );
    const [first, second] = run.provider.sent.map((one) => one.request);
    expect(first?.url).to.contain('key=secret');
    expect(second).to.deep.equal({
      method: 'GET',
      url: 'https://files.example/a.json?b=2',
      headers: { Accept: 'text/json' },
    });
    expect(run.limiter.settled.at(-1)?.settlement.observations).to.deep.equal([]);
  });

  it('repeats a POST only where the redirect says so', async () => {
    const methods = async (status: number): Promise<readonly (string | undefined)[]> => {
      const run = new Run([{ status, headers: { location: '/v1/other' } }]);
      await run.send({ ...request, method: 'POST', body: '{}' });
      return run.provider.sent.map((one) => `${one.request.method} ${one.request.body}`);
    };
    expect(await methods(302)).to.deep.equal(['POST {}', 'GET undefined']);
    expect(await methods(307)).to.deep.equal(['POST {}', 'POST {}']);
  });
});

describe('a quota that is asked for', () => {
  const source: Partial<config.Source> = {
    headers: { 'X-App': 'sluice' },
    auth: { type: 'bearer', token: '${env:KEY}' },
    budget: {
      limits: [
        {
          id: 'day',
          fixed: { limit: 5000, per: 'day' },
          when: { path: '/orders' },
          observe: {
            remaining: { body: 'rates[*].remaining' },
            reset: { body: 'rates[*].reset', as: 'iso' },
            poll: { path: '//analytics/rate_limit/', every: '15m' },
          },
        },
      ],
    },
  };
  const told = { status: 200, body: '{"rates": [{"remaining": 7, "reset": "2026-01-01T01:00:00Z"}]}' };

  it('is asked for before the next request, at most as often as declared, with credentials and a permit', async () => {
    const run = new Run([told, secondPage, secondPage, told, secondPage], source);
    await run.send();
    await run.send();
    await run.clock.sleep(16 * 60_000);
    await run.send();
    expect(run.provider.sent.map((one) => new URL(one.request.url).pathname)).to.deep.equal([
      '/analytics/rate_limit/',
      '/v1/orders',
      '/v1/orders',
      '/analytics/rate_limit/',
      '/v1/orders',
    ]);
    expect(run.provider.sent[0]?.request.headers).to.deep.equal({
      authorization: 'Bearer secret',
      'X-App': 'sluice',
    });
    expect(run.limiter.asked.map(({ limits }) => limits.length)).to.deep.equal([0, 1, 1, 0, 1]);
    expect(run.limiter.settled[0]?.settlement.observations).to.deep.equal([
      { limit: 'day', partition: '', remaining: 7, resetMs: 3_600_000 },
    ]);
    expect(run.limiter.settled[1]?.settlement.observations).to.deep.equal([]);
  });

  it('is asked for once by requests that come together', async () => {
    const run = new Run([told, secondPage, secondPage], source);
    await Promise.all([run.send(), run.send()]);
    expect(run.provider.sent).to.have.length(3);
  });

  it('is counted and reported when it cannot be had, and the stream goes on', async () => {
    for (const reply of ['reset', { status: 404, body: 'secret' }, { status: 200, body: '[]' }] as const) {
      const run = new Run([reply], source);
      expect(await run.send()).to.equal(undefined);
      expect(run.meter.pollsFailed).to.equal(1);
      expect(run.meter.pollFailure?.code).to.equal('ETL0425');
      expect(run.meter.pollFailure?.summary).not.to.contain('secret');
      expect(run.provider.sent).to.have.length(2);
    }
  });

  it('freezes the budget when the poll itself is throttled', async () => {
    const run = new Run([{ status: 429, headers: { 'retry-after': '5' } }], source);
    await run.send();
    expect(run.waits).to.deep.equal([5000]);
  });
});

describe('what a person must decide', () => {
  it('is said with stream, request, class, the reply without secrets, and the key to change', async () => {
    const { error } = await attempt([{ status: 403, body: 'token secret lacks read_orders' }]);
    expect(error).to.be.instanceOf(TerminalError);
    expect(error?.diagnostic.summary).to.equal('shop forbade the request: 403 on GET /v1/orders');
    expect(error?.diagnostic.help).to.deep.equal([
      'It answered: 403 token *** lacks read_orders',
      'The stream is shop.orders; such an answer counts as `forbidden`, unless a rule in `responses` says otherwise.',
      'The credentials may lack a permission, or the provider has blocked them. It was not tried again.',
    ]);
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
