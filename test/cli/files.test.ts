import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { etl, projectFolder, tableOf } from '../support/cli.ts';
import { zipOf } from '../support/zip.ts';

const project = (stream: string, more: { readonly source?: string; readonly properties?: string } = {}) =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/legacy.yml': `kind: source\nname: legacy\nconnector: files\nbaseUrl: ./exports\n${more.source ?? ''}streams:\n  orders:\n    primaryKey: [id]\n${stream}`,
    'mappings/orders.yml': `kind: mapping\nname: orders\nfrom: legacy.orders\nto: {schema: main}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n  price: {from: price, type: "decimal(18,2)"}\n  file: {from: _file, type: string}\n  line: {from: _line, type: integer}\n${more.properties ?? ''}`,
    'exports/readme.md': '',
  });

interface Told {
  readonly code: number | null;
  readonly text: string;
  readonly codes: readonly string[];
  readonly received: number;
  readonly pages: number;
}

async function run(folder: string, ...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await etl(['run', ...args, '--json', '-p', folder]);
  const { diagnostics = [], result } = JSON.parse(stdout || stderr) as {
    diagnostics?: { code: string }[];
    result?: { streams?: { received: number; pages: number }[] };
  };
  const { received = 0, pages = 0 } = result?.streams?.[0] ?? {};
  return { code, text: stdout + stderr, codes: diagnostics.map((one) => one.code), received, pages };
}

const write = (folder: string, name: string, content: string | Uint8Array, at?: string): void => {
  mkdirSync(join(folder, 'exports', name, '..'), { recursive: true });
  writeFileSync(join(folder, 'exports', name), content);
  if (at !== undefined) utimesSync(join(folder, 'exports', name), new Date(at), new Date(at));
};

const rows = async (folder: string) =>
  (await tableOf(folder, 'orders'))
    .map((row) => `${row['id']} ${row['price']} ${row['file']}:${row['line']}`)
    .sort();

async function parquet(path: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

const good = { code: 0, codes: [] as string[] };

describe('files', function () {
  this.timeout(120_000);

  it('are read page by page, each row with its file and line', async () => {
    const folder = project('    request: {path: "/**/orders-*.csv"}\n    format: csv\n    pageRows: 2\n');
    write(folder, 'orders-1.csv', 'id,price,note\r\n1,1.50,"two\r\nlines"\r\n2,2,\r\n3,3,x\r\n4,4,"y"');
    write(folder, '2026/orders-2.csv', 'price,id\n5,5\n');
    write(folder, 'orders-3.csv', '');
    write(folder, 'orders-4.csv.tmp', 'id,price\n9,9\n');
    const told = await run(folder, '--select', 'legacy.orders+');
    expect(told.codes).to.deep.equal(['ETL0531']);
    rmSync(join(folder, 'exports/orders-3.csv'));
    expect(await run(folder)).to.deep.include({ ...good });
    expect(await rows(folder)).to.deep.equal([
      '1 1.50 orders-1.csv:2',
      '2 2.00 orders-1.csv:4',
      '3 3.00 orders-1.csv:5',
      '4 4.00 orders-1.csv:6',
      '5 5.00 2026/orders-2.csv:2',
    ]);
  });

  for (const [what, name, content, stream] of [
    [
      'NDJSON',
      'a.ndjson',
      '{"id":1,"price":1}\n{"id":2,"price":2}\n{"id":3,"price":3}',
      'format: ndjson\n    pageRows: 1',
    ],
    [
      'gzip of NDJSON',
      'a.ndjson.gz',
      gzipSync('{"id":1,"price":1}\n{"id":2,"price":2}\n{"id":3,"price":3}\n'),
      'format: ndjson\n    pageRows: 2',
    ],
    [
      'JSON',
      'a.json',
      '{"data":[{"id":1,"price":1},{"id":2,"price":2},{"id":3,"price":3}]}',
      'records: data',
    ],
    ['a zip', 'a.zip', zipOf({ 'x.tsv': 'id\tprice\n1\t1\n2\t2\n3\t3\n' }), 'format: tsv'],
    [
      'UTF-16',
      'a.csv',
      Buffer.from('\uFEFFid;price\r\n1;1\r\n2;2\r\n3;3\r\n', 'utf16le'),
      'format: csv\n    csv: {encoding: utf-16le, delimiter: ";"}\n    pageRows: 1',
    ],
    [
      'CSV without a header',
      'a.csv',
      '#x\n1,1\n2,2\n#y\n3,3\n',
      'format: csv\n    csv: {header: [id, price], comment: "#"}\n    pageRows: 2',
    ],
  ] as const)
    it(`may be ${what}`, async () => {
      const folder = project(`    request: {path: /a.*}\n    ${stream}\n`);
      write(folder, name, content);
      const told = await run(folder);
      expect({ code: told.code, codes: told.codes }, told.text).to.deep.equal(good);
      expect((await rows(folder)).map((row) => row.split(':')[0])).to.deep.equal(
        [1, 2, 3].map((id) => `${id} ${id}.00 ${name}`),
      );
    });

  it('may be Parquet, every value exact', async () => {
    const folder = project('    request: {path: /a.parquet}\n    format: parquet\n    pageRows: 2\n', {
      properties:
        '  at: {from: at, type: timestamp}\n  big: {from: big, type: "decimal(38,0)"}\n  raw: {from: raw, type: string}\n  list: {from: list, type: json}\n',
    });
    await parquet(
      join(folder, 'exports/a.parquet'),
      `SELECT i::BIGINT AS id, (1234567890123456.12::DECIMAL(20,2) + i)::DECIMAL(20,2) AS price, TIMESTAMPTZ '2026-01-01 10:00:00.123456+00' AS at,
        9007199254740993::BIGINT + i AS big, 'AB'::BLOB AS raw, [i, 9007199254740993] AS list FROM range(3) r(i)`,
    );
    const told = await run(folder);
    expect({ code: told.code, codes: told.codes, pages: told.pages }, told.text).to.deep.equal({
      ...good,
      pages: 2,
    });
    const [, , last] = (await tableOf(folder, 'orders')).sort((a, b) => Number(a['id']) - Number(b['id']));
    expect(last).to.deep.include({
      id: '2',
      price: '1234567890123458.12',
      at: '2026-01-01 10:00:00.123456+00',
      big: '9007199254740995',
      raw: 'QUI=',
      list: '[2,9007199254740993]',
      line: '3',
    });
  });

  it('may be Parquet that nests: at any depth every value is as exact as a column of its own', async () => {
    const folder = project('    request: {path: /a.parquet}\n    format: parquet\n', {
      properties: '  deep: {from: deep, type: json}\n  said: {from: said, type: json}\n',
    });
    await parquet(
      join(folder, 'exports/a.parquet'),
      `SELECT 1 AS id, {'big': 9007199254740993, 'at': TIMESTAMPTZ '2026-01-02 03:04:05.123456+02', 'raw': 'AB'::BLOB,
        'none': 'inf'::DOUBLE, 'amounts': [99999999999999999999.01::DECIMAL(22,2), NULL],
        'by': MAP {'k "1"': TIMESTAMP '2026-01-02 03:04:05'}, 'nothing': NULL::INTEGER, 'list': []::INTEGER[]} AS deep,
        '{"n":\n 12345678901234567890.10}'::JSON AS said`,
    );
    expect(await run(folder)).to.deep.include(good);
    const [row] = await tableOf(folder, 'orders');
    expect(String(row?.['deep']).replaceAll(' ', '')).to.equal(
      '{"big":9007199254740993,"at":"2026-01-02T01:04:05.123456Z","raw":"QUI=","none":"inf",' +
        '"amounts":[99999999999999999999.01,null],"by":{"k\\"1\\"":"2026-01-02T03:04:05"},"nothing":null,"list":[]}',
    );
    expect(row?.['said']).to.contain('12345678901234567890.10');
  });

  it('of Parquet with long rows are cut by their bytes, too', async () => {
    const folder = project('    request: {path: /a.parquet}\n    format: parquet\n');
    await parquet(
      join(folder, 'exports/a.parquet'),
      "SELECT i AS id, repeat('long', 1000) AS note FROM range(3000) r(i)",
    );
    // 12 MB in pages of about 4 MiB: the last row is on the third.
    expect(await run(folder)).to.deep.include({ ...good, received: 3000, pages: 3 });
  });

  it('are read by the time they were changed: what is new and what has changed', async () => {
    const folder = project(
      '    request: {path: /*.csv}\n    format: csv\n    cursor: {field: _modified, type: timestamp}\n',
    );
    write(folder, 'b.csv', 'id,price\n1,1\n2,2\n', '2026-01-01T00:00:00Z');
    write(folder, 'a.csv', 'id,price\n3,3\n', '2026-01-02T00:00:00Z');
    expect(await run(folder)).to.deep.include({ ...good, received: 3 });
    // The newest file is read again: another one may have been written in the same moment.
    expect(await run(folder)).to.deep.include({ ...good, received: 1 });
    write(folder, 'b.csv', 'id,price\n1,1.5\n2,2\n4,4\n', '2026-01-03T00:00:00Z');
    expect(await run(folder)).to.deep.include({ ...good, received: 4 });
    expect((await rows(folder)).map((row) => row.split(' ').slice(0, 2).join(' '))).to.deep.equal([
      '1 1.50',
      '2 2.00',
      '3 3.00',
      '4 4.00',
    ]);
  });

  it('are read once by their name', async () => {
    const folder = project(
      '    request: {path: /*.csv}\n    format: csv\n    cursor: {field: _file, type: string, start: b}\n',
    );
    write(folder, 'a.csv', 'id,price\n0,0\n');
    write(folder, 'b.csv', 'id,price\n1,1\n');
    expect(await run(folder)).to.deep.include({ ...good, received: 1 });
    write(folder, 'c.csv', 'id,price\n2,2\n');
    expect(await run(folder)).to.deep.include({ ...good, received: 1 });
    expect(await run(folder)).to.deep.include({ ...good, received: 0 });
    expect(await rows(folder)).to.have.length(2);
  });

  it('that do not fit are named with file and line; once mended, the run goes on there', async () => {
    const folder = project('    request: {path: /*.csv}\n    format: csv\n    pageRows: 1\n');
    write(folder, 'a.csv', 'id,price\n1,1\n2,2,2\n', '2026-01-01T00:00:00Z');
    const told = await run(folder);
    expect({ code: told.code, codes: told.codes }).to.deep.equal({ code: 1, codes: ['ETL0532'] });
    expect(told.text).to.contain('legacy.orders: a.csv:3: the row has 3 fields, the header 2');
    // It has changed, so that its first page may have, too: all of it is read again.
    write(folder, 'a.csv', 'id,price\n1,1.5\n2,2\n');
    expect(await run(folder)).to.deep.include({ ...good, received: 2 });
    expect(await rows(folder)).to.deep.equal(['1 1.50 a.csv:2', '2 2.00 a.csv:3']);
  });

  it('go on at the row where a run was interrupted', async () => {
    const folder = project(
      '    request: {path: /*.csv}\n    format: csv\n    pageRows: 1\n    pagesMax: 2\n',
    );
    write(folder, 'a.csv', 'id,price\n1,1\n"2",2\n3,3\n', '2026-01-01T00:00:00Z');
    expect((await run(folder)).codes).to.deep.equal(['ETL0406']);
    const source = join(folder, 'sources/legacy.yml');
    renameSync(source, `${source}.x`);
    writeFileSync(
      source,
      `kind: source\nname: legacy\nconnector: files\nbaseUrl: ./exports\nstreams:\n  orders:\n    primaryKey: [id]\n    request: {path: /*.csv}\n    format: csv\n    pageRows: 1\n`,
    );
    rmSync(`${source}.x`);
    const told = await run(folder);
    expect({ code: told.code, received: told.received }, told.text).to.deep.equal({ code: 0, received: 2 });
    expect(await rows(folder)).to.deep.equal(['1 1.00 a.csv:2', '2 2.00 a.csv:3', '3 3.00 a.csv:4']);
  });

  it('are recorded, from the files or the ledger, and replayed without them', async () => {
    const folder = project('    request: {path: /*.csv}\n    format: csv\n    pageRows: 1\n');
    write(folder, 'a.csv', 'id,price\n1,1\n2,2\n');
    expect((await run(folder)).code).to.equal(0);
    for (const flags of [[], ['--from-ledger', '--force']]) {
      const recorded = await etl(['record', 'legacy.orders', ...flags, '-p', folder]);
      expect(recorded.code, recorded.stderr).to.equal(0);
      expect((await etl(['test', '--update', '-p', folder])).code).to.equal(0);
      const { code, stdout, stderr } = await etl(['test', '-p', folder]);
      expect(code, stdout + stderr).to.equal(0);
      expect(stdout + stderr).not.to.contain('ETL0986');
    }
    rmSync(join(folder, 'exports'), { recursive: true });
    expect((await etl(['test', '-p', folder])).code).to.equal(0);
  });

  it('that are not there, or no folder, are named', async () => {
    const folder = project('    request: {path: /none-*.csv}\n    format: csv\n');
    const told = await run(folder);
    expect({ code: told.code, codes: told.codes }).to.deep.equal({ code: 1, codes: ['ETL0480'] });
    expect(told.text).to.contain('no file is there: /none-*.csv');
  });

  it('with a quote that is not closed are named, also where it is longer than a page may be', async () => {
    const folder = project('    request: {path: /a.csv}\n    format: csv\n', {
      source: 'maxResponseBytes: 1KiB\n',
    });
    write(folder, 'a.csv', 'id,price\n1,1\n"2,2\n3,3\n');
    expect((await run(folder)).text).to.contain('a.csv:3: a quoted field that begins here is not closed');
    appendFileSync(join(folder, 'exports/a.csv'), '4,4\n'.repeat(1000));
    const told = await run(folder);
    expect(told.codes).to.deep.equal(['ETL0483']);
    expect(told.text).to.contain('a.csv:3: the row that begins here is longer than 1,024 bytes');
  });

  it('that are damaged gzip or no Parquet are named', async () => {
    const folder = project('    request: {path: /a.csv.gz}\n    format: csv\n');
    write(folder, 'a.csv.gz', gzipSync('id,price\n1,1\n'.repeat(50)).subarray(0, 30));
    expect((await run(folder)).codes).to.deep.equal(['ETL0485']);
    const other = project('    request: {path: /a.parquet}\n    format: parquet\n');
    write(other, 'a.parquet', 'PAR1 it is not');
    expect((await run(other)).codes).to.deep.equal(['ETL0484']);
  });
});
