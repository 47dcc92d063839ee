import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, errorOf, failureOf, get, numbered, orders, shop, start } from './support/lab-project.ts';

interface Page {
  readonly data: readonly { readonly id: number }[];
  readonly meta?: { readonly total: number };
  readonly links?: { readonly next: string | null };
  readonly paging?: { readonly after: string };
}

type Next = (
  reply: { readonly headers: Headers; readonly body: Page },
  page: number,
) => string | undefined | null;

/** Ids of every page, as a client that follows `next` gets them. */
async function walk(url: string, next: Next): Promise<readonly (readonly number[])[]> {
  const pages: number[][] = [];
  for (let at: string | undefined | null = url; at; ) {
    const reply = await get<Page>(at);
    expect(reply.status, at).to.equal(200);
    pages.push(reply.body.data.map(({ id }) => id));
    at = next(reply, pages.length);
  }
  return pages;
}

const stream = (paginate: config.Paginate, query = {}): Partial<config.Stream> => ({
  request: { path: '/orders', query },
  records: 'data',
  paginate,
});

const serve = async (paginate: config.Paginate, count = 7, query = {}): Promise<string> => {
  const lab = await start([shop(stream(paginate, query))], orders(numbered(count)));
  return `${lab.sources['shop']}/orders`;
};

const inThrees = [[1, 2, 3], [4, 5, 6], [7]];

describe('the paging of the lab', () => {
  afterEach(closeLabs);

  it('gives everything in one answer without paging', async () => {
    const url = await serve({ type: 'none' });
    expect(await walk(url, () => undefined)).to.deep.equal([[1, 2, 3, 4, 5, 6, 7]]);
    expect(await errorOf(`${url}?limit=3`)).to.equal('400: Query parameter limit is unknown.');
  });

  it('walks Link headers, each record once', async () => {
    const url = await serve({ type: 'link_header', rel: 'more' }, 7, { limit: 3, status: 'any' });
    const next: Next = ({ headers }) => /^<([^>]+)>; rel="more"$/.exec(headers.get('link') ?? '')?.[1];
    expect(await walk(`${url}?status=any&limit=3`, next)).to.deep.equal(inThrees);
    const link = next(await get<Page>(`${url}?status=any`), 1) as string;
    expect(new URL(link).searchParams.get('status')).to.equal('any');
  });

  it('walks URLs in the body, each record once', async () => {
    const url = await serve({ type: 'next_url', path: 'links.next', size: 3 });
    expect(await walk(url, ({ body }) => body.links?.next)).to.deep.equal(inThrees);
  });

  it('walks tokens, each record once', async () => {
    const url = await serve({ type: 'cursor_token', token: 'paging.after', param: 'after', size: 3 });
    const next: Next = ({ body }) => body.paging && `${url}?after=${body.paging.after}`;
    expect(await walk(url, next)).to.deep.equal(inThrees);
  });

  it('walks page numbers from their start to an empty page', async () => {
    const url = await serve({ type: 'page', param: 'page', start: 0, size: 3 });
    const next: Next = ({ body }, page) => (body.data.length > 0 ? `${url}?page=${page}` : undefined);
    expect(await walk(`${url}?page=0`, next)).to.deep.equal([...inThrees, []]);
  });

  it('walks offsets and says how many there are', async () => {
    const url = await serve({
      type: 'offset',
      param: 'skip',
      size: 3,
      sizeParam: 'top',
      total: 'meta.total',
    });
    const next: Next = ({ body }, page) =>
      page * 3 < (body.meta?.total ?? 0) ? `${url}?skip=${page * 3}&top=3` : undefined;
    expect(await walk(url, next)).to.deep.equal(inThrees);
    expect((await get<Page>(`${url}?skip=999999999`)).body).to.deep.equal({ data: [], meta: { total: 7 } });
  });

  it('ends exactly when the last page is full, and serves an empty collection', async () => {
    const paginate: config.Paginate = { type: 'next_url', path: 'links.next', size: 3 };
    expect(await walk(await serve(paginate, 6), ({ body }) => body.links?.next)).to.have.length(2);
    expect(await walk(await serve(paginate, 0), ({ body }) => body.links?.next)).to.deep.equal([[]]);
  });

  it('gives smaller pages on request and never larger ones than declared', async () => {
    const url = await serve({ type: 'page', param: 'page', size: 3 });
    const sizeOf = async (limit: number): Promise<number> =>
      (await get<Page>(`${url}?limit=${limit}`)).body.data.length;
    expect([await sizeOf(2), await sizeOf(3), await sizeOf(500)]).to.deep.equal([2, 3, 3]);
  });

  it('gives pages of 100 where no size is declared', async () => {
    const url = await serve({ type: 'page', param: 'page' }, 101);
    expect((await get<Page>(url)).body.data).to.have.length(100);
  });

  it('refuses what it cannot read', async () => {
    const url = await serve({ type: 'page', param: 'page', size: 3 }, 7, { status: 'any' });
    expect(await errorOf(`${url}?limit=ten`)).to.equal(
      '400: Query parameter limit must be a whole number of at least 1, got ten.',
    );
    expect(await errorOf(`${url}?limit=0`)).to.match(/^400: .* at least 1, got 0/);
    expect(await errorOf(`${url}?page=-1`)).to.match(/^400: .* got -1/);
    expect(await errorOf(`${url}?page=0`)).to.match(/^400: .* at least 1, got 0/);
    expect(await errorOf(`${url}?page=`)).to.match(/^400: .* got nothing/);
    expect(await errorOf(`${url}?page=1&page=2`)).to.equal('400: Query parameter page is given twice.');
    expect(await errorOf(`${url}?status=open`)).to.equal(
      '400: Query parameter status must be any, got open.',
    );
    expect(await errorOf(`${url}?stauts=any`)).to.equal('400: Query parameter stauts is unknown.');
  });

  it('refuses a token that was altered', async () => {
    const url = await serve({ type: 'cursor_token', token: 'paging.after', param: 'after', size: 3 });
    const token = (await get<Page>(url)).body.paging?.after ?? '';
    const altered = Buffer.from(Buffer.from(token, 'base64url').toString().replace(/^3/, '4')).toString(
      'base64url',
    );
    for (const wrong of [altered, `${token}A`, token.slice(1), 'x', '']) {
      expect(await errorOf(`${url}?after=${wrong}`), wrong).to.match(/^400: The page token is not one/);
    }
  });

  it('gives the same token after a restart', async () => {
    const paginate: config.Paginate = {
      type: 'cursor_token',
      token: 'paging.after',
      param: 'after',
      size: 3,
    };
    const tokens = [await serve(paginate), await serve(paginate)].map(
      async (url) => (await get<Page>(url)).body.paging,
    );
    expect(await tokens[0]).to.deep.equal(await tokens[1]);
  });

  it('answers GET at known paths only', async () => {
    const url = await serve({ type: 'none' });
    expect((await get(url, { method: 'POST' })).headers.get('allow')).to.equal('GET');
    expect(await errorOf(url, { method: 'DELETE' })).to.equal('405: Only GET is served.');
    expect(await errorOf(`${url}/1`)).to.equal('404: Nothing is served at /shop/api/v1/orders/1.');
    expect(await errorOf(new URL('/other', url).href)).to.equal('404: No source is served at /other.');
  });

  it('tells streams of one path apart by their query', async () => {
    const one = (status?: string): config.Stream => ({
      request: { path: '/orders', ...(status && { query: { status } }) },
      primaryKey: ['id'],
      lab: { generate: { records: 1, record: { status: (status ?? 'all') as never } } },
    });
    const lab = await start([
      shop({}, { streams: { open: one('open'), closed: one('closed'), all: one() } }),
    ]);
    const url = `${lab.sources['shop']}/orders`;
    expect((await get(`${url}?status=open`)).body).to.deep.equal([{ status: 'open' }]);
    expect((await get(`${url}?status=closed`)).body).to.deep.equal([{ status: 'closed' }]);
    expect((await get(url)).body).to.deep.equal([{ status: 'all' }]);
    expect(await failureOf(start([shop({}, { streams: { a: one('open'), b: one('open') } })]))).to.match(
      /^ETL0808: shop\.b sends the same request/,
    );
  });

  it('refuses paths that cannot stand in one response', async () => {
    const clash = shop({ records: 'data', paginate: { type: 'next_url', path: 'data.next' } });
    expect(await failureOf(start([clash], orders([])))).to.match(
      /^ETL0808: shop\.orders: data and data\.next cannot/,
    );
    const bare = shop({ paginate: { type: 'next_url', path: 'next' } });
    expect(await failureOf(start([bare], orders([])))).to.match(
      /^ETL0808: .*\(the response itself\) and next cannot/,
    );
  });
});
