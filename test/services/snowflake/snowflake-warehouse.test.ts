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

  it('keeps every version where the mapping says append, and none that its pages make no more', async () => {
    const one = await bench({ load: ', strategy: append' });
    await define(one);
    await one.run('1-1', [row('a', ['x'], 1, 'h1'), row('b', ['y'], 1, 'h2')]);
    const second = [row('a', ['x'], 2, 'h1'), row('a', ['z'], 2, 'h3'), row('a', ['z'], 2, 'h3')];
    expect(await one.run('2-2', second)).to.deep.equal({
      staged: 3,
      inserted: 1,
      updated: 0,
      unchanged: 1,
      superseded: 1,
      deleted: 0,
      held: 0,
    });
    const anew = one.request('1-1', [row('a', ['x'], 1, 'h1'), row('b', ['Y'], 1, 'h4')]);
    const unit = { ...anew.unit, id: 'dev.all.again' };
    const loadedAt = '2026-01-03T00:00:00.000Z';
    const loaded = await one.warehouse.load(one.load.statements, { ...anew, unit, loadedAt });
    expect(loaded).to.include({ inserted: 1, unchanged: 1, deleted: 1 });
    const { rows } = await one.warehouse.sample('sales', 'all', 10);
    expect(rows.map(([, id, value]) => `${id} ${value}`).sort()).to.deep.equal(['a x', 'a z', 'b Y']);
  });
});
