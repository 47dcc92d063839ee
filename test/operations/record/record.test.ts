import { expect } from 'chai';
import type { StreamPlan } from '../../../engine/model/plan.ts';
import { jsonLayout } from '../../../engine/operations/record/json-layout.ts';
import { keptPagesToRecord, recordingOf, refuseSecrets } from '../../../engine/operations/record/record.ts';
import { environmentReferences } from '../../../engine/services/references.ts';
import { formsOf } from '../../../engine/services/secret-forms.ts';

const same = (text: string): string => text;

const stream = {
  source: 'shop',
  name: 'orders',
  request: { path: '/orders' },
  records: { root: 'record', segments: [{ key: 'data' }, { key: 'items' }] },
  paginate: { type: 'link_header', rel: 'next' },
} as unknown as StreamPlan;

const request = (url: string) => ({ method: 'GET', url, headers: {} }) as const;

const page = (url: string, more: object = {}) => ({
  request: request(url),
  status: 200,
  headers: {},
  body: '{"data":{"items":[]}}',
  ...more,
});

const options = {
  stream,
  head: { recordedAt: '2026-01-01T00:00:00.000Z', engine: '1', from: 'lab' },
  baseUrl: 'https://api.shop.example/v1',
  redact: same,
} as const;

describe('the layout of a recorded body', () => {
  it('keeps every number as it was written, and says the same', () => {
    const text =
      '{"a":9007199254740993,"b":1.10,"c":-0.0,"d":1e400,"e":[],"f":{},"g":[1,"x, {y}: \\"z\\""],"h":null,"i":true}';
    const laid = jsonLayout(text, same);
    expect(laid.replace(/\n\s*/g, '').replaceAll('": ', '":')).to.equal(text);
    expect(laid.split('\n')).to.include('  "a": 9007199254740993,');
  });

  it('changes texts and keys, and numbers only as a whole', () => {
    const hide = (text: string): string => text.replaceAll('4711', '***');
    expect(JSON.parse(jsonLayout('{"k4711":"a\\u00344711","n":4711,"m":1}', hide))).to.deep.equal({
      'k***': 'a4***',
      n: '***',
      m: 1,
    });
  });

  it('escapes what YAML cannot hold, and leaves other characters alone', () => {
    const text = JSON.stringify({ a: 'é😀\u2028\u0085\ufeff' });
    const laid = jsonLayout(text, same);
    expect(laid).to.contain('é😀\\u2028\\u0085\\ufeff');
    expect(JSON.parse(laid)).to.deep.equal(JSON.parse(text));
  });
});

describe('recording pages', () => {
  it('puts the declared base URL in the place of the one that was asked', () => {
    const lab = 'http://127.0.0.1:4711/shop';
    const link = `<${lab}/orders?page=2>; rel="next"`;
    const body = `{"data":{"items":[]},"self":"http:\\/\\/127.0.0.1:4711\\/shop\\/orders"}`;
    const { exchanges } = recordingOf([page(`${lab}/orders`, { headers: { link }, body })], options);
    expect(exchanges[0]?.target).to.equal('/orders');
    expect(exchanges[0]?.headers['link']).to.equal('<https://api.shop.example/v1/orders?page=2>; rel="next"');
    expect(JSON.parse(exchanges[0]?.body ?? '')).to.have.property(
      'self',
      'https://api.shop.example/v1/orders',
    );
  });

  it('ends a listing that goes on with an empty page, found where the next one would be', () => {
    const next = request('/v1/orders?page=2');
    const { exchanges } = recordingOf([page('https://api.shop.example/v1/orders', { next })], options);
    expect(exchanges).to.have.length(2);
    expect(exchanges[1]).to.include({ target: '/orders?page=2', ending: true });
    expect(JSON.parse(exchanges[1]?.body ?? '')).to.deep.equal({ data: { items: [] } });
  });

  it('keeps no header but those that readers of pages look at', () => {
    const headers = { 'set-cookie': 'session=1', 'x-api-key': 'k', date: 'now', 'content-type': 'text' };
    const { exchanges } = recordingOf([page('https://api.shop.example/v1/orders', { headers })], options);
    expect(exchanges[0]?.headers).to.deep.equal({ date: 'now', 'content-type': 'text' });
  });
});

describe('recording kept pages', () => {
  const kept = (number: number, isLast: boolean) => ({
    id: number,
    isLast,
    request: request(`https://api.shop.example/v1/orders?page=${number}`),
    status: 200,
    stagedAt: '2026-01-01T00:00:00.000Z',
    body: new Uint8Array(),
    text: '{"data":{"items":[]}}',
  });

  it('makes a Link header of the request that came next', () => {
    const pages = keptPagesToRecord([kept(1, false), kept(2, true)], 5, stream);
    expect(pages.map(({ headers }) => headers['link'])).to.deep.equal([
      '<https://api.shop.example/v1/orders?page=2>; rel="next"',
      undefined,
    ]);
    expect(pages[1]).to.not.have.property('next');
  });

  it('leaves out the last page of a window that is open: nobody knows what follows it', () => {
    expect(keptPagesToRecord([kept(1, false), kept(2, false)], 5, stream)).to.have.length(1);
  });

  it('says what follows the last page that is wanted', () => {
    const pages = keptPagesToRecord([kept(1, false), kept(2, false), kept(3, true)], 2, stream);
    expect(pages).to.have.length(2);
    expect(pages[1]?.next?.url).to.equal('https://api.shop.example/v1/orders?page=3');
  });
});

describe('secrets', () => {
  const secret = 'q/7+Zz "geheim" ä&1';
  const hidden = (text: string): string => {
    const references = environmentReferences('/', { KEY: secret });
    references.resolve('$' + '{env:KEY}');
    return references.redact(text);
  };

  const encodings: Readonly<Record<string, string>> = {
    plain: secret,
    JSON: JSON.stringify(secret),
    'a URL': `https://x.example/?key=${encodeURIComponent(secret)}&a=1`,
    'a URL in lower case': encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    'a form': new URLSearchParams({ key: secret }).toString(),
    Base64: Buffer.from(secret).toString('base64'),
    'Base64 for URLs': Buffer.from(secret).toString('base64url'),
    'Basic credentials': `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
    'Base64, one further': Buffer.from(`users:${secret}!`).toString('base64'),
  };
  for (const [name, text] of Object.entries(encodings)) {
    it(`are found in ${name}`, () => {
      expect(hidden(text)).to.contain('***');
      for (const form of formsOf(secret)) expect(hidden(text)).to.not.contain(form);
    });
  }

  it('are not what stands in the project itself, as a default', () => {
    const references = environmentReferences('/', { SET: 'europe' });
    expect(references.resolve('$' + '{env:REGION:-europe}')).to.equal('europe');
    expect(references.redact('europe')).to.equal('europe');
  });

  it('keep everything from being written where one would be left', () => {
    const write = (): void => refuseSecrets(new Map([['recordings/a.yml', `x: ${secret}`]]), hidden);
    expect(write).to.throw(/ETL0985.*recordings\/a\.yml/);
    expect(() => refuseSecrets(new Map([['recordings/a.yml', 'x: y']]), hidden)).to.not.throw();
  });
});
