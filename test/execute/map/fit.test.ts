import { expect } from 'chai';
import type { LogicalType, PropertyPlan } from '../../../engine/model/plan.ts';
import { mapping, mapRecords, property, rowsOf } from '../../support/mappings.ts';

const decimal: LogicalType = { name: 'decimal', precision: 6, scale: 2 };

/** A property of the mapping's type in a column of another. */
const fitted = (
  type: LogicalType,
  declared: LogicalType,
  otherwise: NonNullable<PropertyPlan['declared']>['otherwise'],
  limits?: PropertyPlan['limits'],
): PropertyPlan => ({
  ...property('price', 'string'),
  type,
  declared: { name: 'price', type: declared, ...(otherwise && { otherwise }) },
  ...(limits && { limits }),
});

const mapped = async (price: PropertyPlan, ...values: readonly unknown[]) => {
  const plan = mapping([property('id', 'integer'), price]);
  const rows = await mapRecords(
    values.map((value, at) => ({ id: at, price: value })),
    plan,
  );
  return { rows, values: rowsOf(rows, plan).map((row) => row[2]) };
};

describe('values of a column that has another type than the mapping', () => {
  it('are stored where they fit, blocked where they do not', async () => {
    const { rows, values } = await mapped(
      fitted(decimal, { name: 'string' }, 'quarantine'),
      '12.5',
      'many',
      '1234567.00',
      null,
    );
    expect(values).to.deep.equal(['12.50', null]);
    expect(rows.blocked.map(({ code, property: name }) => [code, name])).to.deep.equal([
      ['ETL0529', 'price'],
      ['ETL0529', 'price'],
    ]);
  });

  it('become NULL, and are counted', async () => {
    const { rows, values } = await mapped(
      fitted(decimal, { name: 'string' }, 'discard_value'),
      '12.5',
      'many',
    );
    expect(values).to.deep.equal(['12.50', null]);
    expect(rows).to.include({ nulled: 1, count: 2 });
  });

  it('take their row with them, which counts as filtered', async () => {
    const { rows, values } = await mapped(fitted(decimal, { name: 'string' }, 'discard_row'), '12.5', 'many');
    expect(values).to.deep.equal(['12.50']);
    expect(rows).to.include({ filtered: 1, count: 1, units: 2 });
  });

  it('are never cut or rounded', async () => {
    const cases: readonly [LogicalType, LogicalType, unknown, unknown][] = [
      [{ name: 'double' }, { name: 'integer' }, '9007199254740993', undefined],
      [{ name: 'double' }, { name: 'integer' }, '9007199254740992', 9007199254740992],
      [{ name: 'date' }, { name: 'timestamp' }, '2026-01-31T08:00:00Z', undefined],
      [{ name: 'string' }, { name: 'boolean' }, true, 'true'],
      [{ name: 'string' }, { name: 'timestamp' }, '2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000000Z'],
      [{ name: 'integer' }, decimal, '1.00', '1'],
      [{ name: 'integer' }, decimal, '1.50', undefined],
      [{ name: 'json' }, { name: 'string' }, 'a', '"a"'],
    ];
    for (const [column, declared, value, stored] of cases) {
      const { values } = await mapped(fitted(column, declared, 'quarantine'), value);
      expect(values, JSON.stringify([column, declared])).to.deep.equal(stored === undefined ? [] : [stored]);
    }
  });

  it('obey the length and the precision of the column', async () => {
    const text = await mapped(
      fitted({ name: 'string' }, { name: 'integer' }, 'quarantine', { charactersMax: 3 }),
      123,
      1234,
    );
    expect(text.values).to.deep.equal(['123']);
    const time = await mapped(
      fitted({ name: 'datetime' }, { name: 'string' }, 'quarantine', { fractionMax: 3 }),
      '2026-01-31T08:00:00.125',
      '2026-01-31T08:00:00.1251',
    );
    expect(time.values).to.deep.equal(['2026-01-31T08:00:00.125000']);
  });
});

describe('values that a table has no column for', () => {
  const guarded = async (otherwise: 'discard_row' | 'quarantine') => {
    const plan = {
      ...mapping([property('id', 'integer')]),
      guards: [{ property: property('risk', 'integer'), otherwise }],
    };
    return mapRecords([{ id: 1 }, { id: 2, risk: null }, { id: 3, risk: 4 }, { id: 5, risk: 'high' }], plan);
  };

  it('take their row with them, which counts as filtered', async () => {
    expect(await guarded('discard_row')).to.include({ units: 4, count: 2, filtered: 2 });
  });

  it('block their row', async () => {
    const rows = await guarded('quarantine');
    expect(rows).to.include({ count: 2, filtered: 0 });
    expect(rows.blocked.map(({ code, property: name, value }) => [code, name, value])).to.deep.equal([
      ['ETL0528', 'risk', '4'],
      ['ETL0528', 'risk', '"high"'],
    ]);
  });
});

describe('limits of a warehouse', () => {
  const withLimits = (type: LogicalType['name'], limits: PropertyPlan['limits']): PropertyPlan => ({
    ...property('price', type as 'string'),
    ...(limits && { limits }),
  });

  it('refuse JSON with numbers of too many digits, and look for none in texts', async () => {
    const json = withLimits('json', { json: { whole: 38, scale: 37, digits: 38 } });
    const nines = '9'.repeat(38);
    const { values, rows } = await mapped(
      json,
      { a: `1${nines}e999` },
      [1, 2.5, 1e37],
      { b: 1e300 },
      1e-300,
      `"${nines}`,
    );
    expect(values).to.have.length(3);
    expect(rows.blocked.map(({ code }) => code)).to.deep.equal(['ETL0522', 'ETL0522']);
  });

  it('refuse JSON with U+0000, and take a backslash before it', async () => {
    const { values } = await mapped(withLimits('json', { noNul: true }), 'a\u0000b', '\\u0000', {
      '\u0000': 1,
    });
    expect(values).to.deep.equal(['"\\\\u0000"']);
  });

  it('refuse doubles that lose digits for being small', async () => {
    const { values } = await mapped(
      withLimits('double', { normalOnly: true }),
      5e-324,
      2.2250738585072014e-308,
      0,
      -1e-310,
    );
    expect(values).to.deep.equal([2.2250738585072014e-308, 0]);
  });
});
