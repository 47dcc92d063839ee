import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { api, etl, projectFolder, tableOf } from '../support/cli.ts';
import { zipOf } from '../support/zip.ts';

const env = { PII_KEY: 'a key of the tests' };

const project = (url: string, stream: string, more = '') => ({
  'etl.yml': 'kind: project\nname: demo\npii: {key: "${env:PII_KEY}"}\n',
  'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: ${url}\nattempts: 2\nredact: [secret]\nstreams:\n  orders:\n    request: {path: /orders}\n    primaryKey: [id]\n${stream}`,
  'mappings/orders.yml': mapping(''),
  ...(more === '' ? {} : { 'lab/shop/orders.ndjson': more }),
});

const mapping = (properties: string): string =>
  `kind: mapping\nname: orders\nfrom: shop.orders\nto: {schema: main}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n  price: {from: price, type: "decimal(18,2)"}\n  note: {from: note, type: string}\n${properties}`;

interface Told {
  readonly code: number | null;
  readonly text: string;
  readonly codes: readonly string[];
}

async function run(folder: string, ...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
  const { diagnostics = [] } = JSON.parse(stdout || stderr) as { diagnostics?: { code: string }[] };
  return { code, text: stdout + stderr, codes: diagnostics.map((one) => one.code) };
}

const rows = async (folder: string) =>
  (await tableOf(folder, 'orders')).map(({ id, price, note }) => ({ id, price, note }));

const csv = 'id;price;note;secret\r\n1;12.50;"a;b";s3cret\r\n2;7;;s3cret\r\n3;0.10;"";s3cret\r\n';
const expected = [
  { id: '1', price: '12.50', note: 'a;b' },
  { id: '2', price: '7.00', note: null },
  { id: '3', price: '0.10', note: '' },
];
const semicolons = '    format: csv\n    csv: {delimiter: ";"}\n';

describe('bodies that are not JSON', function () {
  this.timeout(120_000);

  for (const [what, body, stream] of [
    ['CSV', csv, semicolons],
    ['a gzip file of CSV', gzipSync(csv), semicolons],
    [
      'one file of a zip',
      zipOf({ 'readme.txt': 'x', 'orders.csv': csv }),
      `${semicolons}    zip: {entry: "*.csv"}\n`,
    ],
    [
      'NDJSON',
      '{"id":"1","price":12.50,"note":"a;b","secret":1}\n{"id":"2","price":7,"secret":1}\n{"id":"3","price":0.10,"note":""}\n',
      '    format: ndjson\n',
    ],
    ['TSV', 'id\tprice\tnote\n1\t12.50\ta;b\n2\t7\t\n', '    format: tsv\n'],
  ] as const)
    it(`are read, kept without what is redacted, and mapped again: ${what}`, async () => {
      const provider = await api((_, response) => response.end(body));
      const folder = projectFolder(project(provider.url, stream));
      expect(await run(folder, 'run')).to.deep.include({ code: 0, codes: [] });
      const wanted = what === 'TSV' ? expected.slice(0, 2) : expected;
      expect(await rows(folder)).to.deep.equal(wanted);
      writeFileSync(
        join(folder, 'mappings/orders.yml'),
        mapping('  gone: {from: secret, type: string}\n  twice: {from: price, type: string}\n'),
      );
      expect(await run(folder, 'run', '--from-ledger')).to.deep.include({ code: 0, codes: [] });
      const table = await tableOf(folder, 'orders');
      expect(table.map(({ gone, twice }) => [gone, Number(twice)])).to.deep.equal(
        wanted.map(({ price }) => [null, Number(price)]),
      );
      expect(provider.asked).to.have.length(1);
      await provider.close();
    });

  it('are asked for in their format, unless the project says what', async () => {
    const accepted: unknown[] = [];
    const provider = await api((request, response) => {
      accepted.push(request.headers.accept);
      response.end(csv);
    });
    const folder = projectFolder(project(provider.url, semicolons));
    await run(folder, 'run');
    const own = projectFolder(
      project(provider.url, `${semicolons}`.replace('format', 'description: x\n    format')),
    );
    writeFileSync(
      join(own, 'sources/shop.yml'),
      readFileSync(join(own, 'sources/shop.yml'), 'utf8').replace(
        '{path: /orders}',
        '{path: /orders, headers: {Accept: text/x}}',
      ),
    );
    await run(own, 'run');
    expect(accepted).to.deep.equal(['text/csv, text/plain;q=0.5, */*;q=0.1', 'text/x']);
    await provider.close();
  });

  it('that do not fit stop the stream with the line, and store nothing', async () => {
    const provider = await api((_, response) => response.end('id;price;note\n1;2;x\n2;3\n'));
    const folder = projectFolder(project(provider.url, semicolons));
    const { code, text, codes } = await run(folder, 'run');
    expect({ code, codes }).to.deep.equal({ code: 1, codes: ['ETL0532'] });
    expect(text).to.contain('shop.orders, line 3: the row has 2 fields, the header 3');
    await provider.close();
  });

  describe('cut on their way', () => {
    /** A server that says nothing of a length, and ends the connection behind what it has sent. */
    async function closing(bodies: readonly string[]): Promise<{ url: string; close(): void }> {
      let asked = 0;
      const server = createServer((socket) => {
        socket.once('data', () => {
          const body = bodies[Math.min(asked, bodies.length - 1)] ?? '';
          asked += 1;
          socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\n${body}`);
        });
        socket.on('error', () => {});
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        close: () => server.close(),
      };
    }

    it('are asked for again where it shows', async () => {
      const server = await closing(['id;price;note\n1;12.5', csv]);
      const folder = projectFolder(project(server.url, semicolons));
      const told = await run(folder, 'run');
      server.close();
      expect({ code: told.code, codes: told.codes }).to.deep.equal({ code: 0, codes: ['ETL0454'] });
      expect(await rows(folder)).to.deep.equal(expected);
    });

    it('are warned of where it would not show, and refused where a count says so', async () => {
      const server = await closing(['id;price;note\n1;12.5;x\n']);
      const folder = projectFolder(project(server.url, semicolons));
      const told = await run(folder, 'run');
      expect({ code: told.code, codes: told.codes }).to.deep.equal({ code: 0, codes: ['ETL0454'] });
      const counted = projectFolder(project(server.url, `${semicolons}    rowCount: {header: X-Rows}\n`));
      const refused = await run(counted, 'run');
      server.close();
      expect({ code: refused.code, codes: refused.codes }).to.deep.equal({ code: 1, codes: ['ETL0530'] });
    });

    const chunked = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.write('id;price;note\n1;2;x\n', () => response.socket?.destroy());
    };

    it('are named where the last chunk is missing', async () => {
      const provider = await api((_, response) => chunked(response));
      const folder = projectFolder(project(provider.url, semicolons));
      const { code, codes } = await run(folder, 'run');
      await provider.close();
      expect(code).to.equal(1);
      expect(codes).not.to.deep.equal([]);
    });
  });

  for (const [format, csvOptions, packed] of [
    ['csv', '    csv: {delimiter: ";", encoding: windows-1252, nullValue: "NULL"}\n', 'gzip'],
    ['tsv', '    csv: {nullValue: "\\\\N", encoding: utf-16le}\n', ''],
    ['ndjson', '', ''],
  ] as const)
    it(`are served by the lab as they are declared: ${format}`, async () => {
      const lab = `    lab: {data: lab/shop/orders.ndjson${packed && ', packed: gzip'}}\n    rowCount: {header: X-Rows}\n    paginate: {type: page, param: page, size: 2, orderedBy: [id]}\n`;
      const data =
        '{"id":"1","price":12.50,"note":"é€ \\"q\\""}\n{"id":"2","price":7}\n{"id":"3","price":0.10,"note":""}\n';
      const files = project('https://shop.example.com', `    format: ${format}\n${csvOptions}${lab}`, data);
      const folder = projectFolder(files);
      const told = await run(folder, 'run', '--lab');
      expect({ code: told.code, codes: told.codes }, told.text).to.deep.equal({ code: 0, codes: [] });
      expect(
        (await tableOf(folder, 'orders', ['--lab'])).map(({ id, price, note }) => ({ id, price, note })),
      ).to.deep.equal([
        { id: '1', price: '12.50', note: 'é€ "q"' },
        { id: '2', price: '7.00', note: null },
        { id: '3', price: '0.10', note: '' },
      ]);
    });

  it('are recorded as the JSON that they became, and replayed', async () => {
    const provider = await api((_, response) => response.end(csv));
    const folder = projectFolder(project(provider.url, semicolons));
    expect((await run(folder, 'record', 'shop.orders')).code).to.equal(0);
    await provider.close();
    expect((await run(folder, 'test', '--update')).code).to.equal(0);
    const tested = await run(folder, 'test');
    expect(tested.code, tested.text).to.equal(0);
  });

  it('forget somebody', async () => {
    const provider = await api((_, response) => response.end(csv));
    const folder = projectFolder(project(provider.url, `${semicolons}    subject: id\n`));
    expect((await run(folder, 'run')).code).to.equal(0);
    await provider.close();
    expect((await run(folder, 'forget', '--subject', '2', '--yes')).code).to.equal(0);
    expect((await rows(folder)).map(({ id }) => id)).to.deep.equal(['1', '3']);
  });
});

describe('a format and its options', function () {
  this.timeout(60_000);

  it('must fit each other', async () => {
    const folder = projectFolder(
      project(
        'https://shop.example.com',
        '    format: ndjson\n    records: data\n    csv: {delimiter: ";"}\n    paginate: {type: next_url, path: links.next}\n' +
          '  lines:\n    request: {path: /lines}\n    primaryKey: [id]\n    rowCount: {header: x}\n' +
          '  sheet:\n    request: {path: /sheet}\n    primaryKey: [id]\n    format: csv\n    csv: {header: [a, a], delimiter: "\\""}\n',
      ),
    );
    const { code, stdout, stderr } = await etl(['validate', '-p', folder], env);
    const text = stdout + stderr;
    expect(code).to.equal(3);
    for (const part of [
      '`records` does not fit this format',
      '`csv` does not fit this format',
      '`paginate.path` does not fit this format',
      '`rowCount` does not fit this format',
      'the column `a` is there twice',
      'the delimiter is the quote, too',
    ])
      expect(text).to.contain(part);
  });
});
