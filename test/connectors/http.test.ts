import { expect } from 'chai';
import { httpConnector } from '../../connectors/http/http.ts';
import { linkTarget } from '../../connectors/http/link-header.ts';
import type { ApiRequest, PageFacts } from '../../engine/model/batch.ts';
import type * as config from '../../engine/model/config.ts';
import type { StreamPlan } from '../../engine/model/plan.ts';
import type { ConnectorSession, FetchedPage } from '../../engine/model/ports.ts';
import { sourcePlan, streamPlan } from '../support/plans.ts';
import { text } from '../support/root.ts';

interface Exchange {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly facts: Partial<PageFacts>;
}
interface Example {
  readonly name: string;
  readonly paginate: config.Paginate;
  readonly exchanges: readonly Exchange[];
}

/** Answers requests in order with recorded pages, whatever is asked, and keeps what was asked. */
class Replay {
  readonly asked: string[] = [];
  readonly #exchanges: readonly Exchange[];

  constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
  }

  async fetch(request: ApiRequest): Promise<FetchedPage> {
    const exchange = this.#exchanges[this.asked.length] ?? this.#exchanges.at(-1);
    this.asked.push(request.url);
    const facts = { records: 0, outside: 0, bodyHash: `hash ${this.asked.length}`, ...exchange?.facts };
    return {
      facts,
      response: { status: 200, headers: exchange?.headers ?? {}, body: new Uint8Array(), elapsedMs: 1 },
    };
  }
}

async function read(
  stream: StreamPlan,
  replay: Replay,
  session: Partial<ConnectorSession<FetchedPage>> = {},
  source = sourcePlan(),
): Promise<number[]> {
  const numbers: number[] = [];
  const whole = {
    parents: async function* () {},
    sleep: async () => {},
    now: () => '2026-07-01T00:00:00.000000Z',
    ...session,
    fetch: (request: ApiRequest) => replay.fetch(request),
  };
  for await (const page of httpConnector.pages(stream, source, whole)) numbers.push(page.number);
  return numbers;
}

const failure = async (reading: Promise<unknown>): Promise<{ code: string; summary: string }> =>
  reading.then(
    () => ({ code: 'none', summary: '' }),
    (error) => error.diagnostic,
  );

describe('the http connector', () => {
  const examples = JSON.parse(text('connectors/http/examples/paging.json')) as Example[];
  for (const { name, paginate, exchanges } of examples) {
    it(`pages by ${name}`, async () => {
      const replay = new Replay(exchanges);
      const numbers = await read(streamPlan({ paginate }), replay);
      expect(replay.asked).to.deep.equal(exchanges.map(({ url }) => url));
      expect(numbers).to.deep.equal(exchanges.map((_, at) => at + 1));
    });
  }

  it('refuses a next page on another host and asks it nothing', async () => {
    const replay = new Replay([{ url: '', facts: { records: 1, next: 'https://evil.example/v1/orders' } }]);
    const { code, summary } = await failure(
      read(streamPlan({ paginate: { type: 'next_url', path: 'next' } }), replay),
    );
    expect(code).to.equal('ETL0407');
    expect(summary).to.contain('https://evil.example');
    expect(replay.asked).to.have.length(1);
  });

  it('follows a next page to an origin that the source allows by name, and no further', async () => {
    const stream = streamPlan({ paginate: { type: 'next_url', path: 'next' } });
    const source = sourcePlan({ allowedOrigins: ['https://pages.example/'] });
    const replay = new Replay([
      { url: '', facts: { records: 1, next: 'https://pages.example/orders?at=1' } },
      { url: '', facts: { records: 1, next: '/orders?at=2' } },
      { url: '', facts: { records: 1, next: 'https://pages.example.evil.example/' } },
    ]);
    const { code } = await failure(read(stream, replay, {}, source));
    expect(code).to.equal('ETL0407');
    expect(replay.asked.slice(1)).to.deep.equal([
      'https://pages.example/orders?at=1',
      'https://pages.example/orders?at=2',
    ]);
  });

  it('goes on in a window only where the source still allows it', async () => {
    const replay = new Replay([]);
    const request = { method: 'GET', url: 'https://pages.example/orders?at=1', headers: {} } as const;
    const { code } = await failure(read(streamPlan(), replay, { resume: { request, pages: 1 } }));
    expect(code).to.equal('ETL0407');
    expect(replay.asked).to.deep.equal([]);
  });

  it('stops at a next token that never changes', async () => {
    const replay = new Replay([{ url: '', facts: { records: 1, tokens: { after: 'same' } } }]);
    const { code } = await failure(
      read(streamPlan({ paginate: { type: 'cursor_token', token: 'next', param: 'after' } }), replay),
    );
    expect(code).to.equal('ETL0405');
    expect(replay.asked.length).to.be.at.most(3);
  });

  it('stops when tokens go round in a circle', async () => {
    const round = (at: number): Exchange => ({
      url: '',
      facts: { records: 1, tokens: { after: `token ${at % 7}` } },
    });
    const replay = new Replay(Array.from({ length: 100 }, (_, at) => round(at)));
    const { code } = await failure(
      read(streamPlan({ paginate: { type: 'cursor_token', token: 'next', param: 'after' } }), replay),
    );
    expect(code).to.equal('ETL0405');
    expect(replay.asked.length).to.be.at.most(30);
  });

  it('stops when the same records come twice in a row', async () => {
    const replay = new Replay([
      { url: '', facts: { records: 2, tokens: { after: 'a' }, bodyHash: 'x' } },
      { url: '', facts: { records: 2, tokens: { after: 'b' }, bodyHash: 'x' } },
    ]);
    const { code } = await failure(
      read(streamPlan({ paginate: { type: 'cursor_token', token: 'next', param: 'after' } }), replay),
    );
    expect(code).to.equal('ETL0405');
  });

  it('stops at pagesMax when every token is new', async () => {
    const replay = new Replay(
      Array.from({ length: 20 }, (_, at) => ({
        url: '',
        facts: { records: 1, tokens: { after: `t${at}` } },
      })),
    );
    const stream = streamPlan({
      paginate: { type: 'cursor_token', token: 'next', param: 'after' },
      pagesMax: 5,
    });
    expect((await failure(read(stream, replay))).code).to.equal('ETL0406');
    expect(replay.asked).to.have.length(5);
  });

  it('takes a listing that reaches what the API gives of one for one that is cut off, also where nothing follows', async () => {
    const stream = streamPlan({ paginate: { type: 'next_url', path: 'next', recordsMax: 4 } });
    const pages = [
      { url: '', facts: { records: 2, next: '/orders?at=2' } },
      { url: '', facts: { records: 2 } },
    ];
    expect((await failure(read(stream, new Replay(pages)))).code).to.equal('ETL0427');
    const fewer = [pages[0] as Exchange, { url: '', facts: { records: 1 } }];
    expect(await read(stream, new Replay(fewer))).to.deep.equal([1, 2]);
  });

  it('never asks for a window that ends before it begins, although the clock is behind', async () => {
    const stream = streamPlan({
      request: { path: '/orders', query: { at: '{cursor.from}..{cursor.to}' } },
      cursor: { field: 'at', start: '2026-01-01T00:00:00Z' },
    });
    const replay = new Replay([{ url: '', facts: { records: 0 } }]);
    await read(stream, replay, { from: '2026-08-01T00:00:00.000000Z' });
    expect(decodeURIComponent(replay.asked[0] ?? '')).to.contain(
      '2026-08-01T00:00:00Z..2026-08-01T00:00:00Z',
    );
  });

  it('explains a next link that is no URL', async () => {
    const replay = new Replay([{ url: '', facts: { records: 1, next: 'http://[broken' } }]);
    expect(
      (await failure(read(streamPlan({ paginate: { type: 'next_url', path: 'next' } }), replay))).code,
    ).to.equal('ETL0408');
  });

  it('writes the cursor as the API wants it', async () => {
    const from = '2026-01-31T08:15:00.500000Z';
    const asked = async (cursor: Partial<config.Cursor>, start = from): Promise<string | null> => {
      const replay = new Replay([{ url: '', facts: {} }]);
      await read(streamPlan({ cursor: { field: 'at', from: { query: 'since' }, ...cursor } }), replay, {
        from: start,
      });
      return new URL(replay.asked[0] ?? '').searchParams.get('since');
    };
    expect(await asked({})).to.equal('2026-01-31T08:15:00.500Z');
    expect(await asked({}, '2026-01-31T08:15:00.000000Z')).to.equal('2026-01-31T08:15:00Z');
    expect(await asked({ format: 'epoch' })).to.equal('1769847300');
    expect(await asked({ format: 'epoch_ms' })).to.equal('1769847300500');
    expect(await asked({ type: 'integer' }, `1${'17'.padStart(40, '0')}`)).to.equal('17');
  });

  it('goes on in an open window where it stopped', async () => {
    const replay = new Replay([{ url: '', facts: { records: 1 } }]);
    const request: ApiRequest = { method: 'GET', url: 'https://api.example/v1/orders?after=x', headers: {} };
    const stream = streamPlan({ paginate: { type: 'cursor_token', token: 'next', param: 'after' } });
    expect(await read(stream, replay, { resume: { request, pages: 4 } })).to.deep.equal([5]);
    expect(replay.asked).to.deep.equal([request.url]);
  });
});

describe('a Link header', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['<https://a/2>; rel="next"', 'https://a/2'],
    ['<https://a/1>; rel="prev", <https://a/3>; rel=next', 'https://a/3'],
    ['<https://a/2?x=1,2;y>; title="a, b; rel=no"; rel="last next"', 'https://a/2?x=1,2;y'],
    ['<https://a/2>; REL="NEXT"', 'https://a/2'],
    ['<https://a/2>; rel="nextish"', undefined],
    ['', undefined],
  ];
  for (const [header, target] of cases) {
    it(`gives ${target ?? 'nothing'} for ${header === '' ? 'an empty one' : header}`, () => {
      expect(linkTarget(header, 'next')).to.equal(target);
    });
  }
});
