import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import type { Plan } from '../../engine/model/plan.ts';
import type {
  BudgetStatus,
  FreezeOrder,
  FreezeStatus,
  Limiter,
  LimitStatus,
  Waiting,
} from '../../engine/model/ports.ts';
import {
  budgetsOf,
  freezeBudget,
  type SharedBudget,
  thawBudget,
  viewBudgets,
} from '../../engine/operations/budgets.ts';
import { explainStream } from '../../engine/operations/explain.ts';
import { explainText } from '../../engine/report/explain-text.ts';
import { limitsText } from '../../engine/report/limits-text.ts';
import { sourcePlan, streamPlan } from '../support/plans.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');

interface Known {
  readonly limits?: readonly LimitStatus[];
  readonly freezes?: readonly FreezeStatus[];
  readonly waiting?: readonly Waiting[];
  readonly processes?: number;
}

/** A limiter that says what it is told, and writes down what it is asked. */
function limiterThat(
  known: Known,
): Limiter & { readonly ordered: FreezeOrder[]; readonly thawed: unknown[] } {
  const ordered: FreezeOrder[] = [];
  const thawed: unknown[] = [];
  const never = (): never => expect.fail('nothing is sent');
  return {
    ordered,
    thawed,
    acquire: never,
    settle: never,
    freeze: async (_, order) => {
      ordered.push(order);
      return order.ms ?? Number.POSITIVE_INFINITY;
    },
    thaw: async (_, limit) => {
      thawed.push(limit);
      return known.freezes?.length ?? 0;
    },
    status: async ({ domain }): Promise<BudgetStatus> => ({
      domain,
      limits: [],
      freezes: [],
      waiting: [],
      processes: 1,
      ...known,
    }),
    waiting: () => [],
    close: async () => {},
  };
}

interface Declared {
  readonly budget: config.Budget;
  readonly streams?: Readonly<Record<string, Partial<config.Stream>>>;
}

/** A plan of these sources, as far as budgets need it. */
function planOf(sources: Readonly<Record<string, Declared>>): Plan {
  const steps = Object.entries(sources).flatMap(([source, { streams = { orders: {} } }]) =>
    Object.entries(streams).map(([name, stream]) => ({
      kind: 'extract' as const,
      id: `extract ${source}.${name}`,
      reason: '',
      stream: { ...streamPlan(stream), source, name },
      mappings: [],
    })),
  );
  const plans = Object.entries(sources).map(([name, { budget }]) => [
    name,
    { ...sourcePlan({ name, budget }), name },
  ]);
  return { sources: Object.fromEntries(plans), steps } as unknown as Plan;
}

const one = (budget: config.Budget, streams?: Declared['streams']): SharedBudget => {
  const [found] = budgetsOf(planOf({ shop: { budget, ...(streams && { streams }) } }));
  return found ?? expect.fail('the plan has a budget');
};

const rest: config.Limit = { id: 'rest', bucket: { rate: '2/s', burst: 40 } };
const day: config.Limit = { id: 'day', fixed: { limit: 1440, per: 'day' } };

const explain = async (budget: SharedBudget, known: Known = {}, at = 0) =>
  explainStream(budget.streams[at] ?? expect.fail('the budget has the stream'), budget, limiterThat(known));

const seen = (id: string, more: Partial<LimitStatus> = {}): LimitStatus => ({
  id,
  partition: '',
  fill: 0.5,
  nextMs: 0,
  rateFactor: 1,
  ...more,
});

describe('the budgets of a plan', () => {
  it('are one for all sources of a domain, with the limits of each', () => {
    const plan = planOf({
      shop: { budget: { domain: 'acme', limits: [rest] } },
      stock: { budget: { domain: 'acme', limits: [{ ...rest, bucket: { rate: '9/s' } }, day] } },
      other: { budget: { limits: [rest] } },
    });
    const found = budgetsOf(plan).map(({ plan: budget, sources, streams }) => ({
      domain: budget.domain,
      sources,
      limits: budget.limits.map(({ id, declared }) => `${id} ${declared}`),
      streams: streams.map(({ source }) => source),
    }));
    expect(found).to.deep.equal([
      {
        domain: 'acme',
        sources: ['shop', 'stock'],
        limits: ['rest 2/s, burst 40', 'day 1440 per day'],
        streams: ['shop', 'stock'],
      },
      { domain: 'other', sources: ['other'], limits: ['rest 2/s, burst 40'], streams: ['other'] },
    ]);
  });

  it('show every limit, each partition of it, and those that were not used yet', async () => {
    const budget = one({ limits: [{ ...rest, key: ['{stream}'] }, day] });
    const status = {
      limits: [seen('rest', { partition: 'orders' }), seen('rest', { partition: 'items', fill: 1 })],
    };
    const [view] = await viewBudgets([budget], limiterThat(status));
    expect(view?.limits.map(({ id, partition, fill }) => [id, partition, fill])).to.deep.equal([
      ['rest', 'items', 1],
      ['rest', 'orders', 0.5],
      ['day', '', 0],
    ]);
  });
});

describe('a stream explained', () => {
  it('is as fast as the limit that lets it through least, in the long run and at first', async () => {
    const { steady, first, limits } = await explain(one({ headroom: '0%', limits: [rest, day] }));
    expect(steady).to.deep.equal({ perMinute: 1, decidedBy: 'day' });
    // 40 at once, less what can bunch up, and 2/s.
    expect(first).to.deep.equal({ perMinute: 157, decidedBy: 'rest' });
    expect(limits.map(({ perMinute }) => perMinute)).to.deep.equal([120, 1]);
  });

  it('knows which limits bind it, by path, method and stream', async () => {
    const budget = one(
      {
        limits: [
          rest,
          { id: 'search', spacing: '1/s', when: { path: '/search*' } },
          { id: 'writes', spacing: '1/s', when: { method: ['POST'] } },
          { id: 'mine', spacing: '1/s', when: { stream: ['found'] } },
        ],
      },
      { orders: {}, found: { request: { path: '/search/orders' } } },
    );
    const bound = async (at: number) => {
      const { limits, free } = await explain(budget, {}, at);
      return [limits.map(({ id }) => id), free];
    };
    expect(await bound(0)).to.deep.equal([['rest'], ['search', 'writes', 'mine']]);
    expect(await bound(1)).to.deep.equal([['rest', 'search', 'mine'], ['writes']]);
  });

  it('counts a partition of its own in a limit with a key', async () => {
    const budget = one(
      { limits: [{ ...rest, key: ['{stream}', '{query.site}'] }] },
      {
        orders: { request: { path: '/orders', query: { site: 'de' } } },
      },
    );
    const status = {
      limits: [
        seen('rest', { partition: 'orders,fr', rateFactor: 0.1 }),
        seen('rest', { partition: 'orders,de', rateFactor: 0.5 }),
      ],
    };
    const { limits, now } = await explain(budget, status);
    expect(limits[0]?.partition).to.equal('orders,de');
    expect(limits[0]?.rateFactor).to.equal(0.5);
    expect(now?.perMinute).to.be.closeTo(57, 0.1);
  });

  it('divides by what a request costs', async () => {
    const points: config.Limit = {
      id: 'points',
      sliding: { limit: 900, per: '1m' },
      cost: { byMethod: { GET: 3, default: 5 } },
    };
    const { steady, limits } = await explain(one({ headroom: '0%', limits: [points] }));
    expect(limits[0]?.cost).to.equal(3);
    expect(steady?.perMinute).to.be.closeTo(300, 0.5);
  });

  it('says what throttles and others take away', async () => {
    const status = { limits: [seen('rest', { rateFactor: 0.7, drift: 0.3 })] };
    const explained = await explain(one({ headroom: '0%', limits: [rest] }), status);
    expect(explained.now?.perMinute).to.be.closeTo(120 * 0.7 * 0.7, 0.01);
    const text = explainText(explained, nowMs);
    expect(text).to.contain('`rest` was throttled: 70 % of its rate is used');
    expect(text).to.contain('Others use 30 % of `rest`, by what replies say.');
    expect(text).to.contain('As things stand now, 58.8 requests per minute: `rest` decides.');
  });

  it('says until when it is frozen, by whom, and leaves out what does not hold for it', async () => {
    const freezes: FreezeStatus[] = [
      { limit: 'search', cause: 'throttle', reason: '429', remainingMs: 5000 },
      {
        limit: 'rest',
        partition: '',
        cause: 'throttle',
        reason: '429, says Retry-After 60',
        remainingMs: 60_000,
      },
    ];
    const explained = await explain(one({ limits: [rest] }), {
      freezes,
      limits: [seen('rest', { nextMs: 400 })],
    });
    expect(explained.freezes.map(({ limit }) => limit)).to.deep.equal(['rest']);
    expect(explained.next).to.deep.equal({ ms: 60_000, decidedBy: 'freeze' });
    const text = explainText(explained, nowMs);
    expect(text).to.contain('`rest` is frozen until 12:01:00Z (throttle: 429, says Retry-After 60).');
    expect(text).to.contain('The next request can leave in 1 min 00 s');
  });

  it('never leaves as long as nobody thaws it', async () => {
    const freezes: FreezeStatus[] = [{ cause: 'ban', reason: '403 "blocked"' }];
    const text = explainText(await explain(one({ limits: [rest] }), { freezes }), nowMs);
    expect(text).to.contain('The budget shop is frozen until somebody thaws it (ban: 403 "blocked").');
    expect(text).to.contain('No request leaves until somebody thaws it: see `etl limits thaw`.');
  });

  it('names who waits besides it', async () => {
    const waiting: Waiting[] = [
      { stream: 'shop.orders', domain: 'shop', sinceMs: 4200, boundBy: 'rest', remainingMs: 800 },
      { stream: 'shop.items', domain: 'shop', boundBy: 'turn' },
    ];
    const text = explainText(await explain(one({ limits: [rest] }), { waiting }), nowMs);
    expect(text).to.contain(
      'shop.orders (weight 1, priority normal) is waiting 4.2 s for rest, 800 ms more.\n' +
        'shop.items is waiting for its turn, too.',
    );
  });

  it('is free where nothing is declared', async () => {
    const text = explainText(await explain(one({})), nowMs);
    expect(text).to.contain('No limit binds it: requests leave as fast as they are answered.');
    expect(text).to.contain('The next request can leave now.');
  });
});

describe('the table of budgets', () => {
  it('shows fill, next slot, factor, drift, freezes and who waits', async () => {
    const status: Known = {
      limits: [
        seen('rest', { fill: 0.42, nextMs: 300, rateFactor: 0.7, drift: 0.25 }),
        seen('day', { fill: 0.996 }),
      ],
      freezes: [{ limit: 'day', cause: 'quota', reason: 'used up', remainingMs: 86_400_000 }],
      waiting: [
        {
          stream: 'shop.orders',
          domain: 'shop',
          sinceMs: 42_000,
          boundBy: 'rest',
          remainingMs: 18_000,
          reason: '429',
        },
        { stream: 'shop.items', domain: 'shop', boundBy: 'rest' },
      ],
      processes: 3,
    };
    const views = await viewBudgets([one({ limits: [rest, day] })], limiterThat(status));
    expect(limitsText(views, { nowMs, format: 'text' }).split('\n')).to.deep.equal([
      'budget             declared       fill               next  factor  drift  frozen until, and why',
      'shop, 3 processes',
      '  rest             2/s, burst 40  ████░░░░░░ 42 %  300 ms    70 %   25 %',
      '  day              1440 per day   ██████████ 99 %     now   100 %         2026-03-02 12:00:00Z (quota: used up)',
      '',
      'shop.orders (shop) since 11:59:18Z: waiting 42.0 s for rest, 18.0 s more (frozen: 429)',
      'shop.items (shop): waiting for rest',
    ]);
    expect(limitsText(views, { nowMs, format: 'markdown' })).to.contain(
      '| rest | 2/s, burst 40 | ████░░░░░░ 42 % | 300 ms | 70 % | 25 % |  |',
    );
  });

  it('says so when nothing is limited', async () => {
    const views = await viewBudgets([one({})], limiterThat({}));
    expect(limitsText(views, { nowMs, format: 'text' })).to.match(/^No source declares a limit/);
  });
});

describe('a freeze by hand', () => {
  it('is of the whole budget, or of every partition of a limit', async () => {
    const budget = one({ limits: [{ ...rest, key: ['{stream}'] }] }, { orders: {}, items: {} });
    const limiter = limiterThat({ limits: [seen('rest', { partition: 'old' })] });
    expect(await freezeBudget(budget, { reason: 'maintenance', ms: 600_000 }, limiter)).to.deep.equal({
      domain: 'shop',
      sources: ['shop'],
      reason: 'maintenance',
      ms: 600_000,
    });
    const lasting = await freezeBudget(budget, { reason: 'asked', limit: 'rest' }, limiter);
    expect(lasting).to.deep.equal({ domain: 'shop', sources: ['shop'], reason: 'asked', limit: 'rest' });
    const manual = { cause: 'manual', reason: 'asked' };
    expect(limiter.ordered).to.deep.equal([
      { cause: 'manual', reason: 'maintenance', ms: 600_000 },
      ...['orders', 'items', 'old'].map((partition) => ({ ...manual, limit: { id: 'rest', partition } })),
    ]);
  });

  it('is ended by a thaw, which says what it ended', async () => {
    const freezes: FreezeStatus[] = [
      { cause: 'manual', reason: 'maintenance' },
      { limit: 'rest', cause: 'throttle', reason: '429', remainingMs: 1000 },
    ];
    const limiter = limiterThat({ freezes });
    const { ended } = await thawBudget(one({ limits: [rest] }), 'rest', limiter);
    expect(ended.map(({ cause }) => cause)).to.deep.equal(['throttle']);
    expect(limiter.thawed).to.deep.equal(['rest']);
  });
});
