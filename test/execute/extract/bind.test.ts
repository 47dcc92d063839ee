import { expect } from 'chai';
import fc from 'fast-check';
import { binder, limitedRequest } from '../../../engine/execute/extract/bind.ts';
import type { ApiRequest } from '../../../engine/model/batch.ts';
import type * as config from '../../../engine/model/config.ts';
import type { ExplainedError } from '../../../engine/model/errors.ts';
import { sourcePlan } from '../../support/plans.ts';

const limit = (more: Partial<config.Limit>): config.Limit => ({ id: 'one', spacing: '5/s', ...more });

const budget = (...limits: config.Limit[]) => sourcePlan({ budget: { limits } }).budget;

const stream = { name: 'orders', account: 'acme' };

const asked = (url = '/orders', method: ApiRequest['method'] = 'GET', headers = {}) =>
  limitedRequest({ method, url: `https://api.example/v1${url}`, headers }, 'https://api.example/v1', stream);

/** The partition that a limit with this key gives a request. */
async function partition(key: string[], request = asked()): Promise<string | undefined> {
  return (await binder(budget(limit({ key })))(request))[0]?.partition;
}

describe('the limits that bind a request', () => {
  it('are all that match its path, its method and its stream', async () => {
    const bind = binder(
      budget(
        limit({ id: 'all' }),
        limit({ id: 'search', when: { path: '/search*' } }),
        limit({ id: 'orders', when: { path: '*/orders' } }),
        limit({ id: 'posts', when: { method: ['POST'] } }),
        limit({ id: 'mine', when: { stream: ['orders', 'refunds'], path: '/orders' } }),
        limit({ id: 'others', when: { stream: ['refunds'] } }),
      ),
    );
    const ids = async (request = asked()) => (await bind(request)).map((one) => one.limit.id);
    expect(await ids()).to.deep.equal(['all', 'orders', 'mine']);
    expect(await ids(asked('/search/items?q=1'))).to.deep.equal(['all', 'search']);
    expect(await ids(asked('/search', 'POST'))).to.deep.equal(['all', 'search', 'posts']);
  });

  it('take a path as it is written, whatever it would mean in a pattern', async () => {
    const bind = binder(budget(limit({ when: { path: '/a.b(*)+' } })));
    expect(await bind(asked('/a.b(c/d)+'))).to.have.length(1);
    expect(await bind(asked('/aXb(c)+'))).to.have.length(0);
  });

  it('see the path below the base URL only where it is below it', () => {
    const path = (url: string, base: string) =>
      limitedRequest({ method: 'GET', url, headers: {} }, base, stream).path;
    expect(path('https://a.example/v1/orders', 'https://a.example/v1/')).to.equal('/orders');
    expect(path('https://a.example/v10/orders', 'https://a.example/v1')).to.equal('/v10/orders');
    expect(path('https://a.example/orders', 'https://a.example')).to.equal('/orders');
  });
});

describe('the key of a limit', () => {
  it('is counted by what its placeholders stand for', async () => {
    const request = asked('/items?shop=7&page=2', 'POST', { 'X-Shop': 'berlin' });
    expect(
      await partition(
        ['{stream}', '{account}', '{method}', 'at {path}', '{query.shop}', '{header.x-shop}'],
        request,
      ),
    ).to.equal('orders,acme,POST,/items,7,berlin');
  });

  it('is empty without placeholders, and where the request has nothing of the name', async () => {
    expect(await partition(['fixed'])).to.equal('');
    expect(await partition(['{query.shop}', '{header.x}'])).to.equal(',');
    expect(await partition(['{query.__proto__}', '{header.constructor}'])).to.equal(',');
  });

  it('never counts two requests as one that differ in a value', async () => {
    const of = (one: string, other: string) =>
      partition(['{query.a}', '{query.b}'], asked(`/x?${new URLSearchParams({ a: one, b: other })}`));
    const value = fc.string({ unit: fc.constantFrom(',', '%2C', '%', 'a', '{', '}'), maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(value, value, value, async (a, b, c) => {
        // Put together carelessly, both are a,b,c.
        expect((await of(`${a},${b}`, c)) === (await of(a, `${b},${c}`))).to.equal(false);
        expect((await of(a, b)) === (await of(b, c))).to.equal(a === b && b === c);
      }),
    );
  });
});

describe('the cost of a request', () => {
  const cost = async (declared: config.Cost, request = asked()) =>
    (await binder(budget(limit({ id: 'points', cost: declared })))(request))[0]?.cost;

  it('is 1, the estimate, what its method costs, or what an expression gives', async () => {
    expect((await binder(budget(limit({})))(asked()))[0]?.cost).to.equal(1);
    expect(await cost({ estimate: 10 })).to.equal(10);
    const byMethod = { GET: 1, default: 5 };
    expect(await cost({ estimate: 10, byMethod })).to.equal(1);
    expect(await cost({ estimate: 10, byMethod }, asked('/orders', 'POST'))).to.equal(5);
    expect(await cost({ estimate: 10, byMethod: { POST: 3 } })).to.equal(10);
    expect(await cost({ expr: '$number(query.limit) / 10' }, asked('/orders?limit=250'))).to.equal(25);
    expect(await cost({ expr: 'stream = "orders" and method = "GET" ? 2 : 1' })).to.equal(2);
  });

  it('that an expression does not give stops the stream, with the expression', async () => {
    for (const expr of ['$number(query.limit)', '0', '-1', '"3"', '1/0', 'query', '$error("no")']) {
      const error = (await cost({ expr }).catch((thrown: ExplainedError) => thrown)) as ExplainedError;
      expect(error.diagnostic?.code, expr).to.equal('ETL0421');
      expect(error.diagnostic.help[0]).to.contain(expr);
      expect(error.diagnostic.help[0]).to.contain('`points`');
    }
  });
});
