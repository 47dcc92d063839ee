import { expect } from 'chai';
import { knownPath } from '../../../engine/model/path.ts';
import {
  mapBody,
  mapping,
  mapRecords,
  ownValues,
  privacy,
  property,
  rowsOf,
  stream,
  within,
} from '../../support/mappings.ts';

const lines = (properties: Parameters<typeof mapping>[0], more: Parameters<typeof mapping>[1] = {}) =>
  mapping(properties, { each: knownPath('lines'), ...more });

describe('values of rows', () => {
  it('set a bad value to NULL where the mapping says so, and count it', async () => {
    const plan = mapping([property('a', 'integer', { onInvalid: 'set_null' }), property('b', 'integer')]);
    const rows = await mapRecords(
      [
        { id: 1, a: 'x', b: 1 },
        { id: 2, a: 'x', b: 'y' },
        { id: 3, a: 3, b: 3 },
      ],
      plan,
    );
    expect(ownValues(rows, plan)).to.deep.equal([
      [null, '1'],
      ['3', '3'],
    ]);
    expect([rows.nulled, rows.blocked.length]).to.deep.equal([1, 1]);
  });

  it('take constants, templates and expressions', async () => {
    const plan = lines([
      within('channel', '', 'string', { origin: { kind: 'value', value: 'shopify' } }),
      within('five', '', 'integer', { origin: { kind: 'value', value: 5 } }),
      within('label', '', 'string', {
        origin: { kind: 'template', template: '{{parent.id}}:{{sku}}:{{index}}' },
      }),
      within('blank', '', 'integer', { origin: { kind: 'template', template: '{{missing}}' } }),
      within('total', '', 'decimal(10,2)', { origin: { kind: 'expr', expr: 'qty * $parent.price' } }),
      within('tags', '', 'json', { origin: { kind: 'expr', expr: '$parent.lines.sku' } }),
    ]);
    const record = { id: 1, price: 2.5, lines: [{ sku: 'x', qty: 3 }, { sku: 'y' }] };
    expect(ownValues(await mapRecords([record], plan), plan)).to.deep.equal([
      ['shopify', '5', '1:x:0', null, '7.50', '["x","y"]'],
      ['shopify', '5', '1:y:1', null, null, '["x","y"]'],
    ]);
  });

  it('are kept aside when an expression fails', async () => {
    const plan = mapping([property('n', 'integer', { origin: { kind: 'expr', expr: '$number(a)' } })]);
    const rows = await mapRecords(
      [
        { id: 1, a: 'x' },
        { id: 2, a: '5' },
      ],
      plan,
    );
    expect(rows.blocked).to.have.length(1);
    expect(rows.blocked[0]).to.deep.include({ code: 'ETL0525', property: 'n', value: '' });
    expect(ownValues(rows, plan)).to.deep.equal([['5']]);
  });

  it('do not evaluate expressions for what is filtered', async () => {
    const where = [{ path: knownPath('ok'), text: 'ok', op: 'eq', value: true } as const];
    const plan = mapping(
      [property('n', 'integer', { origin: { kind: 'expr', expr: '$error("evaluated")' } })],
      { where },
    );
    const rows = await mapRecords([{ id: 1 }, { id: 2, ok: true }], plan);
    expect([rows.filtered, rows.blocked.length]).to.deep.equal([1, 1]);
  });

  it('transform before they type', async () => {
    const cents = property('cents', 'decimal(10,2)', {
      transforms: [{ name: 'digits' }, { name: 'shift', places: -2 }],
    });
    const plan = mapping([
      cents,
      property('flag', 'boolean', { transforms: [{ name: 'map', values: { Y: 'true' } }] }),
    ]);
    const rows = await mapRecords(
      [
        { id: 1, cents: '€ 1.999', flag: 'Y' },
        { id: 2, cents: {}, flag: 'Y' },
      ],
      plan,
    );
    expect(ownValues(rows, plan)).to.deep.equal([['19.99', 1]]);
    expect(rows.blocked[0]?.code).to.equal('ETL0527');
  });

  it('hold long numbers exactly', async () => {
    const plan = mapping([property('id', 'integer'), property('n', 'decimal(38,18)'), property('j', 'json')]);
    const page = await mapBody(
      '{"orders":[{"id":9007199254740993,"n":12345678901234567890.123456789012345678,"j":[1e400]}]}',
      plan,
    );
    const rows = 'rows' in page ? page.rows[0] : undefined;
    expect(rows && ownValues(rows, plan)).to.deep.equal([
      ['9007199254740993', '12345678901234567890.123456789012345678', '[1e400]'],
    ]);
  });

  it('have the same hash for equal values, however they were written', async () => {
    const plan = mapping([property('n', 'decimal(10,2)'), property('at', 'timestamp')]);
    const written = [
      { id: 1, n: '1.5', at: '2026-01-01T00:00:00Z' },
      { id: 2, n: 1.5, at: '2026-01-01T01:00:00+01:00' },
      { id: 3, n: '1.51', at: '2026-01-01T00:00:00Z' },
    ];
    const [a, b, c] = rowsOf(await mapRecords(written, plan), plan).map((row) => row.at(-2));
    expect(a).to.equal(b).and.not.to.equal(c);
    expect(a).to.match(/^[0-9a-f]{32}$/);
  });

  it('tell NULL from texts that look like it', async () => {
    const plan = mapping([property('a'), property('b')]);
    const records = [
      { id: 1, a: null },
      { id: 2, a: '\\N' },
      { id: 3, a: '' },
      { id: 4, a: 'x","y' },
      { id: 5, a: 'x', b: 'y' },
    ];
    const hashes = rowsOf(await mapRecords(records, plan), plan).map((row) => row.at(-2));
    expect(new Set(hashes).size).to.equal(records.length);
  });

  it('read hostile keys as data', async () => {
    const names = ['__proto__', 'a.b', '$', '😀', 'constructor', 'a b'];
    const columns = names.map((key, at) =>
      property(`c${at}`, 'string', {
        origin: { kind: 'path', path: { root: 'record', segments: [{ key }] }, text: key },
      }),
    );
    const record = `{"id":1,${names.map((key, at) => `${JSON.stringify(key)}:"v${at}"`).join(',')}}`;
    const plan = mapping(columns);
    const page = await mapBody(`{"orders":[${record},{"id":2}]}`, plan);
    const rows = 'rows' in page ? page.rows[0] : undefined;
    expect(rows && ownValues(rows, plan)).to.deep.equal([
      names.map((_, at) => `v${at}`),
      names.map(() => null),
    ]);
  });

  it('of tokenised properties hold the token', async () => {
    const plan = mapping([property('email')]);
    const rows = await mapRecords(
      [{ id: 1, email: 'ada@x.org' }],
      plan,
      stream({ privacy: [privacy('email', 'hmac')] }),
    );
    expect(ownValues(rows, plan)[0]?.[0]).to.match(/^[0-9a-f]{64}$/);
  });
});
