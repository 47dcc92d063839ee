import { expect } from 'chai';
import { sharedPostgres } from '../../support/postgres.ts';
import { type Pages, tableBench } from '../../support/table-bench.ts';
import { postgresUnderTest } from '../../support/warehouses.ts';

const parents = 3000;

/** Every parent with two lines, of which one has another value in each version. */
const version = (at: number): Pages => [
  [
    at,
    Array.from({ length: parents }, (_, id) => ({
      id: `p${id}`,
      at: `2026-01-01T00:0${at}:00.000000Z`,
      lines: [
        { line: '1', value: at },
        { line: '2', value: 0 },
      ],
    })),
  ],
];

describe('a history in PostgreSQL', () => {
  it('is loaded and audited in a time that grows with its rows alone, also before autovacuum has looked at it', async function () {
    // With plans for a handful of rows it takes minutes.
    this.timeout(30_000);
    const url = await sharedPostgres(this);
    const bench = await tableBench(postgresUnderTest(url), {
      stream: '    cursor: {field: at, from: {query: since}}',
      mapping: 'each: lines',
      load: '{strategy: scd2, key: [parent, line], children: replace}',
      properties: [
        'parent: {from: $parent.id, type: string}',
        'line: {from: line, type: string}',
        'value: {from: value, type: integer}',
      ],
    });
    const inserted = [];
    for (const at of [1, 2]) inserted.push((await bench.load('', version(at))).inserted);
    expect(inserted).to.deep.equal([2 * parents, parents]);
    const { kinds, found } = await bench.compare([...version(1), ...version(2)]);
    expect([Math.max(...Object.values(kinds)), found]).to.deep.equal([0, 3 * parents]);
  });
});
