import { expect } from 'chai';
import { keyBytesMax } from '../../../engine/compile/type-limits.ts';
import { mapping, mapRecords, property } from '../../support/mappings.ts';

const free = mapping([property('id'), property('name')], { key: ['_account', 'id'] });

describe('the limits of a row', () => {
  it('are those of an index, where the warehouse has one on the key', async () => {
    const bound = { ...free, keyBytesMax: keyBytesMax('postgres') ?? 0 };
    const records = [
      { id: 'é'.repeat(1_200) },
      { id: 'é'.repeat(1_400) },
      { id: 'x'.repeat(5_000) },
      { id: 'y', name: 'x'.repeat(5_000) },
    ];
    const { blocked, count } = await mapRecords(records, bound);
    expect(count).to.equal(2);
    expect(blocked.map(({ ordinal, code, reason }) => [ordinal, code, reason])).to.deep.equal(
      [1, 2].map((ordinal) => [
        ordinal,
        'ETL0522',
        'the key of the row has more than 2600 bytes, which the warehouse cannot index',
      ]),
    );
    expect((await mapRecords(records, free)).blocked).to.deep.equal([]);
  });
});
