import { expect } from 'chai';
import { ByteSink } from '../../engine/lab/byte-sink.ts';
import { generate } from '../../engine/lab/generator.ts';
import type * as config from '../../engine/model/config.ts';
import { TerminalError } from '../../engine/model/errors.ts';
import { closeLabs, failureOf, get, shop, start } from './support/lab-project.ts';

type RecordSpec = { readonly [key: string]: unknown };

const specOf = (record: RecordSpec, records = 1000, seed = 1): config.Generate => ({
  records,
  seed,
  record: record as config.Generate['record'],
});

/** JSON texts of generated records. */
function texts(record: RecordSpec, records = 1000, seed = 1): readonly string[] {
  const collection = generate('shop.orders', specOf(record, records, seed));
  return Array.from({ length: collection.size }, (_, position) => {
    const sink = new ByteSink(4);
    collection.write(sink, position);
    return sink.written().toString();
  });
}

/** Values of one generator. */
const values = (spec: RecordSpec, records = 1000): readonly unknown[] =>
  texts({ v: spec }, records).map((text) => (JSON.parse(text) as { v: unknown }).v);

const everything: RecordSpec = {
  id: { gen: 'sequence', start: 1000, step: 3 },
  uid: { gen: 'uuid' },
  at: { gen: 'timestamp', start: '2026-01-01T00:00:00+01:00', every: '7s' },
  email: { gen: 'email', null_share: 0.1 },
  customer: { name: { gen: 'name' }, vip: { gen: 'boolean', p: 0.2 } },
  currency: { gen: 'pick', from: ['EUR', null, 'Zoë "x"'] },
  total: { gen: 'decimal', min: -5, max: 5, scale: 3 },
  note: { gen: 'words', min: 1, max: 40 },
  lines: {
    gen: 'list',
    min: 0,
    max: 3,
    of: { sku: { gen: 'template', text: 'SKU-{{i}}' }, n: { gen: 'sequence' } },
  },
  tags: ['a', { gen: 'integer', min: 1, max: 3 }],
  literal: { 'a.b': null, n: 1.5, t: 'é', empty: {} },
};

describe('the generators of the lab', () => {
  afterEach(closeLabs);

  it('give the same bytes for the same seed, and others for another', () => {
    expect(texts(everything)).to.deep.equal(texts(everything));
    expect(texts(everything, 50, 2)).to.not.deep.equal(texts(everything, 50, 1));
    for (const text of texts(everything))
      expect(JSON.stringify(JSON.parse(text)).length).to.be.greaterThan(100);
  });

  it('make a record from its number alone', () => {
    expect(texts(everything, 1000).slice(0, 10)).to.deep.equal(texts(everything, 10));
  });

  it('vary each place on its own', () => {
    const both = texts({ a: { gen: 'integer', max: 9 }, b: { gen: 'integer', max: 9 } });
    const same = both
      .map((text) => JSON.parse(text) as { a: number; b: number })
      .filter(({ a, b }) => a === b);
    expect(same.length).to.be.within(50, 160);
  });

  it('write literals, nested objects and lists as they stand', () => {
    expect(texts({ a: 'x', b: { c: [1, null, { d: true }] }, e: {}, f: [] }, 1)).to.deep.equal([
      '{"a":"x","b":{"c":[1,null,{"d":true}]},"e":{},"f":[]}',
    ]);
    expect(texts({}, 1)).to.deep.equal(['{}']);
  });

  it('count sequences', () => {
    expect(values({ gen: 'sequence' }, 3)).to.deep.equal([1, 2, 3]);
    expect(values({ gen: 'sequence', start: 5, step: -5 }, 3)).to.deep.equal([5, 0, -5]);
    expect(texts({ v: { gen: 'sequence', start: 9007199254740000, as: 'string' } }, 2)[1]).to.equal(
      '{"v":"9007199254740001"}',
    );
    const turns = [9, 10, 99, 100, 2147483647, 2147483648, 99999999999];
    for (const start of turns) expect(values({ gen: 'sequence', start }, 1)).to.deep.equal([start]);
  });

  it('draw integers evenly from their range, both ends included', () => {
    const drawn = values({ gen: 'integer', min: -1, max: 2 }, 8000) as readonly number[];
    for (const value of [-1, 0, 1, 2]) {
      expect(drawn.filter((other) => other === value).length, String(value)).to.be.within(1800, 2200);
    }
    const wide = values({ gen: 'integer', min: 0, max: 9007199254740990 }, 1000) as readonly number[];
    expect(wide.every(Number.isSafeInteger)).to.equal(true);
    expect(Math.max(...wide)).to.be.greaterThan(8.9e15);
  });

  it('write decimals with all their places, as numbers or texts', () => {
    const numbers = texts({ v: { gen: 'decimal', min: -1, max: 20, scale: 2 } });
    for (const text of numbers) expect(text).to.match(/^\{"v":-?(0|[1-9]\d?)\.\d\d\}$/);
    expect(numbers.some((text) => text.endsWith('0}'))).to.equal(true);
    const money = texts({ v: { gen: 'decimal', min: 0.01, max: 0.03, as: 'string' } });
    expect([...new Set(money)].sort()).to.deep.equal(['{"v":"0.01"}', '{"v":"0.02"}', '{"v":"0.03"}']);
    expect(texts({ v: { gen: 'decimal', min: 7, max: 7, scale: 0 } }, 1)).to.deep.equal(['{"v":7}']);
  });

  it('write timestamps that only grow', () => {
    const start = '2026-02-28T23:59:50Z';
    expect(values({ gen: 'timestamp', start, every: '7s' }, 3)).to.deep.equal([
      '2026-02-28T23:59:50Z',
      '2026-02-28T23:59:57Z',
      '2026-03-01T00:00:04Z',
    ]);
    expect(values({ gen: 'timestamp', start, step: '250ms' }, 2)[1]).to.equal('2026-02-28T23:59:50.250Z');
    expect(values({ gen: 'timestamp', start, step: '1h', as: 'epoch' }, 2)[1]).to.equal(1772326790);
    expect(values({ gen: 'timestamp', start, step: '1h', as: 'epoch_ms' }, 2)[1]).to.equal(1772326790000);
  });

  it('write uuids, names, addresses, words and templates', () => {
    const uuids = values({ gen: 'uuid' });
    expect(new Set(uuids).size).to.equal(1000);
    for (const uuid of uuids)
      expect(uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const name of values({ gen: 'name' })) expect(name).to.match(/^[A-Z]\w+ [A-Z]\w+$/);
    expect(new Set(values({ gen: 'email' })).size).to.equal(1000);
    const counts = values({ gen: 'words', min: 2, max: 4 }).map((text) => String(text).split(' ').length);
    expect([...new Set(counts)].sort()).to.deep.equal([2, 3, 4]);
    for (const text of values({ gen: 'words', max: 60 })) expect(text).to.match(/^[a-z]+( [a-z]+)*$/);
    expect(values({ gen: 'template', text: '"{{i}}/{{ i }}\n' }, 2)).to.deep.equal(['"1/1\n', '"2/2\n']);
  });

  it('draw booleans and nulls by their share', () => {
    const share = (spec: RecordSpec, wanted: unknown): number =>
      values(spec, 10_000).filter((value) => value === wanted).length / 10_000;
    expect(share({ gen: 'boolean', p: 0.3 }, true)).to.be.closeTo(0.3, 0.03);
    expect(share({ gen: 'boolean' }, true)).to.be.closeTo(0.5, 0.03);
    expect(share({ gen: 'sequence', null_share: 0.1 }, null)).to.be.closeTo(0.1, 0.02);
    expect(share({ gen: 'pick', from: ['a', 'b', 'b', null] }, 'b')).to.be.closeTo(0.5, 0.03);
  });

  it('fill lists, and give no two elements the same sequence', () => {
    const lists = values({ gen: 'list', min: 1, max: 3, of: { id: { gen: 'sequence' } } }) as {
      id: number;
    }[][];
    expect([...new Set(lists.map((list) => list.length))].sort()).to.deep.equal([1, 2, 3]);
    const ids = lists.flat().map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(values({ gen: 'list', min: 0, max: 0, of: 1 }, 1)).to.deep.equal([[]]);
  });

  it('are served by their cursor, whether it only grows or not', async () => {
    for (const at of [
      { gen: 'timestamp', start: '2026-01-01T00:00:00Z', every: '1m' },
      { gen: 'pick', from: ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-01T23:00:00Z'] },
    ]) {
      const spec = specOf({ meta: { at }, id: { gen: 'sequence' } }, 3000);
      const cursor: config.Cursor = { field: 'meta.at', from: { query: 'since' } };
      const lab = await start([shop({ cursor, lab: { generate: spec } })]);
      const idsOf = async (query: string): Promise<readonly number[]> => {
        const { body } = await get<{ id: number; meta: { at: string } }[]>(
          `${lab.sources['shop']}/orders${query}`,
        );
        const ats = body.map((record) => record.meta.at);
        expect(ats).to.deep.equal([...ats].sort());
        return body.map(({ id }) => id);
      };
      const all = await idsOf('');
      const late = await idsOf('?since=2026-01-01T23:30:00Z');
      expect(new Set(all).size).to.equal(3000);
      expect(late).to.deep.equal(all.slice(-late.length));
      expect(late.length).to.be.within(900, 2000);
    }
  });
});

describe('generators that do not fit', () => {
  const complaint = (record: RecordSpec, cursor?: config.Cursor): string => {
    try {
      generate('shop.orders', specOf(record), cursor);
    } catch (thrown) {
      if (thrown instanceof TerminalError) return [thrown.message, ...thrown.diagnostic.help].join('\n');
      throw thrown;
    }
    return 'nothing';
  };
  const start = '2026-01-01T00:00:00Z';

  const cases: readonly (readonly [RecordSpec, string])[] = [
    [{ a: { gen: 'serial' } }, 'record.a has an unknown generator "serial"\nGenerators: sequence, integer,'],
    [{ a: { gen: 'constructor' } }, 'record.a has an unknown generator "constructor"'],
    [
      { a: { gen: 'sequence', from: 1 } },
      'record.a has an unknown option from\nOptions: gen, null_share, start, step, as.',
    ],
    [{ a: { b: [{ gen: 'integer' }] } }, 'record.a.b.0 needs max: a whole number; it is missing'],
    [{ a: { gen: 'integer', min: 5, max: 2 } }, 'record.a needs max: at least min (5); got 2'],
    [{ a: { gen: 'integer', max: 1.5 } }, 'record.a needs max: a whole number; got 1.5'],
    [{ a: { gen: 'decimal', max: '9' } }, 'record.a needs max: a number; got "9"'],
    [
      { a: { gen: 'decimal', max: 1, scale: -1 } },
      'record.a needs scale: a whole number of at least 0; got -1',
    ],
    [{ a: { gen: 'decimal', max: 1, scale: 20 } }, 'record.a needs scale: such that no value'],
    [{ a: { gen: 'decimal', max: 1, as: 'money' } }, 'record.a needs as: string or number; got "money"'],
    [{ a: { gen: 'sequence', start: Number.MAX_SAFE_INTEGER } }, 'record.a needs step: such that no value'],
    [{ a: { gen: 'boolean', p: 2 } }, 'record.a needs p: a share from 0 to 1; got 2'],
    [{ a: { gen: 'uuid', null_share: 'x' } }, 'record.a needs null_share: a number; got "x"'],
    [{ a: { gen: 'pick' } }, 'record.a needs from: a list of values; it is missing'],
    [{ a: { gen: 'pick', from: [] } }, 'record.a needs from: a list of at least one value; got []'],
    [
      { a: { gen: 'timestamp', start: '2026-01-01', step: '1s' } },
      'record.a needs start: an ISO 8601 time with a zone',
    ],
    [{ a: { gen: 'timestamp', start } }, 'record.a needs step: a duration such as'],
    [
      { a: { gen: 'timestamp', start, every: 7 } },
      'record.a needs every: a duration such as 250ms, 5m or 24h; got 7',
    ],
    [
      { a: { gen: 'timestamp', start, step: '99999d' } },
      'record.a needs step: such that the last value lies before',
    ],
    [{ a: { gen: 'template' } }, 'record.a needs text: a text; it is missing'],
    [
      { a: { gen: 'template', text: '{{name}}' } },
      'record.a has {{name}} in its text\nA template knows {{i}} only.',
    ],
    [{ a: { gen: 'list', max: 2 } }, 'record.a needs of: a literal, an object or a generator; it is missing'],
    [{ a: { gen: 'list', of: { b: { gen: 'x' } } } }, 'record.a.of.b has an unknown generator "x"'],
    [{ a: { gen: 'list', max: 10_001, of: 1 } }, 'record.a needs max: at most 10000; got 10001'],
    [{ a: { gen: 'words', max: 1001 } }, 'record.a needs max: at most 1000; got 1001'],
  ];
  for (const [record, expected] of cases) {
    it(`are named: ${expected.split('\n')[0]}`, () => {
      expect(complaint(record)).to.satisfy((text: string) =>
        text.startsWith(`ETL0806: shop.orders: ${expected}`),
      );
    });
  }

  it('leave the cursor out, or make one that is none', () => {
    const cursor: config.Cursor = { field: 'meta.at', from: { query: 'since' } };
    expect(complaint({ at: 1 }, cursor)).to.equal(
      "ETL0806: shop.orders: record has no meta.at, which is the stream's cursor",
    );
    expect(complaint({ meta: { at: 'soon' } }, cursor)).to.match(
      /^ETL0805: shop\.orders: generated record 1: the cursor/,
    );
  });

  it('keep the lab from starting when a later record has no cursor', async () => {
    const record = { at: { gen: 'timestamp', start, every: '1s', null_share: 0.5 } };
    const source = shop({
      cursor: { field: 'at', from: { query: 'since' } },
      lab: { generate: specOf(record) },
    });
    expect(await failureOf(startOf(source))).to.match(
      /^ETL0805: shop\.orders: generated record \d+: the cursor at is null/,
    );
  });
});

const startOf = (source: config.Source): Promise<unknown> => start([source]);
