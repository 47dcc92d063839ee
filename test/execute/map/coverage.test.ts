import { expect } from 'chai';
import { coveragePoints, coveredPoints } from '../../../engine/execute/map/coverage.ts';
import { knownPath } from '../../../engine/model/path.ts';
import { mapping, property, within } from '../../support/mappings.ts';

const plan = mapping(
  [
    property('id', 'integer', { required: true }),
    property('status', 'string', {
      transforms: [{ name: 'trim' }, { name: 'map', values: { P: 'paid', S: 'sent' } }],
    }),
    property('price', 'decimal(18,2)', { onInvalid: 'set_null' }),
    property('channel', 'string', { origin: { kind: 'value', value: 'shop' } }),
  ],
  { where: [{ path: knownPath('test'), text: 'test', op: 'ne', value: true }] },
);

const missing = async (...records: object[]): Promise<readonly string[]> => {
  const seen = await coveredPoints(plan, records);
  return coveragePoints(plan).filter((point) => !seen.has(point));
};

describe('what of a mapping was seen to happen', () => {
  it('is a row, what `where` leaves out, values, transforms and misfits', async () => {
    expect(await missing()).to.deep.equal([
      'a row',
      '`where` leaves something out',
      'id: a value',
      'id: onInvalid block',
      'status: a value',
      'status: trim changes a value',
      'status: map P',
      'status: map S',
      'price: a value',
      'price: onInvalid set_null',
      'channel: a value',
    ]);
  });

  it('is no transform that changes nothing, and no misfit in a value that fits', async () => {
    expect(await missing({ id: 1, status: 'P', price: '1.00' })).to.deep.equal([
      '`where` leaves something out',
      'id: onInvalid block',
      'status: trim changes a value',
      'status: map S',
      'price: onInvalid set_null',
    ]);
  });

  it('is a row also where a value is set to NULL, and none where one is blocked', async () => {
    expect(await missing({ id: 1, status: ' S ', price: 'x' })).to.not.include('a row');
    expect(await missing({ status: 'S', price: 'x' })).to.include('a row');
  });

  it('is everything, once everything has happened', async () => {
    const records = [
      { id: 1, status: ' P ', price: '1.00' },
      { id: 2, status: 'S', price: 'x' },
      { id: 'x' },
      { id: 3, test: true },
    ];
    expect(await missing(...records)).to.deep.equal([]);
  });

  it('is counted by the element', async () => {
    const each = mapping([within('sku', 'sku', 'integer')], { each: knownPath('lines') });
    const seen = await coveredPoints(each, [{ lines: [{ sku: 1 }, { sku: 'x' }] }, { lines: 'none' }]);
    expect([...seen].sort()).to.deep.equal(['a row', 'sku: a value', 'sku: onInvalid block']);
  });
});
