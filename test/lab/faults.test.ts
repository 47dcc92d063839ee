import { connect } from 'node:net';
import { expect } from 'chai';
import type { Lab, LabOptions } from '../../engine/lab/lab.ts';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, errorOf, get, numbered, orders, StillClock, shop, start } from './support/lab-project.ts';

const faulty = (lab: config.SourceLab, options: LabOptions = {}): Promise<Lab> =>
  start([shop({}, { lab })], orders(numbered(50)), options);

const urlOf = (lab: Lab): string => `${lab.sources['shop']}/orders`;

async function statuses(lab: Lab, times: number): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let sent = 0; sent < times; sent += 1) seen.push((await get(urlOf(lab))).status);
  return seen;
}

/** All bytes that one request gets on the socket, and how the connection ends. */
function raw(
  url: string,
): Promise<{ readonly text: string; readonly end: 'end' | 'reset'; readonly pieces: number }> {
  const { port, pathname } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    let pieces = 0;
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n`),
    );
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      pieces += 1;
    });
    socket.on('end', () => resolve({ text, end: 'end', pieces }));
    socket.on('error', () => resolve({ text, end: 'reset', pieces }));
  });
}

function parts(text: string): { readonly announced: number; readonly body: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { announced: Number(/content-length: (\d+)/i.exec(head)?.[1]), body };
}

describe('the faults of the lab', () => {
  afterEach(closeLabs);

  it('strike after so many requests, every so many, so often', async () => {
    const lab = await faulty({ faults: [{ kind: 'unavailable', after: 2, every: 3, count: 2 }] });
    expect(await statuses(lab, 12)).to.deep.equal([
      200, 200, 200, 200, 503, 200, 200, 503, 200, 200, 200, 200,
    ]);
    expect(lab.stats()['shop']?.faults).to.deep.equal({ unavailable: 2 });
  });

  it('strike by chance, the same for the same seed', async () => {
    const drawn = async (seed: number) =>
      statuses(await faulty({ seed, faults: [{ kind: 'unavailable', share: '25%' }] }), 200);
    const [first, again, other] = [await drawn(1), await drawn(1), await drawn(2)];
    expect(first.filter((status) => status === 503).length).to.be.within(30, 70);
    expect(again).to.deep.equal(first);
    expect(other).to.not.deep.equal(first);
  });

  it('strike for a while', async () => {
    const clock = new StillClock();
    const lab = await faulty({ faults: [{ kind: 'throttle', for: '10s' }] }, { clock });
    expect(await statuses(lab, 2)).to.deep.equal([429, 429]);
    clock.advance(9_999);
    expect(await statuses(lab, 1)).to.deep.equal([429]);
    clock.advance(1);
    expect(await statuses(lab, 2)).to.deep.equal([200, 200]);
  });

  it('strike the streams that they name', async () => {
    const lab = await faulty({ faults: [{ kind: 'ban', stream: ['items'] }] });
    expect(await statuses(lab, 1)).to.deep.equal([200]);
  });

  it('throttle in the words of the dialect, and fill no limit', async () => {
    const budget: config.Budget = { limits: [{ id: 'rest', bucket: { rate: '1/d', burst: 2 } }] };
    const lab = await start(
      [
        shop(
          {},
          {
            budget,
            lab: { dialect: 'shopify', faults: [{ kind: 'throttle', count: 3, retryAfter: '1500ms' }] },
          },
        ),
      ],
      orders([]),
    );
    const refused = await get(urlOf(lab));
    expect([
      refused.status,
      refused.headers.get('retry-after'),
      refused.headers.get('x-shopify-shop-api-call-limit'),
    ]).to.deep.equal([429, '1.5', '2/2']);
    expect(await statuses(lab, 5)).to.deep.equal([429, 429, 200, 200, 429]);
  });

  it('answer with other words where they replace the answer', async () => {
    const faults: config.LabFault[] = [
      { kind: 'unavailable', count: 1, retryAfter: '3s' },
      { kind: 'ban', count: 1 },
      { kind: 'ban', count: 1, status: 430 },
      { kind: 'lock', count: 1 },
      { kind: 'revoke', count: 1 },
    ];
    const lab = await faulty({ faults });
    const first = await get(urlOf(lab));
    expect([first.status, first.headers.get('retry-after')]).to.deep.equal([503, '3']);
    expect(await statuses(lab, 5)).to.deep.equal([403, 430, 423, 401, 200]);
  });

  it('lock as Stripe does', async () => {
    const lab = await faulty({ dialect: 'stripe', faults: [{ kind: 'lock' }] });
    const { status, headers, body } = await get(urlOf(lab));
    expect([status, headers.has('stripe-rate-limited-reason')]).to.deep.equal([429, false]);
    expect(body).to.have.nested.property('error.code', 'lock_timeout');
  });

  it('reset the connection without a word', async () => {
    const lab = await faulty({ faults: [{ kind: 'reset', count: 1 }] });
    expect(await raw(urlOf(lab))).to.deep.equal({ text: '', end: 'reset', pieces: 0 });
    expect(await statuses(lab, 1)).to.deep.equal([200]);
  });

  it('send half of what was announced', async () => {
    const lab = await faulty({ faults: [{ kind: 'truncate', count: 1 }] });
    const { announced, body } = parts((await raw(urlOf(lab))).text);
    expect(body.length).to.equal(Math.floor(announced / 2));
    const whole = parts((await raw(urlOf(lab))).text);
    expect(whole.body.length).to.equal(announced);
    expect(whole.body.startsWith(body)).to.equal(true);
  });

  it('send what is no JSON, as if it were whole', async () => {
    const lab = await faulty({ faults: [{ kind: 'malform' }] });
    const { announced, body } = parts((await raw(urlOf(lab))).text);
    expect(body.length).to.equal(announced);
    expect(() => JSON.parse(body)).to.throw(SyntaxError);
  });

  it('send slowly, piece by piece', async () => {
    const lab = await faulty({ faults: [{ kind: 'slow', bytesPerSecond: 2000 }] });
    const began = performance.now();
    const { text, pieces } = await raw(urlOf(lab));
    const { announced, body } = parts(text);
    expect(body.length).to.equal(announced);
    expect(pieces).to.be.greaterThan(2);
    expect(performance.now() - began).to.be.greaterThan((announced / 2000) * 1000 - 150);
  });

  it('begin late', async () => {
    const clock = new StillClock();
    const lab = await faulty({ faults: [{ kind: 'slow', delay: '5s' }] }, { clock });
    expect(await statuses(lab, 1)).to.deep.equal([200]);
    expect(clock.now()).to.equal(5000);
  });

  it('count what they damage', async () => {
    const budget: config.Budget = { limits: [{ id: 'rest', bucket: { rate: '1/d', burst: 1 } }] };
    const lab = await start(
      [shop({}, { budget, lab: { faults: [{ kind: 'reset', count: 1 }] } })],
      orders([]),
    );
    await raw(urlOf(lab));
    expect(await statuses(lab, 1)).to.deep.equal([429]);
  });
});

describe('the conditions of the lab', () => {
  afterEach(closeLabs);

  it('are a clock that is off: in Date and in every instant that an answer names', async () => {
    const clock = new StillClock();
    clock.advance(Date.parse('2026-07-01T12:00:30Z'));
    const budget: config.Budget = { limits: [{ id: 'hour', fixed: { limit: 2, per: 'hour' } }] };
    const source = shop({}, { budget, lab: { dialect: 'github', clockSkew: '-30s' } });
    const lab = await start([source], orders([]), { clock });
    const { headers } = await get(urlOf(lab));
    expect(headers.get('date')).to.equal('Wed, 01 Jul 2026 12:00:00 GMT');
    const epoch = Date.parse('2026-07-01T12:59:30Z') / 1000;
    expect(headers.get('x-ratelimit-reset')).to.equal(String(epoch));
  });

  it('are answers that take their time, and requests that are late by chance', async () => {
    const clock = new StillClock();
    const lab = await faulty({ latency: '40ms', jitter: '100ms' }, { clock });
    const took: number[] = [];
    for (let sent = 0; sent < 20; sent += 1) {
      const before = clock.now();
      await get(urlOf(lab));
      took.push(clock.now() - before);
    }
    expect(Math.min(...took)).to.be.within(40, 60);
    expect(Math.max(...took)).to.be.within(120, 140);
  });
});

describe('the control of the lab', () => {
  afterEach(closeLabs);

  const post = (url: string, body: unknown, method = 'POST') =>
    get(url, { method, body: JSON.stringify(body) });

  it('injects faults while it runs, and clears them', async () => {
    const lab = await faulty({});
    const url = `${lab.url}/_lab/shop/faults`;
    expect((await post(url, [{ kind: 'unavailable', count: 1 }, { kind: 'ban' }])).status).to.equal(200);
    expect(await statuses(lab, 3)).to.deep.equal([503, 403, 403]);
    expect((await get(url, { method: 'DELETE' })).status).to.equal(200);
    expect((await post(url, { kind: 'lock', count: 1 })).status).to.equal(200);
    expect(await statuses(lab, 2)).to.deep.equal([423, 200]);
  });

  it('changes the conditions while it runs', async () => {
    const clock = new StillClock();
    const budget: config.Budget = { limits: [{ id: 'ten', sliding: { limit: 10, per: '10s' } }] };
    const lab = await start([shop({}, { budget })], orders([]), { clock });
    await post(`${lab.url}/_lab/shop`, { others: '80%', latency: '2s' }, 'PATCH');
    expect(await statuses(lab, 3)).to.deep.equal([200, 200, 429]);
    expect(clock.now()).to.equal(6000);
    await post(`${lab.url}/_lab/shop`, { others: '0%' }, 'PATCH');
    expect(await statuses(lab, 1)).to.deep.equal([200]);
  });

  it('tells what was served, and begins anew', async () => {
    const clock = new StillClock();
    const budget: config.Budget = { limits: [{ id: 'rest', bucket: { rate: '1/s', burst: 2 } }] };
    const lab = await start([shop({}, { budget })], orders(numbered(2)), { clock });
    await statuses(lab, 3);
    clock.advance(1000);
    await statuses(lab, 1);
    const stats = `${lab.url}/_lab/stats`;
    expect((await get(stats)).body).to.deep.equal({
      shop: {
        requests: 4,
        records: 6,
        statuses: { '200': 3, '429': 1 },
        throttled: 1,
        worstSecond: 3,
        limits: { rest: { admitted: 3, refused: 1 } },
        faults: {},
      },
    });
    await get(stats, { method: 'DELETE' });
    expect((await get<Record<string, object>>(stats)).body['shop']).to.include({
      requests: 0,
      worstSecond: 0,
    });
    expect(await statuses(lab, 1), 'the limits remember').to.deep.equal([429]);
  });

  it('refuses what it cannot read, and says why', async () => {
    const lab = await faulty({});
    const told = async (body: unknown, path = 'shop/faults', method = 'POST') =>
      errorOf(`${lab.url}/_lab/${path}`, { method, body: JSON.stringify(body) });
    expect(await told({ kind: 'fire' })).to.match(/^400: kind must be one of throttle, .*, got "fire"\.$/);
    expect(await told({ kind: 'ban', status: 200 })).to.equal(
      '400: status must be a whole number from 400, got 200.',
    );
    expect(await told({ every: 2 })).to.equal('400: A fault needs a kind.');
    expect(await told([3])).to.equal('400: An object is expected.');
    expect(await told({ kind: 'ban', evry: 2 })).to.match(/^400: Key evry is unknown; known are kind, /);
    expect(await told({ latency: 'long' }, 'shop', 'PATCH')).to.match(/^400: latency must be a duration/);
    expect(await told({}, 'depot/faults')).to.equal('404: There is no source depot.');
    expect(await told({}, 'shop/elsewhere')).to.match(/^404: /);
    expect(await told({}, 'shop/faults', 'PUT')).to.equal('405: Only POST, DELETE can be asked here.');
    expect(await errorOf(`${lab.url}/_lab/shop/faults`, { method: 'POST', body: '{' })).to.equal(
      '400: The body is not JSON.',
    );
    expect(await told({ kind: 'x'.repeat(70_000) })).to.match(/^413: /);
  });
});
