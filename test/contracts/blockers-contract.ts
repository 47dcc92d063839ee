import { expect } from 'chai';
import type { Problem } from '../../engine/model/blocker.ts';
import type { Staging } from '../../engine/model/ports.ts';
import {
  blockedRow,
  checkPlan,
  collect,
  commitAll,
  loadAll,
  mappedRows,
  mappingPlan,
  openRows,
  type SampleRow,
} from './staging-samples.ts';

const orders = mappingPlan({ id: 'string', price: 'decimal' });
const order = (id: string, price = '1', over: Partial<SampleRow> = {}): SampleRow => ({
  values: [id, price],
  ...over,
});
const bad = (record: string, over: Partial<ReturnType<typeof blockedRow>> = {}) =>
  blockedRow({ record, ...over });

const refused: Problem = {
  kind: 'stream',
  code: 'ETL0410',
  source: 'shop',
  account: 'default',
  stream: 'shop.orders',
  mapping: '',
  property: '',
  reason: 'shop forbade the request: 403',
  value: '{"error":"no scope"}',
  step: 'extract shop.orders',
};

type Open = () => Staging;

/** What every staging database must do about Blockers. */
export function describeBlockers(staging: Open): void {
  describe('Blockers', () => {
    describeTrail(staging);
    describeChoice(staging);
    describeHold(staging);
    describeRelease(staging);
  });
}

const trail = async (staging: Staging, id: number): Promise<readonly string[]> =>
  (await staging.blockers.history(id)).map(
    ({ event, actor, detail }) => `${event} by ${actor}${detail === '' ? '' : `: ${detail}`}`,
  );

const only = async (staging: Staging) => {
  const all = await staging.blockers.find({}, 10);
  expect(all).to.have.length(1);
  return all[0]!;
};

function describeTrail(staging: Open): void {
  it('are opened with all that is known of a row', async () => {
    await commitAll(staging(), [{ id: 7, blocked: [bad('a', { index: 2, ordinal: 4 })] }]);
    expect(await only(staging())).to.deep.include({
      kind: 'record',
      code: 'ETL0401',
      severity: 'error',
      source: 'shop',
      account: 'default',
      stream: 'shop.orders',
      mapping: 'orders',
      page: 7,
      ordinal: 4,
      index: 2,
      record: 'a',
      property: 'price',
      reason: 'not a decimal number',
      value: 'twelve',
      status: 'open',
      run: 'run-1',
      seen: 1,
      createdAt: '2026-01-31T12:00:00.000Z',
    });
  });

  it('of one problem are one, on however many pages it is seen', async () => {
    await commitAll(staging(), [
      { id: 1, blocked: [bad('a'), bad('a', { ordinal: 9 })] },
      { id: 2, blocked: [bad('a', { reason: 'now too long', value: 'thirteen' })] },
      { id: 3, blocked: [bad('a', { property: 'id' }), bad('b'), bad('a', { index: 1 })] },
    ]);
    const all = await staging().blockers.find({}, 10);
    expect(all.map(({ record, property, index, page }) => [record, property, index, page])).to.deep.equal([
      ['a', 'price', 1, 3],
      ['b', 'price', null, 3],
      ['a', 'id', null, 3],
      ['a', 'price', null, 1],
    ]);
    expect(all.at(-1)).to.include({ reason: 'now too long', value: 'thirteen', ordinal: 3 });
    const [first] = [...(await staging().blockers.pages([all.at(-1)!.id])).values()];
    expect(first).to.deep.equal([1, 2]);
  });

  it('of a step are updated while it fails, and resolved once it succeeds', async () => {
    const { blockers } = staging();
    await blockers.raise([refused], 'run-1');
    await blockers.raise([{ ...refused, reason: 'shop forbade the request: 403 again' }], 'run-2');
    const { id, seen, reason, run } = await only(staging());
    expect({ seen, reason, run }).to.deep.equal({
      seen: 2,
      reason: 'shop forbade the request: 403 again',
      run: 'run-2',
    });
    await blockers.settle([], 'run-3');
    await blockers.settle(['load orders', 'extract shop.orders'], 'run-3');
    expect(await only(staging())).to.include({ status: 'resolved' });
    expect(await trail(staging(), id)).to.deep.equal([
      'opened by run run-1',
      'resolved by run run-3: extract shop.orders has succeeded',
    ]);
    await blockers.raise([refused], 'run-4');
    expect(await blockers.count({ status: 'open' })).to.equal(1);
    expect(await blockers.count({})).to.equal(2);
  });

  it('keep what people did, and who', async () => {
    await commitAll(staging(), [{ id: 1, blocked: [bad('a')] }]);
    const { id } = await only(staging());
    const { blockers } = staging();
    await blockers.change([id], { event: 'assigned', owner: 'dana' }, 'ada');
    await blockers.change([id], { event: 'noted', note: 'asked the shop' }, 'dana');
    await blockers.change([id], { event: 'overridden', detail: 'price = 12' }, 'dana');
    await blockers.change([id], { event: 'waived', reason: 'a test order' }, 'dana');
    expect(await only(staging())).to.include({ owner: 'dana', note: 'asked the shop', status: 'waived' });
    expect(await trail(staging(), id)).to.deep.equal([
      'opened by run run-1',
      'assigned by ada: dana',
      'noted by dana: asked the shop',
      'overridden by dana: price = 12',
      'waived by dana: a test order',
    ]);
  });

  it('that are waived stay so for the same value, and are opened anew for another', async () => {
    await commitAll(staging(), [{ id: 1, blocked: [bad('a')] }]);
    const { id } = await only(staging());
    await staging().blockers.change([id], { event: 'waived', reason: 'x' }, 'ada');
    await commitAll(staging(), [{ id: 2, blocked: [bad('a')] }]);
    expect(await openRows(staging(), 'orders')).to.deep.equal([]);
    await commitAll(staging(), [{ id: 3, blocked: [bad('a', { value: 'eleven' })] }]);
    expect((await openRows(staging(), 'orders')).map(({ value }) => value)).to.deep.equal(['eleven']);
    expect(await staging().blockers.count({})).to.equal(2);
  });
}

function describeChoice(staging: Open): void {
  it('are found by every filter, newest first', async () => {
    await commitAll(staging(), [
      { id: 1, blocked: [bad('a'), bad('b', { code: 'ETL0522' })] },
      { id: 2, blocked: [bad('c')] },
    ]);
    const { blockers } = staging();
    await blockers.raise([refused], 'run-1');
    await blockers.change([1], { event: 'assigned', owner: 'dana' }, 'ada');
    await blockers.change([2], { event: 'waived', reason: 'x' }, 'ada');
    const ids = async (filter: Parameters<typeof blockers.find>[0], limit = 10) =>
      (await blockers.find(filter, limit)).map(({ id }) => id);
    expect(await ids({})).to.deep.equal([4, 3, 2, 1]);
    expect(await ids({}, 2)).to.deep.equal([4, 3]);
    expect(await ids({ mapping: 'orders', status: 'open' })).to.deep.equal([3, 1]);
    expect(await ids({ stream: 'shop.orders' })).to.deep.equal([4, 3, 2, 1]);
    expect(await ids({ stream: 'shop.refunds' })).to.deep.equal([]);
    expect(await ids({ kind: 'stream' })).to.deep.equal([4]);
    expect(await ids({ code: 'ETL0522' })).to.deep.equal([2]);
    expect(await ids({ owner: 'dana' })).to.deep.equal([1]);
    expect(await ids({ record: 'c' })).to.deep.equal([3]);
    expect(await ids({ ids: [1, 3, 99] })).to.deep.equal([3, 1]);
    expect(await ids({ ids: [] })).to.deep.equal([]);
    expect(await blockers.count({ kind: 'record' })).to.equal(3);
  });

  it('say how a mapping stands before it is loaded', async () => {
    await commitAll(staging(), [{ id: 1, rows: [order('x')], blocked: [bad('a')] }]);
    await loadAll(staging(), await staging().pendingUnits(orders, 10));
    await commitAll(staging(), [{ id: 2, rows: [order('y'), order('z')], blocked: [bad('b'), bad('c')] }]);
    expect(await staging().blockers.standing('orders')).to.deep.equal({
      open: 3,
      blockedRows: 2,
      stagedRows: 2,
    });
    expect(await staging().blockers.standing('unknown')).to.deep.equal({
      open: 0,
      blockedRows: 0,
      stagedRows: 0,
    });
  });
}

const pending = async (staging: Staging) => {
  const units = await staging.pendingUnits(orders, 1000);
  const batches = await Promise.all(units.map((unit) => collect(staging.rows(orders, unit))));
  const held = await Promise.all(units.map((unit) => staging.held(orders, unit)));
  const rows = batches.flat(2) as (readonly string[])[];
  return { ids: rows.map((row) => row[1]), held: held.reduce((sum, { rows: one }) => sum + one, 0), units };
};

function describeHold(staging: Open): void {
  it('hold later versions of their record back, and nothing else', async () => {
    await commitAll(staging(), [
      { id: 1, rows: [order('a0', '1', { record: 'a' })] },
      { id: 2, rows: [order('b2')], blocked: [bad('a', { ordinal: 1 })] },
      {
        id: 3,
        rows: [
          order('a3', '1', { record: 'a' }),
          order('c3'),
          order('other account', '1', { record: 'a', account: 'de' }),
        ],
      },
    ]);
    const { ids, held } = await pending(staging());
    expect(ids).to.deep.equal(['a0', 'b2', 'c3', 'other account']);
    expect(held).to.equal(1);
  });

  it('keep what they hold from being checked: what is loaded now is', async () => {
    const check = checkPlan({
      kind: 'range',
      column: 'price',
      type: { name: 'decimal', precision: 38, scale: 9 },
      max: '5',
    });
    const found = async () => (await staging().check(orders, check, 0)).found;
    await commitAll(staging(), [
      { id: 1, rows: [order('a0', '9', { record: 'a' }), order('b', '1')] },
      { id: 2, blocked: [bad('a')] },
      { id: 3, rows: [order('a3', '1', { record: 'a' })] },
    ]);
    expect(await found()).to.equal('1 of 2 rows, first: a');
    await staging().blockers.change([1], { event: 'waived', reason: 'x' }, 'ada');
    expect(await found()).to.equal('0 of 2 rows');
  });

  it('do not hold other elements of the same version, but later places of the page', async () => {
    await commitAll(staging(), [
      {
        id: 1,
        rows: [
          order('a#0', '1', { record: 'a', index: 0 }),
          order('a#2', '1', { record: 'a', index: 2 }),
          order('a again', '1', { record: 'a', index: 0 }),
        ],
        blocked: [bad('a', { ordinal: 0, index: 1 })],
      },
    ]);
    expect((await pending(staging())).ids).to.deep.equal(['a#0', 'a#2']);
  });

  it('hold nothing where no record is blocked', async () => {
    await commitAll(staging(), [{ id: 1, rows: [order('a')] }]);
    await staging().blockers.raise([refused], 'run-1');
    expect(await pending(staging())).to.deep.include({ ids: ['a'], held: 0 });
  });
}

function describeRelease(staging: Open): void {
  const held = [
    { id: 1, rows: [order('x')], blocked: [bad('a')] },
    { id: 2, rows: [order('a2', '1', { record: 'a' })] },
  ];

  it('that are waived let go what they held, in units that the warehouse does not know', async () => {
    await commitAll(staging(), held);
    const before = await pending(staging());
    expect(before.held).to.equal(1);
    await loadAll(staging(), before.units);
    expect((await pending(staging())).units).to.deep.equal([]);
    await staging().blockers.change([1], { event: 'waived', reason: 'x' }, 'ada');
    const after = await pending(staging());
    expect(after).to.deep.include({ ids: ['x', 'a2'], held: 0 });
    expect(after.units.map(({ id }) => id)).to.not.include(before.units[0]?.id);
  });

  it('that are waived before a load was noted make other units of what the warehouse may have', async () => {
    await commitAll(staging(), held);
    const before = await pending(staging());
    await staging().blockers.change([1], { event: 'waived', reason: 'x' }, 'ada');
    expect((await pending(staging())).units[0]?.id).to.not.equal(before.units[0]?.id);
  });

  it('are retried when their page fits, and resolved when it is loaded', async () => {
    await commitAll(staging(), held);
    await loadAll(staging(), (await pending(staging())).units);
    await staging().restage(
      1,
      mappedRows({ id: 1, rows: [order('x'), order('a1', '1', { record: 'a' })] }),
      'run-2',
    );
    expect(await only(staging())).to.include({ status: 'retried' });
    const after = await pending(staging());
    expect(after).to.deep.include({ ids: ['x', 'a1', 'a2'], held: 0 });
    await loadAll(staging(), after.units);
    expect(await only(staging())).to.include({ status: 'resolved' });
    expect(await trail(staging(), 1)).to.deep.equal([
      'opened by run run-1',
      'retried by run run-2: page 1 was mapped again, and it fits',
      'resolved by run run-1: its row is loaded',
    ]);
  });

  it('stay open when their page still does not fit, with the new reason', async () => {
    await commitAll(staging(), held);
    await loadAll(staging(), (await pending(staging())).units);
    const blocked = [bad('a', { reason: 'still not a number' })];
    await staging().restage(1, mappedRows({ id: 1, rows: [order('x')], blocked }), 'run-2');
    expect(await only(staging())).to.include({ status: 'open', reason: 'still not a number', seen: 2 });
    expect((await pending(staging())).units).to.deep.equal([]);
  });

  it('hold from the next page on which they were seen when the first one fits', async () => {
    await commitAll(staging(), [
      { id: 1, blocked: [bad('a')] },
      { id: 2, rows: [order('a2', '1', { record: 'a' })] },
      { id: 3, blocked: [bad('a')] },
      { id: 4, rows: [order('a4', '1', { record: 'a' })] },
    ]);
    await staging().restage(1, mappedRows({ id: 1, rows: [order('a1', '1', { record: 'a' })] }), 'run-2');
    expect(await only(staging())).to.include({ status: 'open', page: 3 });
    expect((await pending(staging())).ids).to.deep.equal(['a1', 'a2']);
  });

  it('let go what fits on one page although they were seen on a later one, where that is loaded already', async () => {
    await commitAll(staging(), [
      { id: 1, blocked: [bad('a')] },
      { id: 2, rows: [order('a2', '1', { record: 'a' })] },
      { id: 3, blocked: [bad('a')] },
    ]);
    await loadAll(staging(), (await pending(staging())).units);
    await staging().restage(1, mappedRows({ id: 1, rows: [order('a1', '1', { record: 'a' })] }), 'run-2');
    expect(await only(staging())).to.include({ status: 'open', page: 3 });
    expect((await pending(staging())).ids).to.deep.equal(['a1', 'a2']);
    await staging().restage(3, mappedRows({ id: 3, rows: [order('a3', '1', { record: 'a' })] }), 'run-2');
    const after = await pending(staging());
    expect(after.ids).to.deep.equal(['a1', 'a2', 'a3']);
    await loadAll(staging(), after.units);
    expect(await only(staging())).to.include({ status: 'resolved' });
  });

  it('are not resolved by a load that was under way when they were retried', async () => {
    await commitAll(staging(), [...held, { id: 3, rows: [order('y')] }]);
    const underWay = (await pending(staging())).units;
    await staging().restage(
      1,
      mappedRows({ id: 1, rows: [order('x'), order('a1', '1', { record: 'a' })] }),
      'run-2',
    );
    await loadAll(staging(), underWay);
    expect(await only(staging())).to.include({ status: 'retried' });
    const after = await pending(staging());
    expect(after.ids).to.deep.equal(['x', 'a1', 'a2', 'y']);
    await loadAll(staging(), after.units);
    expect(await only(staging())).to.include({ status: 'resolved' });
  });

  it('are opened again when what was retried does not fit after all', async () => {
    await commitAll(staging(), held);
    await staging().restage(1, mappedRows({ id: 1, rows: [] }), 'run-2');
    await commitAll(staging(), [{ id: 3, blocked: [bad('a')] }]);
    expect(await only(staging())).to.include({ status: 'open', page: 3 });
    expect((await trail(staging(), 1)).at(-1)).to.equal('reopened by run run-1: not a decimal number');
  });
}
