import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, type Handler, json, projectFolder, tableOf } from '../support/cli.ts';

const projectOf = (url: string, streams: string, source = ''): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: results\nenvironments: {dev: {}}\n',
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: ${url}\nattempts: 1\n${source}streams:\n${streams}`,
    'mappings/lines.yml': `kind: mapping
name: lines
from: shop.lines
load: {key: [id]}
properties:
  id: {from: id, type: string}
`,
  });

const jobOf = (locate: string, create = ''): string => `    job:
      create: {method: POST, path: /jobs, body: {${create}}, take: {job: id}}
      poll: {path: "/jobs/{job.job}", status: state, done: [done], failed: [failed], every: 5ms}
      locate: ${locate}
    request: {path: "{job.url}"}
    primaryKey: [id]
`;

const run = (folder: string, ...more: readonly string[]) => etl(['run', '--json', '-p', folder, ...more]);

const idsOf = async (folder: string): Promise<readonly unknown[]> =>
  (await tableOf(folder, 'lines')).map(({ id }) => id).sort();

/** All bytes of a staging database, as text. */
const stagingText = (folder: string): string =>
  readdirSync(join(folder, '.etl'))
    .filter((name) => name.startsWith('staging'))
    .map((name) => readFileSync(join(folder, '.etl', name), 'latin1'))
    .join('');

/** An API whose one job is done at once; the handler has the rest. */
const jobApi = (rest: Handler): Promise<Api> =>
  api((request, response) => {
    if (request.method === 'POST') return json(response, { id: 'j1' });
    if (request.url === '/jobs/j1') return json(response, { state: 'done' });
    rest(request, response);
  });

describe('the result of a job', function () {
  this.timeout(60_000);

  it('that goes on over pages at an address is located again for each, and the address is kept nowhere', async () => {
    const pages: { page: string | null; signature: string | null }[] = [];
    let broken = true;
    const store = await api((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const page = searchParams.get('part');
      pages.push({ page, signature: searchParams.get('signature') });
      if (page === '2' && broken) return json(response, { error: 'broken' }, 422);
      const next = { '1': '2', '2': 'null' }[page ?? ''] ?? '1';
      response.setHeader('Next-Part', next);
      json(response, [{ id: `record of ${page ?? '0'}` }]);
    });
    let located = 0;
    const shop = await jobApi((_request, response) => {
      located += 1;
      json(response, { url: `${store.url}/bucket?signature=secret-${located}` });
    });
    const streams = `  lines:\n${jobOf('{path: "/jobs/{job.job}/address", take: {url: url}}')}    paginate: {type: cursor_token, header: Next-Part, param: part}\n`;
    const folder = projectOf(shop.url, streams, `allowedOrigins: ["${store.url}"]\n`);
    const first = await run(folder);
    expect(first.code).to.equal(1);
    expect(first.stdout).to.not.contain('secret-');
    broken = false;
    const second = await run(folder);
    await Promise.all([shop.close(), store.close()]);
    expect(second.code, second.stdout).to.equal(0);
    expect(pages.map(({ page }) => page)).to.deep.equal([null, '1', '2', '2']);
    expect(pages.map(({ signature }) => signature)).to.deep.equal([1, 2, 3, 4].map((at) => `secret-${at}`));
    expect(shop.asked.filter((path) => path === '/jobs')).to.have.length(1);
    expect(await idsOf(folder)).to.deep.equal(['record of 0', 'record of 1', 'record of 2']);
    expect(stagingText(folder)).to.not.contain('secret-');
  });

  it('that is in several files is read file by file, and goes on with the one that failed', async () => {
    let broken = true;
    const shop = await jobApi((request, response) => {
      const url = request.url ?? '';
      if (url === '/file/b' && broken) return json(response, { error: 'broken' }, 422);
      json(response, replies[url]);
    });
    const replies: Record<string, unknown> = {
      '/jobs/j1/files': { files: ['a', 'b', 'c'].map((name) => ({ url: `${shop.url}/file/${name}` })) },
      '/file/a': [{ id: '/file/a' }],
      '/file/b': [{ id: '/file/b' }],
      '/file/c': [],
    };
    const folder = projectOf(
      shop.url,
      `  lines:\n${jobOf('{path: "/jobs/{job.job}/files", take: {url: "files[*].url"}}')}`,
    );
    expect((await run(folder)).code).to.equal(1);
    broken = false;
    const second = await run(folder);
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(shop.asked.filter((path) => path.startsWith('/file/'))).to.deep.equal([
      '/file/a',
      '/file/b',
      '/file/b',
      '/file/c',
    ]);
    expect(await idsOf(folder)).to.deep.equal(['/file/a', '/file/b']);
  });

  it('of which each page has an address of its own ends where the API says that there is none', async () => {
    const shop = await jobApi((request, response) => {
      const url = request.url ?? '';
      const [, part] = /^\/jobs\/j1\/parts\/(\d+)$/.exec(url) ?? [];
      if (part === undefined) return json(response, [{ id: url }]);
      if (Number(part) > 2) return json(response, { error: 'no such part' }, 404);
      json(response, { url: `${shop.url}/parts/${part}` });
    });
    const locate = '{path: "/jobs/{job.job}/parts/{page.number}", take: {url: url}}';
    const folder = projectOf(
      shop.url,
      `  lines:\n${jobOf(locate)}    paginate: {type: page, start: 1, orderedBy: [id], stop: {status: [404]}}\n`,
    );
    const { code, stdout } = await run(folder);
    await shop.close();
    expect(code, stdout).to.equal(0);
    expect(await idsOf(folder)).to.deep.equal(['/parts/1', '/parts/2']);
  });
});

describe('a job for each parent', function () {
  this.timeout(60_000);

  const parents = `  orders:
    request: {path: /orders}
    records: {open: open, closed: closed}
    primaryKey: [id]
  lines:
`;

  /** `where` chooses among the lists of the parents. */
  async function jobs(where: string) {
    const created: unknown[] = [];
    let failing = '';
    let expired = '';
    const orders = { open: [{ id: 'a' }, { id: 'b' }], closed: [{ id: 'c' }] };
    const create: Handler = async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      created.push(JSON.parse(body).order);
      json(response, { id: `${created.length}-${JSON.parse(body).order}` });
    };
    const replies: Record<string, (job: string) => unknown> = {
      orders: () => orders,
      jobs: (job) => ({ state: job === failing ? 'failed' : 'done', url: `/r/${job}` }),
      r: (job) => [{ id: `line of ${job}` }],
    };
    const shop = await api((request, response) => {
      if (request.method === 'POST') return create(request, response);
      const [, kind = '', job = ''] = (request.url ?? '').split('/');
      if (kind === 'r' && job === expired) return json(response, { error: 'the result has expired' }, 404);
      json(response, replies[kind]?.(job));
    });
    const streams = `${parents}    parent: {stream: orders${where}}
    job:
      create: {method: POST, path: /jobs, body: {order: "{parent.id}"}, take: {job: id}}
      poll: {path: "/jobs/{job.job}", status: state, done: [done], failed: [failed], every: 5ms, take: {url: url}}
    request: {path: "{job.url}"}
    primaryKey: [id]
`;
    const folder = projectOf(shop.url, streams);
    return {
      shop,
      folder,
      created,
      fail: (job: string) => {
        failing = job;
      },
      expire: (job: string) => {
        expired = job;
      },
    };
  }

  it('is created when its turn comes, for the records of all lists', async () => {
    const { shop, folder, created, fail } = await jobs('');
    fail('2-b');
    const first = await run(folder);
    expect(first.code).to.equal(1);
    expect(first.stdout).to.contain('ETL0428');
    // The job that has failed is found so again; only what it was for is asked for anew.
    const second = await run(folder, '--select', 'shop.lines+');
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(created).to.deep.equal(['a', 'b', 'b', 'c']);
    expect(await idsOf(folder)).to.deep.equal(['1-a', '3-b', '4-c'].map((job) => `line of ${job}`));
  });

  it('whose result is there no more is made anew: it says nothing of the parent', async () => {
    const { shop, folder, created, expire } = await jobs(', gone: [404]');
    expire('2-b');
    expect((await run(folder)).code).to.equal(1);
    const second = await run(folder, '--select', 'shop.lines+');
    await shop.close();
    expect(second.code, second.stdout).to.equal(0);
    expect(created).to.deep.equal(['a', 'b', 'b', 'c']);
    expect(await idsOf(folder)).to.deep.equal(['1-a', '3-b', '4-c'].map((job) => `line of ${job}`));
  });

  it('is created for the records of one list where that is said', async () => {
    const { shop, folder, created } = await jobs(', where: {_list: closed}');
    const { code, stdout } = await run(folder);
    await shop.close();
    expect(code, stdout).to.equal(0);
    expect(created).to.deep.equal(['c']);
    expect(await idsOf(folder)).to.deep.equal(['line of 1-c']);
  });
});
