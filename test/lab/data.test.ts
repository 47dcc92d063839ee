import { request } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type * as config from '../../engine/model/config.ts';
import { closeLabs, failureOf, get, orders, shop, start } from './support/lab-project.ts';

const awkward = [
  '{"id":12345678901234567890,"price":0.10000000000000000555,"e":1E+2, "spaced" : true}',
  '{"id":2,"text":"Zoë \\u00e9 \\ud800 </script>","__proto__":{"x":1},"x":1,"x":2}',
];

const served = async (
  files: { readonly [path: string]: string | Uint8Array },
  stream: Partial<config.Stream> = {},
) => {
  const lab = await start([shop(stream)], files);
  return (await fetch(`${lab.sources['shop']}/orders`)).text();
};

/** The body as it travels: fetch would decompress it. */
function raw(
  url: string,
  headers: { readonly [header: string]: string },
): Promise<readonly [string, Buffer]> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve([response.headers['content-encoding'] ?? '', Buffer.concat(pieces)]));
    });
    sent.on('error', reject).end();
  });
}

describe('the data of the lab', () => {
  afterEach(closeLabs);

  it('is served byte for byte, numbers beyond double precision included', async () => {
    expect(await served({ 'lab/shop/orders.ndjson': awkward.join('\n') })).to.equal(`[${awkward.join(',')}]`);
  });

  it('keeps its bytes when it is sorted by cursor and wrapped', async () => {
    const lines = ['{"n":3,  "v":1.10}', '{"n":1,"v":1.20}'];
    const cursor: config.Cursor = { field: 'n', type: 'integer', from: { query: 'from' } };
    const body = await served({ 'lab/shop/orders.ndjson': lines.join('\r\n') }, { records: 'a.b', cursor });
    expect(body).to.equal(`{"a":{"b":[${lines[1]},${lines[0]}]}}`);
  });

  it('may be compressed, begin with a byte order mark and hold empty lines', async () => {
    const text = `\uFEFF${awkward.join('\n\n')}\n\n`;
    const body = await served({ 'lab/shop/orders.ndjson.gz': gzipSync(text) });
    expect(body).to.equal(`[${awkward.join(',')}]`);
  });

  it('may be CSV, whose records are texts', async () => {
    const csv = 'id,name,"note ""x"""\n007,"Ann, B.",\n8,"two\nlines",é\n';
    expect(JSON.parse(await served({ 'lab/shop/orders.csv': csv }))).to.deep.equal([
      { id: '007', name: 'Ann, B.', 'note "x"': '' },
      { id: '8', name: 'two\nlines', 'note "x"': 'é' },
    ]);
    const many = `n\n${Array.from({ length: 10_000 }, (_, n) => n).join('\n')}`;
    const cursor: config.Cursor = { field: 'n', type: 'integer', from: { query: 'from' } };
    const lab = await start([shop({ cursor, lab: { data: 'x/many.csv.gz' } })], {
      'x/many.csv.gz': gzipSync(many),
    });
    const { body } = await get(`${lab.sources['shop']}/orders?from=9998`);
    expect(body).to.deep.equal([{ n: '9998' }, { n: '9999' }]);
  });

  it('is compressed for clients that accept it', async () => {
    const records = Array.from({ length: 200 }, (_, id) => ({ id, text: 'amber anchor autumn' }));
    const lab = await start([shop()], orders(records), { gzip: true });
    const url = `${lab.sources['shop']}/orders`;
    const [plain, zipped] = [await raw(url, {}), await raw(url, { 'Accept-Encoding': 'br, gzip' })];
    expect(plain[0]).to.equal('');
    expect(zipped[0]).to.equal('gzip');
    expect(gunzipSync(zipped[1]).equals(plain[1])).to.equal(true);
    expect((await raw(url, { 'Accept-Encoding': 'gzip;q=0, identity' }))[0]).to.equal('');
    expect((await get(url)).headers.get('content-type')).to.equal('application/json; charset=utf-8');
  });

  it('counts what it serves', async () => {
    const lab = await start([shop()], orders([{ id: 1 }, { id: 2 }]));
    await get(`${lab.sources['shop']}/orders`);
    await get(`${lab.sources['shop']}/nothing`);
    expect(lab.stats()['shop']).to.deep.include({
      requests: 2,
      records: 2,
      statuses: { '200': 1, '404': 1 },
    });
  });
});

describe('data that the lab cannot serve', () => {
  afterEach(closeLabs);

  const failure = (
    files: { readonly [path: string]: string | Uint8Array },
    stream: Partial<config.Stream> = {},
  ) => failureOf(start([shop(stream)], files));
  const file = 'lab/shop/orders.ndjson';

  it('is missing: the message says where it was looked for', async () => {
    expect(await failure({})).to.equal(
      [
        'ETL0801: shop.orders has no data for the lab',
        'Looked for lab/shop/orders.ndjson, lab/shop/orders.ndjson.gz, lab/shop/orders.csv, lab/shop/orders.csv.gz in the project folder.',
        'Put the records there, or declare `lab.data` or `lab.generate` in the stream.',
      ].join('\n'),
    );
    expect(await failure({}, { lab: { data: 'x.ndjson' } })).to.contain('Looked for x.ndjson in');
  });

  it('is not readable', async () => {
    expect(await failure({ 'x.xml': '[]' }, { lab: { data: 'x.xml' } })).to.match(
      /^ETL0802: x\.xml is not of a kind/,
    );
    expect(await failure({ 'x.json': '{"data":1}' }, { lab: { data: 'x.json' }, records: 'data' })).to.match(
      /^ETL0802: x\.json has no list at data/,
    );
    expect(await failure({ 'x.json': '[' }, { lab: { data: 'x.json' } })).to.match(
      /^ETL0802: x\.json is not JSON/,
    );
    expect(await failure({ [`${file}.gz`]: 'plain' })).to.match(
      /^ETL0802: lab\/shop\/orders\.ndjson\.gz cannot be read/,
    );
    expect(await failure({ [file]: Buffer.from('{"a":1}\n{"b":"\xe9"}\n', 'latin1') })).to.contain(
      `${file}:2 is not UTF-8`,
    );
  });

  it('has a malformed line: the message names it', async () => {
    expect(await failure({ [file]: '{"id":1}\n\n{"id":\n' })).to.match(
      /^ETL0803: lab\/shop\/orders\.ndjson:3 is not JSON: /,
    );
    expect(await failure({ [file]: '{"id":1}\n[1]\n' })).to.match(/^ETL0803: .*:2 is not a JSON object/);
  });

  it('has a CSV header or row that does not fit', async () => {
    const csv = (text: string) => failure({ 'lab/shop/orders.csv': text });
    expect(await csv('')).to.match(/^ETL0804: lab\/shop\/orders\.csv has no header line/);
    expect(await csv('id,,x\n')).to.match(/^ETL0804: .*:1: column 2 has no name/);
    expect(await csv('id,x,id\n')).to.match(/^ETL0804: .*:1: two columns are named "id"/);
    expect(await csv('id,x\n1,2\n3\n')).to.match(/^ETL0804: lab\/shop\/orders\.csv:3: Invalid Record Length/);
    expect(await csv('id,x\n1,"2\n')).to.match(/^ETL0804: .*Quote/);
  });

  it('has a record without the cursor', async () => {
    const cursor: config.Cursor = { field: 'at', from: { query: 'since' } };
    const fails = (record: string) =>
      failure({ [file]: `{"at":"2026-01-01T00:00:00Z"}\n${record}\n` }, { cursor });
    expect(await fails('{}')).to.match(
      /^ETL0805: lab\/shop\/orders\.ndjson:2: the cursor at is nothing\n.*ISO 8601/,
    );
    expect(await fails('{"at":null}')).to.contain('the cursor at is null');
    expect(await fails('{"at":"2026-01-01T00:00:00"}')).to.contain('the cursor at is "2026-01-01T00:00:00"');
    expect(await fails('{"at":1767225600}')).to.contain('the cursor at is 1767225600');
  });

  it('is declared twice, or cannot go into one answer', async () => {
    const generate = { records: 500_001, record: {} };
    expect(await failure({}, { lab: { data: 'x.csv', generate } })).to.match(
      /^ETL0808: shop\.orders declares both/,
    );
    expect(await failure({}, { lab: { generate } })).to.match(
      /^ETL0808: shop\.orders has 500001 records and no paging/,
    );
  });

  it('has no port to be served on', async () => {
    const lab = await start([shop()], orders([]));
    const port = Number(new URL(lab.url).port);
    expect(await failureOf(start([shop()], orders([]), { port }))).to.match(
      /^ETL0807: the lab cannot listen on 127\.0\.0\.1/,
    );
  });
});
