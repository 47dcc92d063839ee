import { expect } from 'chai';
import type { Lab } from '../../engine/lab/lab.ts';
import type * as config from '../../engine/model/config.ts';
import {
  closeLabs,
  failureOf,
  get,
  orders,
  type Reply,
  StillClock,
  shop,
  start,
} from './support/lab-project.ts';

type DialectName = NonNullable<config.SourceLab['dialect']>;

const noon = Date.parse('2026-07-01T12:00:00Z');

interface Played {
  readonly lab: Lab;
  readonly clock: StillClock;
  ask(path?: string): Promise<Reply<unknown>>;
  /** Asks until the lab refuses, and gives that answer. */
  refusal(): Promise<Reply<unknown>>;
}

async function play(dialect: DialectName, ...limits: config.Limit[]): Promise<Played> {
  const clock = new StillClock();
  clock.advance(noon);
  const source = shop({ records: 'data' }, { budget: { limits }, lab: { dialect } });
  const lab = await start([source], orders([]), { clock });
  const ask = (path = '/orders') => get(`${lab.sources['shop']}${path}`);
  return {
    lab,
    clock,
    ask,
    async refusal() {
      const admitted = () => Object.values(lab.stats()['shop']!.limits).map((limit) => limit.refused);
      let reply = await ask();
      while (admitted().every((refused) => refused === 0)) reply = await ask();
      return reply;
    },
  };
}

const usual = new Set(['content-type', 'content-length', 'vary', 'date', 'connection', 'keep-alive']);
const own = ({ headers }: Reply<unknown>): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !usual.has(name)));

const rest: config.Limit = { id: 'rest', bucket: { rate: '2/s', burst: 4 } };
const second: config.Limit = { id: 'second', sliding: { limit: 3, per: '1s' } };
const ten: config.Limit = { id: 'ten', sliding: { limit: 3, per: '10s' } };
const day: config.Limit = { id: 'day', fixed: { limit: 3, per: 'day' } };
const hour: config.Limit = { id: 'hour', fixed: { limit: 3, per: 'hour' } };
const inflight: config.Limit = { id: 'inflight', concurrency: { limit: 1 } };

describe('the dialects of the lab', () => {
  afterEach(closeLabs);

  it('plain: nothing, and whole seconds on a refusal', async () => {
    const { ask, refusal } = await play('plain', { id: 'slow', bucket: { rate: '1/3s' } });
    expect(own(await ask())).to.deep.equal({});
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([429, { 'retry-after': '3' }]);
    expect(refused.body).to.deep.equal({
      error: { code: 'rate_limited', message: 'Limit slow of shop is exceeded: 1/3s, 1 at once.' },
    });
  });

  it('shopify: used/limit, and decimal seconds', async () => {
    const { ask, clock, refusal } = await play('shopify', rest);
    expect(own(await ask())).to.deep.equal({ 'x-shopify-shop-api-call-limit': '1/4' });
    await ask();
    clock.advance(750);
    expect(own(await ask())).to.deep.equal({ 'x-shopify-shop-api-call-limit': '2/4' });
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([
      429,
      { 'x-shopify-shop-api-call-limit': '4/4', 'retry-after': '0.3' },
    ]);
    expect(refused.body)
      .to.have.property('errors')
      .that.matches(/^Exceeded 2 calls per second/);
  });

  it('shopify: a whole number of seconds is written with its decimal', async () => {
    const { refusal } = await play('shopify', { id: 'rest', bucket: { rate: '1/2s' } });
    expect((await refusal()).headers.get('retry-after')).to.equal('2.0');
  });

  it('shopify_graphql: costs in the body, and a refusal that is a 200', async () => {
    const points: config.Limit = {
      id: 'points',
      bucket: { rate: '50/s', burst: 100 },
      cost: { estimate: 40, actual: { body: 'extensions.cost.actualQueryCost' } },
    };
    const { ask, lab } = await play('shopify_graphql', points);
    expect((await ask()).body).to.deep.equal({
      data: [],
      extensions: {
        cost: {
          requestedQueryCost: 40,
          actualQueryCost: 20,
          throttleStatus: { maximumAvailable: 100, currentlyAvailable: 80, restoreRate: 50 },
        },
      },
    });
    for (let times = 0; times < 3; times += 1) await ask();
    const refused = await ask();
    expect(refused.status).to.equal(200);
    expect(refused.body).to.deep.equal({
      errors: [
        {
          message: 'Throttled',
          extensions: { code: 'THROTTLED', documentation: 'https://shopify.dev/api/usage/rate-limits' },
        },
      ],
      extensions: {
        cost: {
          requestedQueryCost: 40,
          actualQueryCost: null,
          throttleStatus: { maximumAvailable: 100, currentlyAvailable: 20, restoreRate: 50 },
        },
      },
    });
    expect(lab.stats()['shop']).to.deep.include({ throttled: 1, statuses: { '200': 5 } });
  });

  it('shopify_graphql: needs a body that has room for costs', async () => {
    const source = shop({}, { budget: { limits: [rest] }, lab: { dialect: 'shopify_graphql' } });
    expect(await failureOf(start([source], orders([])))).to.match(/^ETL0808: .*extensions\.cost/);
  });

  it('amazon: the rate, and no word on a refusal', async () => {
    const { ask, refusal } = await play('amazon', { id: 'pair', bucket: { rate: '0.0167/s', burst: 2 } });
    expect(own(await ask())).to.deep.equal({ 'x-amzn-ratelimit-limit': '0.0167' });
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([429, {}]);
    expect(refused.body).to.deep.equal({
      errors: [
        {
          code: 'QuotaExceeded',
          message: 'You exceeded your quota for the requested resource.',
          details: '',
        },
      ],
    });
  });

  it('ebay: nothing in headers, but an endpoint that is not counted itself', async () => {
    const { ask, refusal, lab } = await play('ebay', {
      id: 'browse',
      fixed: { limit: 2, per: 'day', zone: 'America/Los_Angeles' },
    });
    expect(own(await ask())).to.deep.equal({});
    const path = '/developer/analytics/v1_beta/rate_limit/';
    const standing = (await ask(path)).body;
    const rate = {
      limit: 2,
      remaining: 1,
      count: 1,
      reset: '2026-07-02T07:00:00.000Z',
      timeWindow: 86_400,
    };
    expect(standing).to.deep.equal({
      rateLimits: [
        {
          apiContext: 'lab',
          apiName: 'Lab',
          apiVersion: 'v1',
          resources: [{ name: 'browse', rates: [rate] }],
        },
      ],
    });
    expect((await get(`${lab.url}/shop${path}`)).body, 'at the origin').to.deep.equal(standing);
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([429, {}]);
    expect(refused.body).to.have.nested.property('errors[0].errorId', 2001);
  });

  it('etsy: second and day, and on a refusal the wait alone', async () => {
    const { ask, refusal, clock } = await play('etsy', second, { ...day, fixed: { limit: 4, per: 'day' } });
    expect(own(await ask())).to.deep.equal({
      'x-limit-per-second': '3',
      'x-remaining-this-second': '2',
      'x-limit-per-day': '4',
      'x-remaining-today': '3',
    });
    expect(own(await refusal())).to.deep.equal({ 'retry-after': '1' });
    clock.advance(1000);
    await ask();
    const late = await ask();
    expect([late.status, own(late)]).to.deep.equal([429, { 'retry-after': String(12 * 3600 - 1) }]);
  });

  it('hubspot: day and interval, and the policy in the body', async () => {
    const { ask, refusal, clock } = await play('hubspot', { ...ten, sliding: { limit: 2, per: '10s' } }, day);
    expect(own(await ask())).to.deep.equal({
      'x-hubspot-ratelimit-daily': '3',
      'x-hubspot-ratelimit-daily-remaining': '2',
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-max': '2',
      'x-hubspot-ratelimit-remaining': '1',
    });
    const rolling = await refusal();
    expect([rolling.status, rolling.headers.get('x-hubspot-ratelimit-remaining')]).to.deep.equal([429, '0']);
    expect(rolling.headers.has('retry-after')).to.equal(false);
    expect(rolling.body).to.include({
      policyName: 'TEN_SECONDLY_ROLLING',
      message: 'You have reached your ten_secondly_rolling limit.',
    });
    clock.advance(10_000);
    await ask();
    expect((await ask()).body).to.include({
      policyName: 'DAILY',
      message: 'You have reached your daily limit.',
    });
  });

  it('salesforce: a parameter, and 403', async () => {
    const { ask, refusal } = await play('salesforce', day);
    expect(own(await ask())).to.deep.equal({ 'sforce-limit-info': 'api-usage=1/3' });
    expect((await ask('/limits')).body).to.deep.equal({ DailyApiRequests: { Max: 3, Remaining: 2 } });
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([403, { 'sforce-limit-info': 'api-usage=3/3' }]);
    expect(refused.body).to.deep.equal([
      { message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' },
    ]);
  });

  it('stripe: the reason in a header, by the kind of limit', async () => {
    const path = { path: '/orders*' };
    const cases: readonly (readonly [config.Limit, string])[] = [
      [second, 'global-rate'],
      [{ ...second, when: path }, 'endpoint-rate'],
      [{ ...second, key: ['{query.id}'] }, 'resource-specific'],
    ];
    for (const [limit, reason] of cases) {
      const { refusal } = await play('stripe', limit);
      const refused = await refusal();
      expect([refused.status, own(refused)]).to.deep.equal([429, { 'stripe-rate-limited-reason': reason }]);
      expect(refused.body).to.have.nested.property('error.code', 'rate_limit');
    }
  });

  it('stripe: too many at once', async () => {
    const source = shop({}, { budget: { limits: [inflight] }, lab: { dialect: 'stripe', latency: '50ms' } });
    const lab = await start([source], orders([]));
    const replies = await Promise.all([1, 2].map(() => get(`${lab.sources['shop']}/orders`)));
    const refused = replies.find(({ status }) => status === 429)!;
    expect(own(refused)).to.deep.equal({ 'stripe-rate-limited-reason': 'global-concurrency' });
  });

  it('walmart: tokens, and the instant of the next', async () => {
    const { ask, refusal } = await play('walmart', { id: 'feeds', bucket: { rate: '20/h', burst: 2 } });
    const next = String(noon + 180_000);
    expect(own(await ask())).to.deep.equal({
      'x-current-token-count': '1',
      'x-next-replenishment-time': next,
    });
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([
      429,
      { 'x-current-token-count': '0', 'x-next-replenishment-time': next },
    ]);
    expect(refused.body).to.have.nested.property('errors[0].code', 'REQUEST_THRESHOLD_VIOLATED');
  });

  it('mercadolibre: the text of a proxy', async () => {
    const { lab, ask } = await play('mercadolibre', { id: 'rpm', fixed: { limit: 1, per: 'minute' } });
    expect(own(await ask())).to.deep.equal({});
    const refused = await fetch(`${lab.sources['shop']}/orders`);
    expect([refused.status, refused.headers.get('content-type'), await refused.text()]).to.deep.equal([
      429,
      'text/plain; charset=utf-8',
      'local_rate_limited',
    ]);
  });

  it('zendesk: plain headers for the account, parameters for an endpoint', async () => {
    const minute: config.Limit = { id: 'account', fixed: { limit: 5, per: 'minute' } };
    const index: config.Limit = {
      id: 'tickets_index',
      fixed: { limit: 2, per: 'minute' },
      when: { path: '/orders' },
    };
    const { ask, refusal, clock } = await play('zendesk', minute, index);
    clock.advance(19_000);
    expect(own(await ask())).to.deep.equal({
      'x-rate-limit': '5',
      'x-rate-limit-remaining': '4',
      'ratelimit-limit': '5',
      'ratelimit-remaining': '4',
      'ratelimit-reset': '41',
      'zendesk-ratelimit-tickets-index': 'total=2; remaining=1; resets=41',
    });
    const refused = await refusal();
    expect(refused.status).to.equal(429);
    expect(own(refused)).to.include({
      'retry-after': '41',
      'zendesk-ratelimit-tickets-index': 'total=2; remaining=0; resets=41',
    });
  });

  it('github: epoch seconds, and 403 of two kinds', async () => {
    const { ask, refusal, clock } = await play(
      'github',
      { id: 'minute', sliding: { limit: 2, per: '1m' } },
      hour,
    );
    const reset = String(noon / 1000 + 3600);
    const primary = { 'x-ratelimit-limit': '3', 'x-ratelimit-reset': reset, 'x-ratelimit-resource': 'core' };
    expect(own(await ask())).to.deep.equal({
      ...primary,
      'x-ratelimit-remaining': '2',
      'x-ratelimit-used': '1',
    });
    const secondary = await refusal();
    expect([secondary.status, secondary.headers.get('retry-after')]).to.deep.equal([403, '60']);
    expect(secondary.body)
      .to.have.property('message')
      .that.matches(/secondary rate limit/);
    clock.advance(60_000);
    await ask();
    const used = await ask();
    expect([used.status, own(used)]).to.deep.equal([
      403,
      { ...primary, 'x-ratelimit-remaining': '0', 'x-ratelimit-used': '3' },
    ]);
    expect(used.body)
      .to.have.property('message')
      .that.matches(/^API rate limit exceeded/);
    expect((await ask('/rate_limit')).body).to.deep.include({
      rate: { limit: 3, used: 3, remaining: 0, reset: noon / 1000 + 3600 },
    });
  });

  it('google: 403 with a reason', async () => {
    const cases: readonly (readonly [config.Limit, string])[] = [
      [second, 'rateLimitExceeded'],
      [{ ...second, key: ['{account}'] }, 'userRateLimitExceeded'],
      [day, 'dailyLimitExceeded'],
    ];
    for (const [limit, reason] of cases) {
      const { refusal } = await play('google', limit);
      const refused = await refusal();
      expect([refused.status, own(refused)]).to.deep.equal([403, {}]);
      expect(refused.body).to.have.nested.property('error.errors[0].reason', reason);
    }
  });

  it('ietf: every limit is a policy', async () => {
    const { ask, refusal, clock } = await play('ietf', second, rest, day, {
      ...inflight,
      concurrency: { limit: 9 },
    });
    const policies =
      '"second";q=3;w=1, "rest";q=4;w=2, "day";q=3;w=86400, "inflight";q=9;qu="concurrent-requests"';
    expect(own(await ask())).to.deep.equal({
      'ratelimit-policy': policies,
      ratelimit: '"second";r=2;t=1, "rest";r=3;t=1, "day";r=2;t=43200, "inflight";r=8',
    });
    clock.advance(500);
    const refused = await refusal();
    expect(refused.status).to.equal(429);
    expect(own(refused)).to.include({ 'ratelimit-policy': policies, 'retry-after': '43200' });
    expect(refused.headers.get('content-type')).to.equal('application/problem+json');
    expect(refused.body).to.deep.include({ 'violated-policies': ['day'] });
  });

  it('ietf_old: the scarcest limit, and all policies', async () => {
    const { ask, refusal } = await play(
      'ietf_old',
      { id: 'burst', sliding: { limit: 10, per: '1s' } },
      {
        id: 'minute',
        sliding: { limit: 4, per: '1m' },
      },
    );
    expect(own(await ask())).to.deep.equal({
      'ratelimit-limit': '4, 10;w=1, 4;w=60',
      'ratelimit-remaining': '3',
      'ratelimit-reset': '60',
    });
    const refused = await refusal();
    expect([refused.status, own(refused)]).to.deep.equal([
      429,
      {
        'ratelimit-limit': '4, 10;w=1, 4;w=60',
        'ratelimit-remaining': '0',
        'ratelimit-reset': '60',
        'retry-after': '60',
      },
    ]);
  });

  it('speak on errors, too', async () => {
    const { ask } = await play('shopify', rest);
    const reply = await ask('/orders?unknown=1');
    expect([reply.status, own(reply)]).to.deep.equal([400, { 'x-shopify-shop-api-call-limit': '1/4' }]);
  });

  it('say what others use, too', async () => {
    const clock = new StillClock();
    const limits: config.Limit[] = [{ id: 'ten', sliding: { limit: 10, per: '10s' } }];
    const source = shop({}, { budget: { limits }, lab: { dialect: 'hubspot', others: '30%' } });
    const lab = await start([source], orders([]), { clock });
    const ask = () => get(`${lab.sources['shop']}/orders`);
    expect((await ask()).headers.get('x-hubspot-ratelimit-remaining')).to.equal('6');
    for (let times = 0; times < 6; times += 1) expect((await ask()).status).to.equal(200);
    expect((await ask()).status).to.equal(429);
  });

  it('answer the polls that limits declare in plain words', async () => {
    const polled: config.Limit = {
      ...day,
      observe: { poll: { path: '/usage' }, remaining: { body: 'limits.day.remaining' } },
    };
    const { ask } = await play('plain', polled, second);
    await ask();
    expect((await ask('/usage')).body).to.deep.equal({
      limits: {
        day: { limit: 3, used: 1, remaining: 2, reset: '2026-07-02T00:00:00.000Z' },
        second: { limit: 3, used: 1, remaining: 2, reset: '2026-07-01T12:00:01.000Z' },
      },
    });
  });
});
