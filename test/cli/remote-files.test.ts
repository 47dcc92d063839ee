import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect } from 'chai';
import { etl, projectFolder, start, tableOf } from '../support/cli.ts';
import { inHalfADay } from '../support/quota.ts';

interface Served {
  readonly body: Uint8Array | string;
  readonly headers?: { readonly [header: string]: string };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

const csv = 'id,price\n1,1.5\n2,2\n3,3\n';
const good = { code: 0, codes: [] as string[] };

/** How many pages a run of another process has staged so far. */
function stagedPages(file: string): number {
  if (!existsSync(file)) return 0;
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  try {
    const tables = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'pages'").all();
    if (tables.length === 0) return 0;
    return Number((database.prepare('SELECT count(*) AS n FROM pages').get() as { n: number }).n);
  } finally {
    database.close();
  }
}

describe('files at a URL', function () {
  this.timeout(120_000);
  let asked: IncomingMessage[];
  let answer: Answer;
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  let origin: string;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after((done) => {
    delete process.env['FILES_TOKEN'];
    server.close(() => done());
  });
  beforeEach(() => {
    process.env['FILES_TOKEN'] = 'sesame';
    asked = [];
  });

  const serve = ({ body, headers = {} }: Served): void => {
    answer = (_, response) => response.writeHead(200, headers).end(body);
  };

  const project = (stream: string, source = '') =>
    projectFolder({
      'etl.yml': 'kind: project\nname: demo\n',
      'sources/legacy.yml': `kind: source\nname: legacy\nconnector: files\nbaseUrl: ${origin}/exports\nauth: {type: bearer, token: "\${env:FILES_TOKEN}"}\n${source}streams:\n  orders:\n    primaryKey: [id]\n${stream}`,
      'mappings/orders.yml':
        'kind: mapping\nname: orders\nfrom: legacy.orders\nto: {schema: main}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n  price: {from: price, type: "decimal(18,2)"}\n  file: {from: _file, type: string}\n  line: {from: _line, type: integer}\n',
    });

  async function run(folder: string) {
    const { code, stdout, stderr } = await etl(['run', '--json', '-p', folder]);
    const { diagnostics = [], result } = JSON.parse(stdout || stderr) as {
      diagnostics?: { code: string }[];
      result?: { streams?: { received: number; pages: number }[] };
    };
    const { received = 0, pages = 0 } = result?.streams?.[0] ?? {};
    return { code, text: stdout + stderr, codes: diagnostics.map((one) => one.code), received, pages };
  }

  const rows = async (folder: string) =>
    (await tableOf(folder, 'orders'))
      .map((row) => `${row['id']} ${row['price']} ${row['file']}:${row['line']}`)
      .sort();

  async function parquet(select: string): Promise<Buffer> {
    const path = join(projectFolder({}), 'made.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    return readFileSync(path);
  }

  it('of Parquet are asked for once, with the credentials, and read page by page', async () => {
    serve({ body: await parquet('SELECT i AS id, (i + 0.05)::DECIMAL(18,2) AS price FROM range(5) r(i)') });
    const folder = project('    request: {path: /a.parquet}\n    format: parquet\n    pageRows: 2\n');
    expect(await run(folder)).to.deep.include({ ...good, received: 5, pages: 3 });
    expect((await rows(folder)).at(-1)).to.equal('4 4.05 a.parquet:5');
    expect(asked.map(({ url, headers }) => [url, headers.authorization])).to.deep.equal([
      ['/exports/a.parquet', 'Bearer sesame'],
    ]);
  });

  it('take one permit, however many pages they have', async () => {
    serve({ body: csv });
    const folder = project(
      '    request: {path: /a.csv}\n    format: csv\n    pageRows: 1\n',
      'budget: {patience: 1s, limits: [{id: slow, bucket: {rate: 1/1h, burst: 1}}]}\n',
    );
    expect(await run(folder)).to.deep.include({ code: 0, received: 3, pages: 3 });
  });

  it('take one of a quota as well, and are read to their end', async () => {
    serve({ body: csv });
    const folder = project(
      '    request: {path: /a.csv}\n    format: csv\n    pageRows: 1\n',
      `budget: {headroom: 0%, limits: [{id: daily, fixed: {limit: 1, per: day, zone: UTC, reset: "${inHalfADay().reset}"}}]}\n`,
    );
    expect((await etl(['plan', '-p', folder])).stdout).to.match(/1 left until .*, about 1 needed/);
    expect(await run(folder)).to.deep.include({ ...good, received: 3, pages: 3 });
    expect(asked).to.have.length(1);
    // None is left: the next run does not begin.
    expect(await run(folder)).to.deep.include({ code: 4, codes: ['ETL0332'] });
    expect(asked).to.have.length(1);
  });

  for (const [what, path, headers, body] of [
    ['gzip by their name', 'a.csv.gz', {}, gzipSync(csv)],
    ['gzip on their way alone', 'a.csv', { 'content-encoding': 'gzip' }, gzipSync(csv)],
    ['gzip as storage says it of a packed file', 'a.csv.gz', { 'content-encoding': 'gzip' }, gzipSync(csv)],
  ] as const)
    it(`may be ${what}`, async () => {
      serve({ body, headers });
      const folder = project(`    request: {path: /${path}}\n    format: csv\n    pageRows: 2\n`);
      expect(await run(folder)).to.deep.include(good);
      expect(await rows(folder)).to.deep.equal([`1 1.50 ${path}:2`, `2 2.00 ${path}:3`, `3 3.00 ${path}:4`]);
    });

  it('go on where a run ended, if the file still holds the same, and else from its beginning', async () => {
    serve({ body: 'id,price\n1,1.5\n2,bad,row\n' });
    const stream = '    request: {path: /a.csv}\n    format: csv\n    pageRows: 1\n';
    const folder = project(stream);
    expect(await run(folder)).to.deep.include({ code: 1, codes: ['ETL0532'] });
    // The same file fails at the same row: its first page is not read again.
    const again = await run(folder);
    expect(again).to.deep.include({ code: 1, codes: ['ETL0532'] });
    expect(again.text).to.contain('a.csv:3: the row has 3 fields');
    serve({ body: csv });
    expect(await run(folder)).to.deep.include({ ...good, received: 3 });
    expect(await rows(folder)).to.have.length(3);
  });

  it('lose nothing and double nothing when the process is killed while it copies, and while it reads pages', async () => {
    const count = 900;
    const lines = Array.from({ length: count }, (_, at) => `${at},${at}.5`);
    const whole = `id,price\n${lines.join('\n')}\n`;
    const folder = project('    request: {path: /a.csv}\n    format: csv\n    pageRows: 1\n');
    const begun = new Promise<void>((resolve) => {
      answer = (_, response) => {
        response.writeHead(200, { 'content-length': whole.length });
        response.write(whole.slice(0, whole.length / 2), () => resolve());
      };
    });
    const copying = start(['run', '-p', folder]);
    await begun;
    copying.child.kill('SIGKILL');
    await copying.finished;
    serve({ body: whole });
    const reading = start(['run', '-p', folder]);
    const staged = () => stagedPages(join(folder, '.etl/staging.sqlite'));
    for (let rounds = 0; staged() < 50 && rounds < 20_000; rounds += 1) await setImmediate();
    reading.child.kill('SIGKILL');
    await reading.finished;
    const before = staged();
    expect(before).to.be.within(50, count - 1);
    const last = await run(folder);
    expect(last).to.deep.include(good);
    expect(last.pages).to.equal(count - before);
    expect(asked).to.have.length(3);
    const found = (await tableOf(folder, 'orders')).map((row) => Number(row['id'])).sort((a, b) => a - b);
    expect(found).to.deep.equal(lines.map((_, at) => at));
    expect((await etl(['audit', '-p', folder])).code).to.equal(0);
  });

  it('are not asked for again before they have changed', async () => {
    const modified = 'Thu, 01 Jan 2026 00:00:00 GMT';
    answer = (request, response) =>
      request.headers['if-modified-since'] === modified
        ? response.writeHead(304).end()
        : response.writeHead(200, { 'last-modified': modified }).end(csv);
    const folder = project(
      '    request: {path: /a.csv}\n    format: csv\n    cursor: {field: _modified, type: timestamp}\n',
    );
    expect(await run(folder)).to.deep.include({ ...good, received: 3 });
    expect(await run(folder)).to.deep.include({ ...good, received: 0 });
  });

  it('that are cut short are asked for again, and nothing of the first copy is stored', async () => {
    let times = 0;
    answer = (_, response) => {
      times += 1;
      response.writeHead(200, { 'content-length': String(csv.length) });
      if (times > 1) response.end(csv);
      else response.write(csv.slice(0, 15), () => response.destroy());
    };
    const folder = project('    request: {path: /a.csv}\n    format: csv\n');
    expect(await run(folder)).to.deep.include({ ...good, received: 3 });
    expect(asked).to.have.length(2);
  });

  it('that are refused or elsewhere are told like any other reply', async () => {
    answer = (_, response) => response.writeHead(403).end('not yours');
    const folder = project('    request: {path: /a.csv}\n    format: csv\n');
    const told = await run(folder);
    expect(told).to.deep.include({ code: 1, codes: ['ETL0410'] });
    answer = ({ url }, response) =>
      url === '/exports/a.csv'
        ? response.writeHead(302, { location: '/moved/b.csv' }).end()
        : response.writeHead(200).end(csv);
    expect(await run(folder)).to.deep.include({ ...good, received: 3 });
    expect((await rows(folder))[0]).to.equal('1 1.50 b.csv:2');
  });

  it('leave nothing behind in the folder for temporary files, also while they are read', async function () {
    if (process.platform !== 'linux') this.skip();
    serve({ body: csv });
    const folder = project('    request: {path: /a.csv}\n    format: csv\n    pageRows: 1\n');
    const before = leftOvers();
    expect(await run(folder)).to.deep.include(good);
    expect(leftOvers()).to.deep.equal(before);
  });

  it('have no wildcards, and no cursor but their time', async () => {
    const folder = project(
      '    request: {path: /*.csv}\n    format: csv\n    cursor: {field: _file, type: string}\n',
    );
    const { code, stdout, stderr } = await etl(['validate', '-p', folder]);
    expect(code).to.equal(3);
    expect(stdout + stderr)
      .to.contain('files at URLs are named one by one')
      .and.to.contain('`Last-Modified`');
  });

  const leftOvers = (): readonly string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-copy-'));
});
