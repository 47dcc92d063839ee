import { expect } from 'chai';
import { knownPath } from '../../../engine/model/path.ts';
import type { OverridePlan } from '../../../engine/model/plan.ts';
import { mapping, mapRecords, ownValues, property, within } from '../../support/mappings.ts';

const override = (set: OverridePlan['set'], over: Partial<OverridePlan> = {}): OverridePlan => ({
  record: '1',
  set,
  untilMs: 0,
  ...over,
});

const orders = (overrides: readonly OverridePlan[]) =>
  mapping(
    [
      property('id', 'integer'),
      property('price', 'decimal(18,2)', { transforms: [{ name: 'shift', places: -2 }] }),
    ],
    { overrides },
  );

async function mapped(overrides: readonly OverridePlan[], price: unknown = '12,50') {
  const plan = orders(overrides);
  const records = [
    { id: 1, price },
    { id: 2, price: '700' },
  ];
  const rows = await mapRecords(records, plan);
  return { values: ownValues(rows, plan), blocked: rows.blocked };
}

describe('values that a person has set', () => {
  it('replace what was received, of their record only, and are taken as they should be stored', async () => {
    const rows = await mapped([override({ price: '20.22' })]);
    expect(rows.values).to.deep.equal([
      ['1', '20.22'],
      ['2', '7.00'],
    ]);
    expect(rows.blocked).to.deep.equal([]);
  });

  it('must fit their type like any other', async () => {
    const rows = await mapped([override({ price: 'twenty' })]);
    expect(rows.blocked.map(({ reason }) => reason)).to.deep.equal(['expected decimal(18,2), got "twenty"']);
  });

  it('replace only the value that was seen, and let the next one through', async () => {
    const only = override({ price: '20.22' }, { was: { price: '12,50' } });
    expect((await mapped([only])).values[0]).to.deep.equal(['1', '20.22']);
    expect((await mapped([only], '1900')).values[0]).to.deep.equal(['1', '19.00']);
  });

  it('stand for a value that is not there where they say that there was none', async () => {
    const none = override({ price: '0' }, { was: { price: null } });
    expect((await mapped([none], null)).values[0]).to.deep.equal(['1', '0.00']);
    expect((await mapped([none], '1900')).values[0]).to.deep.equal(['1', '19.00']);
  });

  it('may be none', async () => {
    expect((await mapped([override({ price: null })])).values[0]).to.deep.equal(['1', null]);
  });

  it('are for one element, or for all of a record', async () => {
    const lines = (overrides: readonly OverridePlan[]) =>
      mapping([within('position', '$index', 'integer'), within('sku', 'sku')], {
        each: knownPath('lines'),
        overrides,
      });
    const records = [{ id: 1, lines: [{ sku: 'a' }, { sku: 'b' }] }];
    const skus = async (...overrides: OverridePlan[]) =>
      ownValues(await mapRecords(records, lines(overrides)), lines(overrides)).map(([, sku]) => sku);
    expect(await skus(override({ sku: 'x' }, { index: 1 }))).to.deep.equal(['a', 'x']);
    expect(await skus(override({ sku: 'x' }))).to.deep.equal(['x', 'x']);
    expect(await skus(override({ sku: 'x' }), override({ sku: 'y' }, { index: 0 }))).to.deep.equal([
      'y',
      'x',
    ]);
  });
});
