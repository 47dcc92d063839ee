import { expect } from 'chai';
import { bench, define, row } from './bench.ts';

describe('the Snowflake warehouse', function () {
  this.timeout(30_000);

  it('makes tables, loads a unit and says what became of its rows', async () => {
    const one = await bench();
    await define(one);
    expect(await one.run('1-1', [row('a', ['x'], 1, 'h1'), row('b', [null], 1, 'h2')])).to.deep.equal({
      staged: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      superseded: 0,
      deleted: 0,
      held: 0,
    });
    expect(
      await one.run('2-2', [row('a', ['x'], 2, 'h1'), row('b', ['y'], 2, 'h3'), row('c', [''], 2, 'h4')]),
    ).to.include({ staged: 3, inserted: 1, updated: 1, unchanged: 1 });
    const { rows } = await one.warehouse.sample('sales', 'all', 10);
    expect(rows.map((cells) => cells.slice(0, 3))).to.deep.equal([
      ['default', 'a', 'x'],
      ['default', 'b', 'y'],
      ['default', 'c', ''],
    ]);
  });
});
