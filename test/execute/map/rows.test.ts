import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadFields } from '../../../engine/model/load-file.ts';
import { knownPath } from '../../../engine/model/path.ts';
import {
  mapBody,
  mapping,
  mapRecords,
  ownValues,
  property,
  rowsOf,
  stream,
  within,
} from '../../support/mappings.ts';

const lines = (properties: Parameters<typeof mapping>[0], more: Parameters<typeof mapping>[1] = {}) =>
  mapping(properties, { each: knownPath('lines'), ...more });

describe('rows', () => {
  it('hold the account, the properties and where they came from', async () => {
    const plan = mapping([property('id', 'integer'), property('name')]);
    const cursor = {
      field: knownPath('at'),
      type: 'timestamp',
      format: 'iso',
      lookbackMs: 0,
      ends: false,
    } as const;
    const records = [
      { id: 1, name: 'a"b', at: '2026-01-01T00:00:00Z' },
      { id: 2, name: null, at: '2026-01-02T00:00:00Z' },
    ];
    const rows = await mapRecords(records, plan, stream({ account: 'north', cursor }));
    const hash = (...values: (string | null)[]): string =>
      createHash('sha256').update(loadFields(values)).digest('hex').slice(0, 32);
    expect(rowsOf(rows, plan)).to.deep.equal([
      ['north', '1', 'a"b', 7, 0, null, '1', '2026-01-01T00:00:00.000000Z', hash('north', '1', 'a"b'), null],
      ['north', '2', null, 7, 1, null, '2', '2026-01-02T00:00:00.000000Z', hash('north', '2', null), null],
    ]);
    expect(rows).to.deep.include({ mapping: 'orders', count: 2, filtered: 0, nulled: 0, blocked: [] });
  });

  it('come from each element, with its record and its index', async () => {
    const plan = lines([
      within('sku', 'sku'),
      within('order', '$parent.id'),
      within('position', '$index', 'integer'),
    ]);
    const rows = await mapRecords(
      [
        { id: 'A', lines: [{ sku: 'x' }, { sku: 'y' }] },
        { id: 'B', lines: [{ sku: 'z' }] },
      ],
      plan,
    );
    expect(rowsOf(rows, plan).map((row) => row.slice(1, 8))).to.deep.equal([
      ['x', 'A', '0', 7, 0, 0, 'A'],
      ['y', 'A', '1', 7, 0, 1, 'A'],
      ['z', 'B', '0', 7, 1, 0, 'B'],
    ]);
  });

  it('are none for a record without elements, and a record with something else is kept aside', async () => {
    const plan = lines([within('sku', 'sku')]);
    const records = [
      { id: 1 },
      { id: 2, lines: null },
      { id: 3, lines: [] },
      { id: 4, lines: '' },
      { id: 5, lines: { sku: 'x' } },
    ];
    const rows = await mapRecords(records, plan);
    expect([rows.count, rows.filtered]).to.deep.equal([0, 0]);
    expect(rows.blocked).to.deep.equal([
      {
        mapping: 'orders',
        ordinal: 4,
        index: null,
        record: '5',
        property: 'lines',
        code: 'ETL0526',
        reason: 'expected an array at `each: lines`, got an object',
        value: '{"sku":"x"}',
      },
    ]);
  });

  it('name a record with several keys by a JSON array', async () => {
    const plan = mapping([property('a')]);
    const rows = await mapRecords(
      [{ a: 'x', b: { c: 5 } }],
      plan,
      stream({ primaryKey: [knownPath('a'), knownPath('b.c')] }),
    );
    expect(rowsOf(rows, plan)[0]?.[5]).to.equal('["x","5"]');
  });

  it('name a record by text that can be stored, whatever its key holds', async () => {
    const plan = mapping([property('n', 'integer')]);
    const rows = await mapRecords([{ id: 'a\0\ud800😀', n: 1 }], plan);
    expect(rowsOf(rows, plan)[0]?.[5]).to.equal('a\uFFFD\uFFFD😀');
  });

  for (const id of ['null', '""', '{}', '[1]']) {
    it(`are not made of a page with the primary key ${id}`, async () => {
      const failure = await mapBody(
        `{"orders":[{"id":1},{"id":${id},"email":"secret"}]}`,
        mapping([property('id')]),
      );
      expect(failure).to.include({ code: 'ETL0509', transient: false });
      expect(JSON.stringify(failure))
        .to.contain('record 1')
        .and.to.contain('the keys id, email')
        .and.not.to.contain('secret');
    });
  }

  it('are left out and counted when a condition does not hold', async () => {
    const where = [
      { path: knownPath('$parent.test', true), text: '$parent.test', op: 'ne', value: true } as const,
    ];
    const plan = lines([within('sku', 'sku')], { where });
    const rows = await mapRecords(
      [
        { id: 1, test: true, lines: [{}, {}] },
        { id: 2, lines: [{ sku: 'x' }] },
      ],
      plan,
    );
    expect([rows.count, rows.filtered]).to.deep.equal([1, 2]);
  });

  it('are kept aside for their first bad value, and say why', async () => {
    const plan = mapping([property('price', 'decimal(18,2)'), property('at', 'timestamp')]);
    const rows = await mapRecords(
      [
        { id: 9, price: '12,50', at: 'x' },
        { id: 10, price: '1' },
      ],
      plan,
    );
    expect(rows.blocked).to.deep.equal([
      {
        mapping: 'orders',
        ordinal: 0,
        index: null,
        record: '9',
        property: 'price',
        code: 'ETL0521',
        reason: 'expected decimal(18,2), got "12,50"',
        value: '"12,50"',
      },
    ]);
    expect(ownValues(rows, plan)).to.deep.equal([['1.00', null]]);
  });

  it('keep at most 200 characters of a bad value, and no half character', async () => {
    const rows = await mapRecords(
      [{ id: 1, n: `${'x'.repeat(198)}😀😀` }],
      mapping([property('n', 'integer')]),
    );
    expect(rows.blocked[0]?.value).to.equal(`"${'x'.repeat(198)}`);
  });

  it('hold NULL for what is missing, null or empty, but for an empty string', async () => {
    const plan = mapping(
      ['string', 'integer', 'boolean', 'json', 'timestamp'].map((type) => property(type, type)),
    );
    const empty = { string: '', integer: '', boolean: '', json: '', timestamp: '' };
    const nulls = { string: null, integer: null, boolean: null, json: null, timestamp: null };
    const rows = await mapRecords([{ id: 1 }, { id: 2, ...nulls }, { id: 3, ...empty }], plan);
    const nothing = [null, null, null, null, null];
    expect(ownValues(rows, plan)).to.deep.equal([nothing, nothing, ['', null, null, null, null]]);
  });

  for (const value of [undefined, null, '', 'bad']) {
    it(`are kept aside when a required value is ${JSON.stringify(value)}, even with set_null`, async () => {
      const a = property('a', 'integer', { required: true, onInvalid: 'set_null' });
      const rows = await mapRecords([{ id: 1, a: value }], mapping([a]));
      expect(rows.blocked.map(({ code }) => code)).to.deep.equal([value === 'bad' ? 'ETL0521' : 'ETL0520']);
      const key = property('a', 'string', { onInvalid: 'set_null' });
      const keyed = await mapRecords([{ id: 1, a: value }], mapping([key], { key: ['_account', 'a'] }));
      expect(keyed.blocked).to.have.length(value === 'bad' ? 0 : 1);
    });
  }

  it('stop the page where the mapping says so, naming all that leads there', async () => {
    const failure = await mapBody(
      { orders: [{ id: 'K1', a: 'bad' }] },
      mapping([property('a', 'integer', { onInvalid: 'fail' })]),
    );
    expect(failure).to.include({ code: 'ETL0512', transient: false });
    for (const part of ['shop.orders', 'orders.a', 'K1', 'page 7', '\\"bad\\"'])
      expect(JSON.stringify(failure)).to.contain(part);
  });

  it('are never lost: rows, duplicates, blocked and filtered are all the units there are', async () => {
    const scalar = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom('5', '2026-01-01', ''),
    );
    const element = fc.oneof(
      fc.record({ a: scalar, b: scalar, c: scalar }, { requiredKeys: [] }),
      scalar,
      fc.array(scalar),
    );
    const record = fc.record(
      { lines: fc.oneof(fc.array(element), fc.constantFrom(null, 'x', 5, {}), fc.constant([])) },
      { requiredKeys: [] },
    );
    const onInvalid = fc.constantFrom('block' as const, 'set_null' as const);
    const types = fc.tuple(
      ...Array.from({ length: 3 }, () => fc.constantFrom('string', 'integer', 'date', 'json', 'boolean')),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(record),
        types,
        onInvalid,
        fc.boolean(),
        async (records, [a, b, c], policy, required) => {
          const plan = lines(
            [
              within('a', 'a', a, { onInvalid: policy }),
              within('b', 'b', b, { required }),
              within('c', 'c', c),
            ],
            { where: [{ path: knownPath('c', true), text: 'c', op: 'ne', value: '5' }] },
          );
          const all = records.map((one, id) => ({ ...one, id: id + 1 }));
          const rows = await mapRecords(JSON.parse(JSON.stringify(all)), plan);
          const units = all.map(({ lines: found }) => {
            if (found === undefined || found === null) return 0;
            return Array.isArray(found) ? found.length : 1;
          });
          expect(rows.units).to.equal(units.reduce((sum, one) => sum + one, 0));
          expect(rows.count + rows.deduplicated + rows.blocked.length + rows.filtered).to.equal(rows.units);
          expect(rows.values).to.have.length(rows.count * 11);
        },
      ),
      { numRuns: 300 },
    );
  });
});
