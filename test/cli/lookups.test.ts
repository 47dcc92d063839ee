import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { RunReport } from '../../engine/model/run-report.ts';
import { type Api, api, etl, json, ordersProject, projectFolder, tableOf } from '../support/cli.ts';
import { type OwnRedis, ownRedis } from '../support/redis.ts';

interface Shop {
  readonly more?: string;
  readonly lookups?: string;
  readonly properties?: string;
  readonly mapping?: string;
  readonly project?: string;
}

const categoryLookup = '{path: "/categories/{category_id}", cache: {ttl: 1h}}';

const shop = (url: string, { more = '', lookups, properties, mapping = '', project = '' }: Shop = {}) =>
  projectFolder({
    'etl.yml': `kind: project\nname: demo\n${project}`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
attempts: 2
${more}
streams:
  products:
    request: {path: /products}
    records: products
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    lookups:
      category: ${lookups ?? categoryLookup}
`,
    'mappings/products.yml': `kind: mapping
name: products
from: shop.products
load: {key: [id]}
${mapping}
properties:
  id: {from: id, type: integer}
  category: {from: _lookup.category.name, type: string}
${properties ?? ''}
`,
  });

interface Product {
  readonly id: number;
  readonly category_id?: unknown;
}

/** Two pages of products, and the categories that they name. */
const catalogue = (
  pages: readonly (readonly Product[])[],
  category: (id: string) => unknown = (id) => ({ id, name: `Category ${id}` }),
): Promise<Api> =>
  api((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname === '/products') {
      const at = Number(url.searchParams.get('after') ?? 0);
      json(response, { products: pages[at], next: at + 1 < pages.length ? String(at + 1) : null });
      return;
    }
    answer(response, category(decodeURIComponent(url.pathname.replace('/categories/', ''))));
  });

/** A text as it stands, and what is undefined with 404. */
function answer(response: ServerResponse, found: unknown): void {
  if (found === undefined) json(response, { error: 'not found' }, 404);
  else if (typeof found === 'string') response.end(found);
  else json(response, found);
}

const withRedis = 'environments:\n  dev: {redis: {url: "${env:REDIS_URL}"}}\n';

const lookedUp = ({ asked }: Api): string[] => asked.filter((path) => !path.startsWith('/products')).sort();

const pages = [
  [
    { id: 1, category_id: 7 },
    { id: 2, category_id: 8 },
    { id: 3, category_id: 7 },
  ],
  [{ id: 4, category_id: 7 }, { id: 5, category_id: null }, { id: 6 }],
];

async function report(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; report: RunReport }> {
  const { code, stdout } = await etl(['run', '--json', '--project', folder], env);
  return { code, report: (JSON.parse(stdout) as { result: RunReport }).result };
}

describe('lookups', function () {
  this.timeout(60_000);

  let provider: Api | undefined;

  afterEach(async () => {
    await provider?.close();
    provider = undefined;
  });

  it('bring what records refer to, each with one request', async () => {
    provider = await catalogue(pages);
    const folder = shop(provider.url);
    const { code, stdout } = await etl(['run', '--quiet', '--project', folder]);
    expect(code).to.equal(0);
    expect(await tableOf(folder, 'products')).to.deep.equal([
      { id: '1', category: 'Category 7' },
      { id: '2', category: 'Category 8' },
      { id: '3', category: 'Category 7' },
      { id: '4', category: 'Category 7' },
      { id: '5', category: null },
      { id: '6', category: null },
    ]);
    expect(lookedUp(provider)).to.deep.equal(['/categories/7', '/categories/8']);
    expect(stdout).to.contain('Cache: 1 of 3 replies came from it (33 %).');
  });

  it('are counted among the requests of the stream, and apart', async () => {
    provider = await catalogue(pages);
    const { report: ran } = await report(shop(provider.url));
    expect(ran.streams[0]).to.include({ requests: 4, lookupRequests: 2, pages: 2 });
    expect(ran.streams[0]?.cache).to.deep.equal({ hits: 1, misses: 2, revalidated: 0 });
  });

  it('are kept with the page: a changed mapping asks for nothing', async () => {
    provider = await catalogue(pages);
    const folder = shop(provider.url);
    await etl(['run', '--quiet', '--project', folder]);
    const mapping = join(folder, 'mappings/products.yml');
    writeFileSync(
      mapping,
      `${readFileSync(mapping, 'utf8')}  number: {from: _lookup.category.id, type: string}\n`,
    );
    provider.asked.length = 0;
    // The listing is read again, as in each run; what it refers to is looked up again, since this cache ended with its run.
    const { code } = await etl(['run', '--quiet', '--project', folder]);
    expect(code).to.equal(0);
    const rows = await tableOf(folder, 'products');
    expect(rows.map(({ number }) => number)).to.deep.equal(['7', '8', '7', '7', null, null]);
  });

  it('keep long numbers exact, of the page and of the reply', async () => {
    provider = await catalogue(
      [[{ id: 1, category_id: '7' }]],
      () => '{"name": "c", "weight": 12345678901234567890.123456789, "list": [9007199254740993]}',
    );
    const folder = shop(provider.url, {
      properties: `  weight: {from: _lookup.category.weight, type: "decimal(30,9)"}
  list: {from: _lookup.category.list, type: json}`,
    });
    expect((await etl(['run', '--quiet', '--project', folder])).code).to.equal(0);
    expect(await tableOf(folder, 'products')).to.deep.equal([
      { id: '1', category: 'c', weight: '12345678901234567890.123456789', list: '[9007199254740993]' },
    ]);
  });

  it('take a part of the reply, and ask with several values, encoded', async () => {
    provider = await catalogue([[{ id: 1, category_id: 'a/b c&d' }]], () => ({ data: [{ name: 'x' }] }));
    const folder = shop(provider.url, {
      lookups: '{path: "/categories/{category_id}/of/{id}", query: {q: "{category_id}"}, take: "data[0]"}',
    });
    expect((await etl(['run', '--quiet', '--project', folder])).code).to.equal(0);
    expect(lookedUp(provider)).to.deep.equal(['/categories/a%2Fb%20c%26d/of/1?q=a%2Fb%20c%26d']);
    expect(await tableOf(folder, 'products')).to.deep.equal([{ id: '1', category: 'x' }]);
  });

  it('never lead to another path than the declared one', async () => {
    provider = await catalogue([[{ id: 1, category_id: '..' }]]);
    const folder = shop(provider.url);
    expect((await etl(['run', '--quiet', '--project', folder])).code).to.equal(0);
    expect(lookedUp(provider)).to.deep.equal([]);
  });

  it('leave empty what is not there, or stop the stream, as declared', async () => {
    provider = await catalogue(pages, (id) => (id === '8' ? undefined : { name: id }));
    const lenient = shop(provider.url);
    expect((await etl(['run', '--quiet', '--project', lenient])).code).to.equal(0);
    expect((await tableOf(lenient, 'products')).map(({ category }) => category)).to.deep.equal([
      '7',
      null,
      '7',
      '7',
      null,
      null,
    ]);
    const strict = shop(provider.url, { lookups: '{path: "/categories/{category_id}", missing: fail}' });
    const { code, stderr } = await etl(['run', '--quiet', '--project', strict]);
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0445]').and.to.contain('/categories/8');
    expect(await tableOf(strict, 'products')).to.deep.equal([]);
  });

  it('ask again for a reply that is no JSON, and then give up', async () => {
    provider = await catalogue([[{ id: 1, category_id: 7 }]], () => '{"name": "cut');
    const { code, stderr } = await etl(['run', '--quiet', '--project', shop(provider.url)]);
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0446]').and.to.contain('lookup category');
    expect(lookedUp(provider)).to.have.length(2);
  });

  it('say which value they cannot be asked with', async () => {
    provider = await catalogue([[{ id: 1, category_id: { id: 7 } }]]);
    const { code, stderr } = await etl(['run', '--quiet', '--project', shop(provider.url)]);
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0447]').and.to.contain('`category_id`, which is an object');
  });

  it('are stored as the rules of privacy say', async () => {
    provider = await catalogue(pages, (id) => ({ name: id, owner: 'ada@example.com' }));
    const folder = shop(provider.url, { more: 'redact: [_lookup.category.owner]' });
    expect((await etl(['run', '--quiet', '--project', folder])).code).to.equal(0);
    const database = new DatabaseSync(join(folder, '.etl/staging.sqlite'));
    const bodies = database.prepare('SELECT body FROM pages').all() as { body: Uint8Array }[];
    database.close();
    const kept = bodies.map(({ body }) => gunzipSync(body).toString()).join('\n');
    expect(kept).to.contain('"_lookup":{"category":{"name":"7"}}').and.not.contain('ada@example.com');
  });

  it('are shown by preview, too', async () => {
    provider = await catalogue(pages);
    const { code, stdout } = await etl(['preview', 'products', '--project', shop(provider.url)]);
    expect(code).to.equal(0);
    expect(stdout).to.contain('Category 8');
    expect(lookedUp(provider)).to.have.length(2);
  });

  it('are checked before anything is asked', async () => {
    const wrong = async (more: Shop): Promise<string> => {
      const { code, stdout, stderr } = await etl([
        'validate',
        '--project',
        shop('https://shop.example', more),
      ]);
      expect(code, stdout + stderr).to.equal(3);
      return stdout + stderr;
    };
    expect(await wrong({ properties: '  x: {from: _lookup.categry.id, type: string}' }))
      .to.contain('ETL0448')
      .and.to.contain('did you mean `category`?');
    expect(await wrong({ lookups: '{path: "/categories/{category id}"}' })).to.contain('ETL0207');
    expect(await wrong({ lookups: '{path: "/categories/{category_id"}' }))
      .to.contain('ETL0207')
      .and.to.contain('expected {PATH}');
    expect(await wrong({ lookups: '{path: "/categories/{}"}' })).to.contain('ETL0207');
    expect(await wrong({ lookups: '{path: "/c/{id}", take: "a..b"}' })).to.contain('ETL0207');
    expect(await wrong({ lookups: '{path: "c/{id}"}' })).to.contain('a path that begins with /');
  });

  describe('with a Redis', () => {
    let redis: OwnRedis;

    before(async function () {
      redis = await ownRedis(this);
    });

    after(() => redis?.stop());

    it('come from there in the next run', async () => {
      provider = await catalogue(pages);
      const folder = shop(provider.url, {
        project: withRedis,
      });
      const env = { REDIS_URL: redis.url };
      await etl(['run', '--quiet', '--project', folder], env);
      expect(lookedUp(provider)).to.have.length(2);
      const { code, report: second } = await report(folder, env);
      expect(code).to.equal(0);
      expect(lookedUp(provider)).to.have.length(2);
      expect(second.streams[0]?.cache).to.deep.equal({ hits: 3, misses: 0, revalidated: 0 });
    });

    it('are never kept there as they are received where something of them is private', async () => {
      provider = await catalogue(pages, (id) => ({ name: id, owner: 'ada@example.com' }));
      const folder = shop(provider.url, {
        project: withRedis,
        more: 'redact: ["*.*.owner"]',
      });
      const client = new Redis(redis.url);
      await client.flushall();
      const { code, report: ran } = await report(folder, { REDIS_URL: redis.url });
      expect([code, ran.streams[0]?.cache?.hits]).to.deep.equal([0, 1]);
      expect((await client.keys('*')).filter((key) => key.includes('cache:'))).to.deep.equal([]);
      client.disconnect();
    });

    it('are asked for when it is away, which is a warning', async () => {
      provider = await catalogue(pages);
      const folder = shop(provider.url, {
        project: withRedis,
        more: 'budget: {on_store_down: local_share}',
      });
      const { code, report: ran } = await report(folder, { REDIS_URL: 'redis://127.0.0.1:1' });
      expect(code).to.equal(0);
      expect(ran.diagnostics.map(({ code: found, severity }) => [found, severity])).to.deep.equal([
        ['ETL0449', 'warning'],
      ]);
      expect(await tableOf(folder, 'products')).to.have.length(6);
    });
  });
});

describe('pages that may be used again', function () {
  this.timeout(60_000);

  it('are taken from the cache, or confirmed, and mapped like any other', async function () {
    const redis = await ownRedis(this);
    const provider = await api((request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else {
        response.setHeader('etag', '"1"');
        json(response, { orders: [{ id: 1, total: 12.5 }], next: null });
      }
    });
    const folder = (ttl: string): string =>
      ordersProject(provider.url, {
        stream: `    paginate: {type: cursor_token, token: next, param: after}\n    cache: {ttl: ${ttl}}`,
        environment: 'redis: {url: "${env:REDIS_URL}"}',
      });
    const env = { REDIS_URL: redis.url };
    const once = await report(folder('1h'), env);
    expect(once.report.streams[0]?.cache).to.deep.equal({ hits: 0, misses: 1, revalidated: 0 });
    const fresh = folder('1h');
    const { report: second } = await report(fresh, env);
    expect(second.streams[0]).to.include({ requests: 0, pages: 1, received: 1 });
    const old = folder('1ms');
    const { report: third } = await report(old, env);
    expect(third.streams[0]?.cache).to.deep.equal({ hits: 0, misses: 0, revalidated: 1 });
    expect(provider.asked).to.have.length(2);
    for (const each of [fresh, old])
      expect(await tableOf(each, 'orders')).to.deep.equal([{ id: '1', total: '12.50' }]);
    await provider.close();
    await redis.stop();
  });
});
