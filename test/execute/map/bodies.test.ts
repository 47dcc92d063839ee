import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { compileDecoder, type Decoded } from '../../../engine/execute/map/bodies/decode.ts';
import { unpacked } from '../../../engine/execute/map/bodies/unpack.ts';
import { parseExact, stringifyExact } from '../../../engine/execute/map/exact-json.ts';
import type { PageFailure } from '../../../engine/model/batch.ts';
import type { BodyFacts, CsvPlan } from '../../../engine/model/body-plan.ts';
import { zipOf } from '../../support/zip.ts';

type Options = Partial<CsvPlan>;

const csvPlan = (options: Options): CsvPlan => ({
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  nullValue: '',
  ...options,
});

const decodeCsv = (body: string | Uint8Array, options: Options = {}, facts: BodyFacts = {}) =>
  compileDecoder('shop.orders', { format: 'csv', csv: csvPlan(options) })?.(Buffer.from(body), facts);

const decodeNdjson = (body: string | Uint8Array, facts: BodyFacts = {}) =>
  compileDecoder('shop.orders', { format: 'ndjson' })?.(Buffer.from(body), facts);

type Result = Decoded | PageFailure | undefined;

const rows = (found: Result): readonly unknown[] => {
  if (found === undefined || 'transient' in found) throw new Error(JSON.stringify(found));
  return found.response;
};

const told = (found: Result): string => {
  if (found === undefined || !('transient' in found)) throw new Error('it was read');
  return `${found.code}${found.transient ? ' again' : ''}: ${found.summary}`;
};

describe('a CSV body', () => {
  it('becomes records of texts, and tells an empty field from an empty text', () => {
    expect(rows(decodeCsv('id,note,__proto__\r\n007,,"x"\n8,"",y'))).to.deep.equal(
      JSON.parse('[{"id":"007","note":null,"__proto__":"x"},{"id":"8","note":"","__proto__":"y"}]'),
    );
  });

  it('takes what the stream says stands for no value, and then an empty field for an empty text', () => {
    expect(rows(decodeCsv('a,b,c\nNULL,"NULL",\n', { nullValue: 'NULL' }))).to.deep.equal([
      { a: null, b: 'NULL', c: '' },
    ]);
  });

  it('reads other delimiters, comments, given columns and files without quotes', () => {
    const options = { delimiter: '\t', quote: '', comment: '#', columns: ['sku', 'name'] };
    expect(rows(decodeCsv('#made today\nA1\t5" pipe\r\n\r\n#x\nB2\t"\n', options))).to.deep.equal([
      { sku: 'A1', name: '5" pipe' },
      { sku: 'B2', name: '"' },
    ]);
  });

  it('keeps an empty line of a single column as a row', () => {
    expect(rows(decodeCsv('id\n1\n\n2\n'))).to.deep.equal([{ id: '1' }, { id: null }, { id: '2' }]);
  });

  for (const [encoding, bytes] of [
    ['windows-1252', Buffer.from([0x61, 0x0a, 0x80, 0xe9, 0x0a])],
    ['utf-16le', Buffer.from('\uFEFFa\n€é\n', 'utf16le')],
    ['utf-8', Buffer.from('\uFEFFa\n€é\n')],
  ] as const)
    it(`reads ${encoding}`, () => {
      expect(rows(decodeCsv(bytes, { encoding }))).to.deep.equal([{ a: '€é' }]);
    });

  it('takes ISO-8859-1 for what it says', () => {
    expect(rows(decodeCsv(Buffer.from([0x61, 0x0a, 0x80, 0xe9]), { encoding: 'iso-8859-1' }))).to.deep.equal([
      { a: '\u0080é' },
    ]);
  });

  for (const [what, body, expected] of [
    [
      'a row with too few fields',
      'a,b\n1,2\n"x\ny"\n3,4\n',
      'ETL0532: shop.orders, line 3: the row has 1 field, the header 2',
    ],
    ['a row with too many', 'a,b\n1,2,3', 'ETL0532: shop.orders, line 2: the row has 3 fields, the header 2'],
    [
      'a quote that is not closed',
      'a,b\n1,2\n3,"x\n4,5\n',
      'ETL0503 again: shop.orders, line 3: the CSV ends in the middle of a quoted field that begins here',
    ],
    [
      'a quote inside a field',
      'a\nx"y\n',
      'ETL0533: shop.orders, line 2: a quote stands inside a field that is not quoted',
    ],
    [
      'text behind a quoted field',
      'a\n"x\nz"y\n',
      'ETL0533: shop.orders, line 3: text follows a quoted field',
    ],
    [
      'two columns of one name',
      'id,x,id\n1,2,3\n',
      'ETL0531: shop.orders, line 1: two columns are named "id"',
    ],
    [
      'a column without a name',
      'id,,x\n1,2,3\n',
      'ETL0531: shop.orders, line 1: column 2 of the header has no name',
    ],
    ['nothing', '', 'ETL0531 again: shop.orders: the CSV has no header row'],
    [
      'an HTML page',
      '<!DOCTYPE html><title>Log in</title>',
      'ETL0502: shop.orders: the response is an HTML page, not CSV',
    ],
    [
      'a JSON error',
      '{"error":"report expired"}',
      'ETL0507: shop.orders: the API answered with an error instead of records',
    ],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x61, 0x0a, 0xe9]),
      'ETL0505: shop.orders: the response is not UTF-8',
    ],
  ] as const)
    it(`names ${what}`, () => {
      expect(told(decodeCsv(body))).to.equal(expected);
    });

  it('names file and line where it is a part of a file, and marks its records', () => {
    const origin = {
      file: 'exports/a.csv',
      line: 41,
      columns: ['id', 'n'],
      modified: '2026-01-01T00:00:00.000000Z',
    };
    expect(rows(decodeCsv('1,"x\ny"\n2,z\n', {}, { origin }))).to.deep.equal([
      { id: '1', n: 'x\ny', _file: 'exports/a.csv', _line: 41, _modified: origin.modified },
      { id: '2', n: 'z', _file: 'exports/a.csv', _line: 43, _modified: origin.modified },
    ]);
    expect(told(decodeCsv('1,2\n3\n', {}, { origin }))).to.contain('exports/a.csv:42: the row has 1 field');
    expect(rows(decodeCsv('', {}, { nothing: true }))).to.deep.equal([]);
  });

  it('is taken for cut where nothing tells its end and its last row has none', () => {
    const unbounded = { unbounded: true } as const;
    expect(told(decodeCsv('a,b\n1,2\n3,4', {}, unbounded))).to.match(
      /^ETL0503 again: .* line 3: .* middle of a row/,
    );
    expect(told(decodeCsv('a,b\n1,2\n3', {}, unbounded))).to.match(/^ETL0503 again/);
    expect(decodeCsv('a,b\n1,2\n', {}, unbounded)).to.include({ unproven: true });
    expect(decodeCsv('a,b\n1,2\n3,4', {})).not.to.have.property('unproven');
  });

  it('is proven whole by the number of rows that the response says', () => {
    const decode = compileDecoder('shop.orders', { format: 'csv', csv: csvPlan({}), countHeader: 'x-rows' });
    const facts = { unbounded: true } as const;
    expect(told(decode?.(Buffer.from('a\n1\n'), { ...facts, said: '2' }))).to.equal(
      'ETL0530 again: shop.orders: the response has 1 records, and `x-rows` says "2"',
    );
    expect(told(decode?.(Buffer.from('a\n1\n'), facts))).to.contain('no header `x-rows`');
    expect(decode?.(Buffer.from('a\n1'), { ...facts, said: '1' })).not.to.have.property('unproven');
  });

  const field = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', ' ', '#', ';', '\u2028') }),
    fc.constant(null),
  );
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  it('gives back every text that was written', () => {
    const table = fc.array(fc.tuple(field, field, field), { maxLength: 8 });
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), (lines, end, last) => {
        const body = [
          'a,b,c',
          ...lines.map((row) => row.map((one) => (one === null ? '' : quoted(one))).join(',')),
        ];
        const found = rows(decodeCsv(body.join(end) + (last ? end : '')));
        expect(found.map((record) => Object.values(record as object))).to.deep.equal(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('reads what csv-parse reads, and refuses what it refuses', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', 'b'), maxLength: 24 });
    fc.assert(
      fc.property(text, (body) => {
        const options = { columns: ['x'] };
        const found = decodeCsv(body, options);
        const oracle = ((): string[][] | undefined => {
          try {
            return parse(body, { record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true });
          } catch {
            return undefined;
          }
        })();
        if (oracle === undefined) expect(told(found)).to.match(/^ETL05(?:03|32|33)/);
        else if (oracle.some((row) => row.length !== 1)) expect(told(found)).to.match(/^ETL05(?:32|33|03)/);
        else
          expect(rows(found).map((record) => (record as { x: string | null }).x ?? '')).to.deep.equal(
            oracle.flat(),
          );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an NDJSON body', () => {
  it('keeps every number exactly, and leaves out empty lines', () => {
    const found = decodeNdjson('\uFEFF{"id":12345678901234567890,"n":1.10}\r\n\n{"id":2}\n');
    expect(stringifyExact(rows(found))).to.equal('[{"id":12345678901234567890,"n":1.1},{"id":2}]');
    expect(rows(decodeNdjson(''))).to.deep.equal([]);
  });

  for (const [what, body, expected] of [
    [
      'a line that is no JSON',
      '{"a":1}\n{a:2}\n',
      'ETL0534: shop.orders, line 2: the JSON is malformed at column 2',
    ],
    [
      'an array over two lines',
      '{"a":[1\n2]}\n',
      'ETL0534: shop.orders, line 1: the JSON goes on behind the line',
    ],
    [
      'a line that is no object',
      '{"a":1}\n[]\n',
      'ETL0534: shop.orders, line 2: the line is an array, not an object',
    ],
    [
      'two objects in a line',
      '{"a":1}{"a":2}\n',
      'ETL0534: shop.orders, line 1: the JSON is malformed at column 8',
    ],
    [
      'a record that is cut',
      '{"a":1}\n{"a":',
      'ETL0503 again: shop.orders, line 2: the NDJSON ends in the middle of a record',
    ],
    [
      'a login page',
      ' <html><title>Log in</title>',
      'ETL0502: shop.orders: the response is an HTML page, not NDJSON',
    ],
    ['other encodings', Buffer.from([0x22, 0xff]), 'ETL0505: shop.orders: the response is not UTF-8'],
  ] as const)
    it(`names ${what}`, () => {
      expect(told(decodeNdjson(body))).to.equal(expected);
    });

  it('that nothing tells the end of says so, and is asked for again where it is empty', () => {
    expect(decodeNdjson('{"a":1}\n', { unbounded: true })).to.include({ unproven: true });
    expect(told(decodeNdjson('', { unbounded: true }))).to.match(/^ETL0501 again/);
  });

  it('gives back every record that was written', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.json()), { maxLength: 6 }), (records) => {
        const lines = records.map((record) => JSON.stringify(record));
        const found = rows(decodeNdjson(lines.join('\n')));
        expect(stringifyExact(found)).to.equal(stringifyExact(parseExact(`[${lines.join(',')}]`)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a body that is a packed file', () => {
  const wanted = { place: 'shop.orders', bytesMax: 1000 };
  const text = async (body: Uint8Array, entry?: string, bytesMax = 1000): Promise<string> => {
    const found = await unpacked(body, { ...wanted, bytesMax, ...(entry && { entry }) });
    return 'transient' in found
      ? [`${found.code}${found.transient ? ' again' : ''}: ${found.summary}`, ...found.help].join('\n')
      : Buffer.from(found).toString();
  };

  it('is unpacked, be it gzip, zip or one in the other', async () => {
    expect(await text(Buffer.from('plain'))).to.equal('plain');
    expect(await text(gzipSync('a,b'))).to.equal('a,b');
    expect(await text(zipOf({ 'dir/a.csv': 'a,b' }))).to.equal('a,b');
    expect(await text(gzipSync(zipOf({ 'a.csv': 'a,b' })))).to.equal('a,b');
  });

  it('has the entry that is named', async () => {
    const zip = zipOf({ 'readme.txt': 'x', 'data/orders.csv': 'a,b', 'dir/': '' });
    expect(await text(zip, '**/*.csv')).to.equal('a,b');
    expect(await text(zip)).to.contain('ETL0536: shop.orders: expected one file in the zip, found 2');
    expect(await text(zip)).to.contain('"readme.txt", "data/orders.csv"');
    expect(await text(zip, '*.csv')).to.contain('that match `*.csv`, found none');
    expect(await text(zipOf({}))).to.contain('The archive is empty');
  });

  it('is refused where it is damaged, cut or altered', async () => {
    const zip = zipOf({ 'a.csv': 'a,b' });
    expect(await text(gzipSync('a,b').subarray(0, 15))).to.match(/^ETL0535 again: .*gzip cannot be unpacked/);
    expect(await text(zip.subarray(0, 40))).to.match(/^ETL0535 again: .*zip cannot be unpacked/);
    expect(await text(zipOf({ 'a.csv': 'a,b' }, { crc: 7 }))).to.contain(
      'the checksum of "a.csv" is another one',
    );
    expect(await text(zipOf({ 'a.csv': 'a,b' }, { size: 2 }))).to.match(/^ETL0535 again/);
  });

  it('is not unpacked beyond the bound, whatever it says of its size', async () => {
    const bomb = 'x'.repeat(100_000);
    expect(await text(gzipSync(bomb))).to.contain(
      'ETL0409: shop.orders: the unpacked response is larger than 1,000 bytes',
    );
    expect(await text(zipOf({ a: bomb }))).to.contain('ETL0409');
    expect(await text(zipOf({ a: bomb }, { size: 10 }))).to.match(/^ETL0535 again/);
  });
});
