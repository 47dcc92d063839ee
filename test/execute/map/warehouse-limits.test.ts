import { expect } from 'chai';
import { valueLimits } from '../../../engine/compile/value-limits.ts';
import { mapping, mapRecords, ownValues, property } from '../../support/mappings.ts';

const limits = valueLimits('postgres') ?? {};
const free = mapping([property('id'), property('doc', 'json')], { key: ['_account', 'id'] });
const bound = { ...free, limits };

const reasons = async (records: readonly unknown[]): Promise<string[]> =>
  (await mapRecords(records, bound)).blocked.map(({ code, reason }) => `${code}: ${reason}`);

describe('values that a warehouse cannot hold', () => {
  it('are blocked, and others are not: U+0000 within JSON', async () => {
    const records = [
      { id: '1', doc: { a: ['x\0'] } },
      { id: '2', doc: { 'k\0': 1 } },
      { id: '3', doc: { a: '\\u0000', b: '\\\\u0000' } },
      { id: '4', doc: '\\\0' },
    ];
    const rows = await mapRecords(records, bound);
    expect(rows.blocked.map(({ record, property: column, code }) => [record, column, code])).to.deep.equal([
      ['1', 'doc', 'ETL0524'],
      ['2', 'doc', 'ETL0524'],
      ['4', 'doc', 'ETL0524'],
    ]);
    expect(ownValues(rows, bound)).to.deep.equal([['3', '{"a":"\\\\u0000","b":"\\\\\\\\u0000"}']]);
    expect((await mapRecords(records, free)).blocked).to.deep.equal([]);
  });

  it('are blocked, and others are not: numbers within JSON', async () => {
    const page = (...docs: string[]): string =>
      `{"orders":[${docs.map((doc, at) => `{"id":"${at}","doc":${doc}}`).join(',')}]}`;
    const { mapBody } = await import('../../support/mappings.ts');
    const mapped = await mapBody(
      page('1e131071', '[1e131072]', '1e-16383', '1e-16384', '"1e131072"', `0.${'1'.repeat(16_384)}`, '1.5e300'),
      bound,
    );
    if ('transient' in mapped) throw new Error(mapped.summary);
    expect(mapped.rows[0]?.blocked.map(({ record, code }) => [record, code])).to.deep.equal([
      ['1', 'ETL0522'],
      ['3', 'ETL0522'],
      ['5', 'ETL0522'],
    ]);
  });

  it('are blocked, and others are not: keys that no index takes', async () => {
    const found = await reasons([{ id: 'é'.repeat(1_200) }, { id: 'é'.repeat(1_400) }, { id: 'x'.repeat(5_000) }]);
    expect(found).to.have.length(2);
    expect(found[0]).to.equal(
      'ETL0522: the key of the row has more than 2600 bytes, which the warehouse cannot index',
    );
  });
});
