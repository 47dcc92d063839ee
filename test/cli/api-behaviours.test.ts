import { expect } from 'chai';
import { type Behaviour, isAsExpected, queryOf, raw } from '../support/behaviours.ts';
import { api, etl, type Handler, json, ordersProject, tableOf } from '../support/cli.ts';

interface Order {
  readonly id: unknown;
  readonly total?: unknown;
  readonly at?: unknown;
}

const some = (count: number): readonly Order[] =>
  Array.from({ length: count }, (_, at) => ({ id: `o${at + 1}`, total: at }));

const ids = (count: number): readonly string[] => some(count).map(({ id }) => String(id));

const always = (value: unknown, status = 200): (() => Handler) => {
  return () => (_, response) => json(response, value, status);
};

/** A refusal for the first request, and then the orders. */
const refusedOnce = (refuse: Handler, orders = some(2)): (() => Handler) => {
  return () => {
    let asked = 0;
    return (request, response) => {
      asked += 1;
      if (asked === 1) return refuse(request, response);
      json(response, { orders });
    };
  };
};

const throttle = (headers: Readonly<Record<string, string>>, body = '{}'): Handler => {
  return (_, response) => void response.writeHead(429, headers).end(body);
};

/** Orders by offset, no more than `sizeMax` a page, whatever is asked for. */
const byOffset = (orders: readonly Order[], sizeMax: number, past?: Handler): (() => Handler) => {
  return () => (request, response) => {
    const query = queryOf(request.url);
    const offset = Number(query.get('offset') ?? 0);
    if (offset >= orders.length && past !== undefined) return past(request, response);
    const size = Math.min(sizeMax, Number(query.get('limit') ?? sizeMax));
    json(response, { orders: orders.slice(offset, offset + size), count: orders.length });
  };
};

const offset = { stream: '    paginate: {type: offset, param: offset, size: 3, orderedBy: [id]}' };
const none = { stream: '' };
const throttling: readonly Behaviour[] = [
  {
    what: 'Retry-After: 0 is not obeyed literally',
    answers: refusedOnce(throttle({ 'retry-after': '0' })),
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'Retry-After is a decimal',
    answers: refusedOnce(throttle({ 'retry-after': '0.2' })),
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'rate headers hold a word',
    answers: () => (_, response) => {
      response.setHeader('x-ratelimit-remaining', 'string');
      response.setHeader('ratelimit-reset', 'string');
      json(response, { orders: some(2) });
    },
    more: {
      source:
        'budget: {limits: [{id: all, bucket: {rate: 100/s, burst: 10}, observe: {remaining: {header: x-ratelimit-remaining}}}]}',
    },
    loads: ids(2),
  },
  {
    what: 'a 429 has no header at all, and HTML for people',
    answers: refusedOnce(throttle({ 'content-type': 'text/html' }, '<html><title>Slow down</title></html>')),
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'a 403 means a limit, where that is declared',
    answers: refusedOnce((_, response) => json(response, { error: 'rate limit exceeded' }, 403)),
    more: {
      source: 'responses: [{when: {status: 403, bodyMatches: rate limit}, class: throttle, for: 50ms}]',
    },
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'a 403 means a record that is not there',
    answers: always({ error: 'no such collection' }, 403),
    exit: 1,
    says: ['ETL0410', 'no such collection'],
    loads: [],
    requests: 1,
  },
];

const paging: readonly Behaviour[] = [
  {
    what: 'a page size above the maximum is clamped without a word',
    answers: byOffset(some(7), 2),
    more: offset,
    says: ['ETL0426', '3 records a page'],
    loads: ids(7),
  },
  {
    what: 'a page size above the maximum is refused',
    answers: () => (request, response) =>
      Number(queryOf(request.url).get('limit')) > 2
        ? json(response, { error: 'limit must be at most 2' }, 400)
        : json(response, { orders: [] }),
    more: offset,
    exit: 1,
    says: ['ETL0411', 'limit must be at most 2'],
    loads: [],
    requests: 1,
  },
  {
    what: 'a page size has no maximum, and a body is larger than is accepted',
    answers: always({ orders: some(500) }),
    more: { ...none, source: 'maxResponseBytes: 1KiB' },
    exit: 1,
    says: [/1,?\s?(024|KiB)/],
    loads: [],
  },
  { what: 'a page past the end is empty', answers: byOffset(some(4), 3), more: offset, loads: ids(4) },
  {
    what: 'a page past the end is a 400',
    answers: byOffset(some(4), 3, (_, response) => json(response, { error: 'no such page' }, 400)),
    more: {
      stream: '    paginate: {type: offset, param: offset, size: 3, orderedBy: [id], stop: {status: [400]}}',
    },
    loads: ids(4),
  },
  {
    what: 'a first page that is a 400 is no end',
    answers: always({ error: 'bad filter' }, 400),
    more: {
      stream: '    paginate: {type: offset, param: offset, size: 3, orderedBy: [id], stop: {status: [400]}}',
    },
    exit: 1,
    says: ['ETL0411', 'bad filter'],
    loads: [],
  },
  {
    what: 'a next token never changes',
    answers: always({ orders: some(1), next: 'same' }),
    exit: 1,
    says: ['ETL0405'],
    loads: [],
  },
  {
    what: 'a next token has several keys, which must all be sent back',
    answers: () => (request, response) => {
      const query = queryOf(request.url);
      const given = [query.get('after'), query.get('shard')].join();
      if (given === ',') return json(response, { orders: some(2), paging: { after: 'a', shard: 's' } });
      if (given === 'a,s') return json(response, { orders: [{ id: 'o3', total: 1 }] });
      json(response, { error: 'incomplete token' }, 400);
    },
    more: {
      stream: '    paginate: {type: cursor_token, tokens: {after: paging.after, shard: paging.shard}}',
    },
    loads: ids(3),
  },
  {
    what: 'a Link points at another host',
    answers: () => (_, response) => {
      response.setHeader('link', '<https://elsewhere.example/orders?page=2>; rel="next"');
      json(response, { orders: some(1) });
    },
    more: { stream: '    paginate: {type: link_header}' },
    exit: 1,
    says: ['ETL0407', 'elsewhere.example'],
    loads: [],
    requests: 1,
  },
  {
    what: 'offsets go over an order that is not unique',
    answers: byOffset(some(4), 3),
    more: { stream: '    paginate: {type: offset, param: offset, size: 3}' },
    says: ['ETL0236'],
    loads: ids(4),
  },
  {
    what: 'a total counts what the list hides',
    answers: () => (request, response) =>
      queryOf(request.url).get('offset') === '0'
        ? json(response, { orders: some(3), total: 4 })
        : json(response, { orders: [], total: 4 }),
    more: { stream: '    paginate: {type: offset, param: offset, size: 3, orderedBy: [id], total: total}' },
    says: [/3 .*4|4 .*3/],
    loads: ids(3),
  },
];

const errors: readonly Behaviour[] = [
  {
    what: '200 with an error in the body',
    answers: always({ error: { code: 'INVALID_KEY', message: 'the key is bad' } }),
    more: none,
    exit: 1,
    says: [/ETL05\d\d/, 'shop.orders'],
    loads: [],
  },
  {
    what: '200 with an error beside an empty list, where that is declared',
    answers: always({ orders: [], error: 'the key is bad' }),
    more: {
      ...none,
      source: 'responses: [{when: {status: 200, bodyMatches: the key is bad}, class: auth}]',
    },
    exit: 1,
    says: ['ETL0404'],
    loads: [],
  },
  {
    what: '200 with warnings beside the records',
    answers: always({ orders: some(2), warnings: ['a filter is deprecated'] }),
    more: none,
    loads: ids(2),
  },
  {
    what: '200 with a page to log in',
    answers: raw('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    more: none,
    exit: 1,
    says: ['HTML', 'Sign in'],
    loads: [],
  },
  { what: '200 with an empty body', answers: raw(''), more: none, exit: 1, says: ['empty'], loads: [] },
  {
    what: '401 with an empty body',
    answers: () => (_, response) => void response.writeHead(401).end(),
    exit: 1,
    says: ['ETL0404'],
    loads: [],
    requests: 1,
  },
  {
    what: '404 with an empty body',
    answers: () => (_, response) => void response.writeHead(404).end(),
    exit: 1,
    says: ['ETL0411', '404'],
    loads: [],
    requests: 1,
  },
  {
    what: '500 for a bad parameter ends after the attempts that are allowed',
    answers: always({ error: 'cannot parse the date' }, 500),
    exit: 1,
    says: ['ETL0413', 'cannot parse the date'],
    loads: [],
    requests: 2,
  },
];

const bodies: readonly Behaviour[] = [
  {
    what: 'the connection ends early, without Content-Length',
    answers: () => (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.useChunkedEncodingByDefault = false;
      response.write('{"orders":[{"id":"o1","total":1},');
      response.socket?.end();
    },
    more: none,
    exit: 1,
    says: ['shop.orders'],
    loads: [],
    requests: 2,
  },
  {
    what: 'Content-Length is longer than the body, once',
    answers: refusedOnce((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"orders":[]}');
      setImmediate(() => response.socket?.destroy());
    }),
    more: none,
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'gzip is damaged',
    answers: raw('this is no gzip', { 'content-encoding': 'gzip' }),
    more: none,
    exit: 1,
    says: [/ETL04\d\d/],
    loads: [],
    requests: 2,
  },
  {
    what: 'the connection is reset, once',
    answers: refusedOnce((_, response) => response.socket?.resetAndDestroy()),
    more: none,
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'the body hangs in the middle',
    answers: refusedOnce((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"orders":[');
    }),
    more: { ...none, source: 'timeouts: {body: 200ms}' },
    loads: ids(2),
    requests: 2,
  },
  {
    what: 'the body begins with a byte order mark',
    answers: raw(`\uFEFF${JSON.stringify({ orders: some(2) })}`),
    more: none,
    loads: ids(2),
  },
  {
    what: 'the body is in ISO-8859-1',
    answers: raw(Buffer.from('{"orders":[{"id":"M\xfcller","total":1}]}', 'latin1')),
    more: none,
    exit: 1,
    says: ['UTF-8'],
    loads: [],
  },
  {
    what: 'a key is there twice: the last one counts, as everywhere',
    answers: raw('{"orders":[{"id":"first","id":"o1","total":1}]}'),
    more: none,
    loads: ['o1'],
  },
];

const values: readonly Behaviour[] = [
  {
    what: 'money is a float in one place and text in another',
    answers: always({
      orders: [
        { id: 'o1', total: 0.1 },
        { id: 'o2', total: '0.10' },
      ],
    }),
    more: none,
    loads: ids(2),
  },
  {
    what: 'an integer is beyond 2^53',
    answers: raw('{"orders":[{"id":9007199254740993,"total":1}]}'),
    more: none,
    loads: ['9007199254740993'],
  },
  {
    what: 'ids have leading zeros and a plus',
    answers: always({
      orders: [
        { id: '007', total: 1 },
        { id: '+7', total: 1 },
        { id: '7', total: 1 },
      ],
    }),
    more: none,
    loads: ['+7', '007', '7'],
  },
  {
    what: 'names have dots, spaces, a dollar, and are called __proto__',
    answers: raw(
      '{"orders":[{"id":"o1","total":1,"__proto__":{"x":1},"deal.stage":"won","$ref":1,"a b":2}]}',
    ),
    more: { ...none, properties: '  stage: {from: "[\'deal.stage\']", type: string, required: true}' },
    loads: ids(1),
  },
  {
    what: 'a typed date is an object',
    answers: always({
      orders: [{ id: 'o1', total: 1, at: { __type: 'Date', iso: '2026-01-01T00:00:00Z' } }],
    }),
    more: { ...none, properties: '  placed: {from: at.iso, type: timestamp, required: true}' },
    loads: ids(1),
  },
  {
    what: 'a time has no zone: it is never guessed',
    answers: always({ orders: [{ id: 'o1', total: 1, at: '2026-01-01 10:00:00' }] }),
    more: { ...none, properties: '  placed: {from: at, type: timestamp}' },
    says: ['blocked'],
    loads: [],
  },
];

/** What real APIs were seen to do. The engine either survives it, or says what is wrong. */
describe('what APIs do to a client', function () {
  this.timeout(60_000);

  for (const [kind, behaviours] of Object.entries({ throttling, paging, errors, bodies, values })) {
    describe(kind, () => {
      for (const behaviour of behaviours) {
        it(behaviour.what, () => isAsExpected(behaviour));
      }
    });
  }
});

describe('what APIs do to a filter', function () {
  this.timeout(60_000);
  const stream = `    cursor: {field: at, from: {query: since}}`;
  const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const orders = [0, 1, 2, 2].map((minute, index) => ({ id: `o${index}`, total: 1, at: at(minute) }));

  const twice = async (
    handler: Handler,
    declared = stream,
  ): Promise<{ readonly text: string; readonly rows: number }> => {
    const provider = await api(handler);
    const folder = ordersProject(provider.url, { stream: declared });
    await etl(['run', '-p', folder]);
    const { stdout, stderr } = await etl(['run', '-p', folder]);
    await provider.close();
    return { text: stdout + stderr, rows: (await tableOf(folder, 'orders')).length };
  };

  it('is ignored: an incremental run would silently be a full one, which is said', async () => {
    const { text, rows } = await twice((_, response) => json(response, { orders }));
    expect(text).to.contain('seems to ignore the parameter `since`');
    expect(rows).to.equal(4);
  });

  it('is exclusive: those that share the last time are read again with a lookback, and none is lost', async () => {
    const seen = [...orders];
    const handler: Handler = (request, response) => {
      const since = Date.parse(queryOf(request.url).get('since') ?? '1970-01-01T00:00:00Z');
      json(response, { orders: seen.filter((one) => Date.parse(one.at) > since) });
      // One more of the last time is committed late.
      if (seen.length === 4) seen.push({ id: 'o4', total: 1, at: at(2) });
    };
    const { rows } = await twice(handler, `    cursor: {field: at, lookback: 1m, from: {query: since}}`);
    expect(rows).to.equal(5);
  });

  it('reads times in the zone of the site: an instant is sent with its zone', async () => {
    const asked: (string | null)[] = [];
    await twice((request, response) => {
      asked.push(queryOf(request.url).get('since'));
      json(response, { orders });
    });
    expect(asked.at(-1)).to.match(/Z$/);
  });
});
