import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, errorOf, get, orders, StillClock, shop, start } from './support/lab-project.ts';

const limited = (...limits: config.Limit[]): Partial<config.Source> => ({
  budget: { headroom: '50%', limits },
});
const rest: config.Limit = { id: 'rest', bucket: { rate: '2/s', burst: 3 } };

async function statuses(url: string, times: number): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let sent = 0; sent < times; sent += 1) seen.push((await get(url)).status);
  return seen;
}

describe('the limits of the lab', () => {
  afterEach(closeLabs);

  it('allow the declared burst, then the declared rate, and not one request more', async () => {
    const clock = new StillClock();
    const lab = await start([shop({}, limited(rest))], orders([]), { clock });
    const url = `${lab.sources['shop']}/orders`;
    expect(await statuses(url, 4)).to.deep.equal([200, 200, 200, 429]);
    clock.advance(499);
    expect(await statuses(url, 1)).to.deep.equal([429]);
    clock.advance(1);
    expect(await statuses(url, 2)).to.deep.equal([200, 429]);
    clock.advance(60_000);
    expect(await statuses(url, 4)).to.deep.equal([200, 200, 200, 429]);
    expect(lab.stats()['shop']).to.deep.equal({
      requests: 11,
      records: 0,
      statuses: { '200': 7, '429': 4 },
      throttled: 4,
      worstSecond: 7,
      limits: { rest: { admitted: 7, refused: 4 } },
      faults: {},
    });
  });

  it('never refuse a client that keeps the rate exactly', async () => {
    const clock = new StillClock();
    const lab = await start([shop({}, limited({ id: 'odd', bucket: { rate: '3/s' } }))], orders([]), {
      clock,
    });
    for (let sent = 0; sent < 100; sent += 1) {
      expect(await statuses(`${lab.sources['shop']}/orders`, 1)).to.deep.equal([200]);
      clock.advance(1000 / 3);
    }
  });

  it('say in whole seconds when to come back', async () => {
    const slow: config.Limit = { id: 'slow', bucket: { rate: '6/m' } };
    const clock = new StillClock();
    const lab = await start([shop({}, limited(rest, slow))], orders([]), { clock });
    const url = `${lab.sources['shop']}/orders`;
    await get(url);
    clock.advance(500);
    expect((await get(url)).headers.get('retry-after')).to.equal('10');
    expect(await errorOf(url)).to.equal('429: Limit slow of shop is exceeded: 6/m, 1 at once.');
  });

  it('bind only the paths that they name, and count a refused request nowhere', async () => {
    const clock = new StillClock();
    const search: config.Limit = { id: 'search', bucket: { rate: '1/s' }, when: { path: '/search*' } };
    const streams = {
      orders: { request: { path: '/orders' }, primaryKey: ['id'] },
      found: {
        request: { path: '/search/all' },
        primaryKey: ['id'],
        lab: { data: 'lab/shop/orders.ndjson' },
      },
    };
    const lab = await start([shop({}, { ...limited(rest, search), streams })], orders([]), { clock });
    const url = lab.sources['shop'];
    expect(await statuses(`${url}/search/all`, 3)).to.deep.equal([200, 429, 429]);
    expect(await statuses(`${url}/orders`, 3)).to.deep.equal([200, 200, 429]);
  });

  it('are shared by the sources of one domain', async () => {
    const clock = new StillClock();
    const budget = { domain: 'acme', limits: [rest] };
    const second = { ...shop({ lab: { data: 'lab/shop/orders.ndjson' } }, { budget }), name: 'depot' };
    const lab = await start([shop({}, { budget }), second], orders([]), { clock });
    expect(await statuses(`${lab.sources['shop']}/orders`, 2)).to.deep.equal([200, 200]);
    expect(await statuses(`${lab.sources['depot']}/orders`, 2)).to.deep.equal([200, 429]);
  });

  it('count what is answered with an error, and nothing of strangers', async () => {
    const clock = new StillClock();
    const auth: config.Auth = { type: 'bearer', token: 't' };
    const lab = await start([shop({}, { ...limited(rest), auth })], orders([]), { clock });
    const url = `${lab.sources['shop']}/orders`;
    expect(await statuses(url, 5)).to.deep.equal([401, 401, 401, 401, 401]);
    const known = { headers: { Authorization: 'Bearer t' } };
    for (const expected of [400, 400, 400, 429])
      expect((await get(`${url}?x=1`, known)).status).to.equal(expected);
  });

  it('are measured by the machine’s clock without another', async () => {
    const daily: config.Limit = { id: 'daily', bucket: { rate: '1/day', burst: 2 } };
    const lab = await start([shop({}, limited(daily))], orders([]));
    expect(await statuses(`${lab.sources['shop']}/orders`, 3)).to.deep.equal([200, 200, 429]);
  });
});
