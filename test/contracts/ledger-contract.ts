import { expect } from 'chai';
import { cursorText } from '../../engine/model/batch.ts';
import { ExplainedError } from '../../engine/model/errors.ts';
import { extractLock } from '../../engine/model/locks.ts';
import type { Clock, PageChoice, PageWindow, Staging } from '../../engine/model/ports.ts';
import type { Retention, State, StreamRef, WarehouseUnit } from '../../engine/model/state-port.ts';
import {
  blockedRow,
  collect,
  commitAll,
  loadAll,
  mappedRows,
  mappingPlan,
  openRows,
  stagedPage,
  stillClock,
  streamPlan,
} from './staging-samples.ts';

const orders = mappingPlan({ id: 'string', price: 'decimal' });
const ref: StreamRef = { source: 'shop', account: 'default', name: 'orders', mappings: ['orders'] };
const lock = extractLock(ref);
const wanted = (run: string) => ({ name: lock, run, what: 'reading shop.orders' });
const dayMs = 24 * 60 * 60 * 1000;

/** A clock that a test moves. */
export interface MovedClock extends Clock {
  moveMs(ms: number): void;
}

export function movedClock(): MovedClock {
  let nowMs = stillClock.now();
  return {
    ...stillClock,
    now: () => nowMs,
    moveMs: (ms) => {
      nowMs += ms;
    },
  };
}

export type LedgerStaging = Staging & { readonly state: State };

const codeOf = (error: unknown): string =>
  error instanceof ExplainedError ? error.diagnostic.code : String(error);

/** What the ledger of every staging database must do. `open` gives one more connection to the same, migrated, database. */
export function ledgerContract(
  name: string,
  begin: () => Promise<{ readonly clock: MovedClock; open(): Promise<LedgerStaging> }>,
): void {
  describe(`the ledger on ${name}`, () => {
    let clock: MovedClock;
    let staging: LedgerStaging;
    let other: LedgerStaging;

    beforeEach(async () => {
      const begun = await begin();
      clock = begun.clock;
      staging = await begun.open();
      other = await begun.open();
      await staging.prepare(orders);
    });

    afterEach(() => Promise.all([staging.close(), other.close()]));

    const each = { staging: () => staging, other: () => other, clock: () => clock };
    describeLocks(each);
    describeRuns(each);
    describeReceived(each);
    describeWindows(each);
    describeApplied(each);
    describeState(each);
    describeRenames(each);
    describeSweeps(each);
    describeRetention(each);
    describeLost(each);
    describeLoadTimes(each);
  });
}

function describeRenames({ staging }: Each): void {
  describe('names that change', () => {
    it('take pages, rows, Blockers and what is loaded with them, and doing it again changes nothing', async () => {
      const [a, b] = [{ values: ['a', '1'] }, { values: ['b', '2'] }];
      const blocked = [blockedRow({ record: 'z', property: 'price' })];
      const page = { ...stagedPage({ id: 1, rows: [a] }), rows: [mappedRows({ id: 1, rows: [a], blocked })] };
      await staging().commit(streamPlan(), [page]);
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      await staging().commit(streamPlan(), [stagedPage({ id: 2, rows: [b] })]);
      const sales = {
        ...mappingPlan({ id: 'string', amount: 'decimal' }, { name: 'sales' }),
        stream: 'shop.purchases',
        hash: 'new',
      };
      const { renames } = staging().state;
      const stream = { what: 'stream', source: 'shop', from: 'orders', to: 'purchases' } as const;
      const mapping = {
        what: 'mapping',
        from: 'orders',
        to: 'sales',
        columns: [{ from: 'price', to: 'amount' }],
        hash: { from: orders.hash, to: 'new' },
        statements: [],
      } as const;
      await renames.stream(stream);
      await renames.stream(stream);
      await renames.mapping(mapping);
      const names = await renames.names();
      expect([...names.streams]).to.deep.equal(['shop.purchases']);
      expect([...names.mappings.keys()]).to.deep.equal(['sales']);
      expect(names.mappings.get('sales')).to.include.members(['id', 'amount']).and.not.include('price');
      expect((await staging().position({ ...streamPlan(), name: 'purchases' })).cursor).to.equal(
        'cursor of 2',
      );
      await staging().prepare(sales);
      const units = await staging().pendingUnits(sales, 10);
      expect(units.map(({ firstPage, rows }) => [firstPage, rows])).to.deep.equal([[2, 1]]);
      expect(await staging().mappingHashes()).to.deep.equal(new Map([['sales', 'new']]));
      const [blocker] = await staging().blockers.find({ status: 'open' }, 10);
      expect(blocker).to.deep.include({ mapping: 'sales', property: 'amount', stream: 'shop.purchases' });
    });
  });
}

interface Each {
  staging(): LedgerStaging;
  other(): LedgerStaging;
  clock(): MovedClock;
}

function describeLocks({ staging, other, clock }: Each): void {
  describe('locks', () => {
    it('are had by one at a time, who can be named', async () => {
      expect(await staging().state.locks.take(wanted('run-1'))).to.equal(undefined);
      const holder = await other().state.locks.take(wanted('run-2'));
      expect(holder).to.include({ ...wanted('run-1'), pid: process.pid, free: false });
      expect(holder?.acquiredAt).to.equal('2026-01-31T12:00:00.000Z');
      expect(holder?.expiresAt).to.equal('2026-01-31T12:01:00.000Z');
      await staging().state.locks.release([lock]);
      expect(await other().state.locks.take(wanted('run-2'))).to.equal(undefined);
    });

    it('last while they are renewed, and expire when they are not', async () => {
      await staging().state.locks.take(wanted('run-1'));
      clock().moveMs(50_000);
      expect([...(await staging().state.locks.renew())]).to.deep.equal([lock]);
      clock().moveMs(50_000);
      expect(await other().state.locks.take(wanted('run-2'))).not.to.equal(undefined);
      clock().moveMs(10_000);
      expect(await other().state.locks.take(wanted('run-2'))).to.equal(undefined);
      expect([...(await staging().state.locks.renew())]).to.deep.equal([]);
    });

    it('keep whoever has lost one from committing', async () => {
      await staging().state.locks.take(wanted('run-1'));
      await commitAll(staging(), [{ id: 1, rows: [{ values: ['a', '1'] }] }]);
      clock().moveMs(60_000);
      await other().state.locks.take(wanted('run-2'));
      const failure = await staging()
        .commit(streamPlan(), [stagedPage({ id: 2 })])
        .catch((error: unknown) => error);
      expect(failure).to.have.property('message').that.includes('ETL0631');
      expect(await collect(staging().pages(streamPlan()))).to.have.length(1);
      await staging().state.locks.release([lock]);
      expect((await other().state.locks.all()).map(({ run }) => run)).to.deep.equal(['run-2']);
    });

    it('are renewed by a commit', async () => {
      await staging().state.locks.take(wanted('run-1'));
      clock().moveMs(59_000);
      await commitAll(staging(), [{ id: 1 }]);
      clock().moveMs(59_000);
      expect(await other().state.locks.take(wanted('run-2'))).not.to.equal(undefined);
    });

    it('can be taken away by name', async () => {
      await staging().state.locks.take(wanted('run-1'));
      expect(await other().state.locks.unlock('extract:shop.refunds')).to.equal(false);
      expect(await other().state.locks.unlock(lock)).to.equal(true);
      expect(await other().state.locks.all()).to.deep.equal([]);
    });
  });
}

function describeRuns({ staging }: Each): void {
  it('knows a run, its plan and how its steps ended', async () => {
    const plan = { id: 'p1', steps: [{ id: 'load orders' }] } as never;
    const startedAt = '2026-01-31T12:00:00.000Z';
    await staging().state.runs.keepPlan(plan);
    await staging().state.runs.keepPlan(plan);
    await staging().startRun({ id: 'run-1', plan: 'p1', environment: 'dev', startedAt });
    const step = { step: 'load orders', startedAt, finishedAt: startedAt, diagnostics: [] };
    await staging().state.runs.finishStep('run-1', { ...step, status: 'failed' });
    const kept = await staging().state.runs.find('run-1');
    expect(kept).to.deep.include({ run: 'run-1', status: 'running', plan });
    expect([...(kept?.steps ?? [])]).to.deep.equal([['load orders', 'failed']]);
    expect(await staging().state.runs.find('run-2')).to.equal(undefined);
    await staging().finishRun('run-1', 'failed', startedAt);
    expect(await staging().state.runs.last(5)).to.deep.equal([
      { run: 'run-1', status: 'failed', startedAt, finishedAt: startedAt },
    ]);
    await staging().state.runs.forget('2026-02-01T00:00:00.000Z');
    expect(await staging().state.runs.find('run-1')).to.equal(undefined);
    expect(await staging().state.runs.last(5)).to.have.length(1);
  });
}

function describeReceived({ staging }: Each): void {
  it('knows how many records the last runs that succeeded have received of a stream', async () => {
    for (const [at, status] of ['succeeded', 'failed', 'succeeded', 'succeeded'].entries()) {
      const [id, startedAt] = [`run-${at}`, `2026-01-0${at + 1}T00:00:00.000Z`];
      await staging().startRun({ id, plan: 'p1', environment: 'dev', startedAt });
      for (const page of [2 * at + 1, 2 * at + 2]) {
        const rows = [{ values: ['a', '1'] }, { values: ['b', '1'] }];
        const other = streamPlan({ name: at === 2 ? 'refunds' : 'orders' });
        await staging().commit(other, [{ ...stagedPage({ id: page, rows }), run: id, rows: [] }]);
      }
      await staging().finishRun(id, status, startedAt);
    }
    const received = (limit: number) => staging().state.runs.received(streamPlan(), limit);
    expect(await received(5)).to.deep.equal([
      { run: 'run-3', startedAt: '2026-01-04T00:00:00.000Z', records: 4 },
      { run: 'run-0', startedAt: '2026-01-01T00:00:00.000Z', records: 4 },
    ]);
    expect(await received(1)).to.have.length(1);
  });
}

function describeState({ staging }: Each): void {
  describe('positions', () => {
    it('are settled as far as every mapping has loaded', async () => {
      const lines = mappingPlan({ id: 'string', price: 'decimal' }, { name: 'lines' });
      const both = { ...ref, mappings: ['orders', 'lines'] };
      await staging().prepare(lines);
      for (const id of [1, 2])
        await staging().commit(streamPlan(), [
          {
            ...stagedPage({ id, rows: [{ values: ['a', '1'] }] }),
            rows: [mappedRows({ id, rows: [{ values: ['a', '1'] }] }), mappedRows({ id, mapping: 'lines' })],
          },
        ]);
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      expect(await staging().state.positions.settled(ref)).to.deep.equal({ page: 2, cursor: 'cursor of 2' });
      expect(await staging().state.positions.settled(both)).to.deep.equal({ page: 0 });
      await loadAll(staging(), (await staging().pendingUnits(lines, 1)).slice(0, 1));
      const [state] = await staging().state.positions.streams([both]);
      expect(state).to.deep.include({ stream: 'shop.orders', account: 'default' });
      expect(state?.pages).to.deep.equal({ all: 2, kept: 2, bytes: 10, records: 2 });
      expect(state?.mappings[0]).to.deep.equal({
        mapping: 'orders',
        loadedThrough: 2,
        pendingPages: 0,
        pendingRows: 0,
        blocked: 0,
      });
    });

    it('are set, and an open window is given up', async () => {
      const next = { method: 'GET', url: '/orders?page=2', headers: {} } as const;
      const open = { startedAt: '2026-01-01T00:00:00.000000Z', pages: 1, next };
      await commitAll(staging(), [{ id: 1, position: { cursor: 'b', open } }]);
      await staging().state.positions.setCursor(ref, 'a', JSON.stringify(streamPlan().shape));
      expect(await staging().position(streamPlan())).to.deep.equal({
        cursor: 'a',
        shape: streamPlan().shape,
      });
    });

    it('are forgotten, with or without the pages', async () => {
      await commitAll(staging(), [{ id: 1, rows: [{ values: ['a', '1'] }], blocked: [blockedRow()] }]);
      const refunds = streamPlan({ name: 'refunds' });
      await staging().commit(refunds, [{ ...stagedPage({ id: 2 }), rows: [] }]);
      expect(await staging().state.positions.reset(ref, false)).to.equal(0);
      expect(await staging().position(streamPlan())).to.deep.equal({});
      expect(await collect(staging().pages(streamPlan()))).to.have.length(1);
      expect(await staging().state.positions.reset(ref, true)).to.equal(1);
      expect(await collect(staging().pages(streamPlan()))).to.have.length(0);
      expect(await openRows(staging(), 'orders')).to.have.length(0);
      expect(await staging().pendingUnits(orders, 10)).to.have.length(0);
      expect(await collect(staging().pages(refunds))).to.have.length(1);
    });

    it('let go what a Blocker has held of another stream, when its own pages are forgotten', async () => {
      await commitAll(staging(), [{ id: 1, blocked: [blockedRow({ record: 'a' })] }]);
      await commitAll(
        staging(),
        [{ id: 2, rows: [{ values: ['a', '1'] }] }],
        streamPlan({ name: 'orders~sweep' }),
      );
      const [unit] = await staging().pendingUnits(orders, 10);
      expect(unit && (await staging().held(orders, unit))).to.include({ rows: 1 });
      await loadAll(staging(), unit ? [unit] : []);
      await staging().state.positions.reset(ref, true);
      expect(await openRows(staging(), 'orders')).to.have.length(0);
      expect((await staging().pendingUnits(orders, 10)).map(({ rows }) => rows)).to.deep.equal([1]);
    });
  });
}

function describeSweeps({ staging, clock }: Each): void {
  it('a sweep takes nothing for gone that was read while it went on, by a process with numbers of before', async () => {
    const rows = (id: string) => [{ values: [id, '1'] }];
    await commitAll(staging(), [{ id: 1, rows: rows('old') }]);
    clock().moveMs(1000);
    const begun = { firstPage: 65, begunMs: clock().now() };
    // An extraction has reserved pages 2 to 64 before, and goes on.
    clock().moveMs(1);
    await commitAll(staging(), [{ id: 2, rows: rows('made meanwhile') }]);
    await commitAll(staging(), [{ id: 66, rows: rows('listed') }], streamPlan({ name: 'orders~sweep' }));
    const found = await staging().unseen(orders, 'default', begun, 10);
    expect(found.records.map(({ record }) => record)).to.deep.equal(['old']);
    expect(found.unseen).to.equal(1);
  });
}

function describeRetention({ staging, other, clock }: Each): void {
  describe('kept pages', () => {
    it('are given all, some of them, or the newest, in order', async () => {
      await commitAll(
        staging(),
        [1, 2, 3, 4].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      const ids = async (only?: PageChoice): Promise<number[]> =>
        (await collect(staging().pages(streamPlan(), only))).map(({ id }) => Number(id));
      expect(await ids()).to.deep.equal([1, 2, 3, 4]);
      expect(await ids([4, 2, 9])).to.deep.equal([2, 4]);
      expect(await ids({ newest: 2 })).to.deep.equal([3, 4]);
      expect(await ids({ newest: 9 })).to.deep.equal([1, 2, 3, 4]);
    });
  });

  describe('retention', () => {
    const keep: Retention = { ageMs: 30 * dayMs };
    const kept = async (): Promise<number[]> =>
      (await collect(staging().pages(streamPlan()))).map(({ id }) => Number(id));
    const compact = (retention: Retention, pagesMax = 100) =>
      staging().state.positions.compact([ref], retention, pagesMax);

    it('drops old responses that are settled, the oldest first, and keeps their rows and counts', async () => {
      await commitAll(
        staging(),
        [1, 2, 3].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      expect(await compact(keep)).to.deep.equal({ pages: 0, bytes: 0, more: false });
      clock().moveMs(31 * dayMs);
      expect(await staging().state.positions.compactable([ref], keep)).to.deep.equal({
        pages: 3,
        bytes: 15,
        more: false,
      });
      expect(await compact(keep, 2)).to.deep.equal({ pages: 2, bytes: 10, more: true });
      expect(await kept()).to.deep.equal([3]);
      expect([...(await staging().keptPages())]).to.deep.equal([
        ['shop.orders', { kept: 1, dropped: 2, records: 1 }],
      ]);
      await staging().rewind('orders');
      const [unit] = await staging().pendingUnits(orders, 100);
      expect(unit).to.include({ firstPage: 1, lastPage: 3, rows: 3 });
      await staging().state.positions.shrink();
      expect(await kept()).to.deep.equal([3]);
    });

    it('never drops what is not loaded, nor what has a row set aside', async () => {
      await commitAll(staging(), [
        { id: 1, rows: [{ values: ['a', '1'] }], blocked: [blockedRow()] },
        { id: 2, rows: [{ values: ['b', '1'] }] },
        { id: 3, rows: [{ values: ['c', '1'] }] },
      ]);
      await loadAll(staging(), (await staging().pendingUnits(orders, 1)).slice(0, 2));
      clock().moveMs(31 * dayMs);
      await compact(keep);
      expect(await kept()).to.deep.equal([1, 3]);
      const withNew = { ...ref, mappings: ['orders', 'new'] };
      expect((await staging().state.positions.compact([withNew], { ageMs: 0 }, 10)).pages).to.equal(0);
    });

    it('never drops pages of whose records a stream has yet to ask', async () => {
      await commitAll(
        staging(),
        [1, 2, 3, 4, 5].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, 100));
      const notes = streamPlan({ name: 'notes' });
      const { positions } = staging().state;
      const drop = () => positions.compact([{ ...ref, children: ['notes'] }], { ageMs: -1 }, 10);
      await drop();
      expect(await kept()).to.deep.equal([1, 2, 3, 4, 5]);
      await positions.pass(notes, cursorText('integer', '2'));
      await drop();
      expect(await kept()).to.deep.equal([3, 4, 5]);
      const place = { page: 4, behind: 1, values: [{ id: '4' }] };
      const next = { method: 'GET' as const, url: '/notes', headers: {}, at: { page: {}, parent: place } };
      const open = { startedAt: '2026-01-01T00:00:00.000000Z', pages: 1, next };
      const position = { cursor: cursorText('integer', '2'), open };
      await staging().commit(notes, [{ ...stagedPage({ id: 6, position }), rows: [] }]);
      await drop();
      expect(await kept()).to.deep.equal([4, 5]);
      // A window that is open stays as it is.
      await positions.pass(notes, cursorText('integer', '5'));
      await drop();
      expect(await kept()).to.deep.equal([4, 5]);
      await staging().commit(notes, [
        { ...stagedPage({ id: 7, position: { cursor: cursorText('integer', '4') } }), rows: [] },
      ]);
      await positions.pass(notes, cursorText('integer', '3'));
      await drop();
      expect(await kept()).to.deep.equal([5]);
    });

    it('drops what was loaded of a stream that the project reads no more', async () => {
      const refunds = streamPlan({ name: 'refunds' });
      await staging().commit(refunds, [{ ...stagedPage({ id: 1 }), rows: [] }]);
      await commitAll(
        staging(),
        [2, 3].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      await loadAll(staging(), (await staging().pendingUnits(orders, 1)).slice(0, 1));
      clock().moveMs(31 * dayMs);
      expect((await staging().state.positions.compactable([], keep)).pages).to.equal(2);
      expect((await staging().state.positions.compact([], keep, 10)).pages).to.equal(2);
      // It is staged, and no project that we know of has loaded it.
      expect(await kept()).to.deep.equal([3]);
      expect(await collect(staging().pages(refunds))).to.deep.equal([]);
    });

    it('drops the oldest until what is kept is small enough', async () => {
      await commitAll(
        staging(),
        [1, 2, 3, 4].map((id) => ({ id })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      expect(await compact({ ageMs: dayMs, bytesMax: 12 })).to.deep.equal({
        pages: 2,
        bytes: 10,
        more: false,
      });
      expect(await kept()).to.deep.equal([3, 4]);
    });

    it('looks at thousands of pages a few at a time, and misses none', async () => {
      const all = 1103;
      await commitAll(
        staging(),
        Array.from({ length: all }, (_, at) => ({ id: at + 1 })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, all));
      const small: Retention = { ageMs: dayMs, bytesMax: 5 * 3 };
      const { positions } = staging().state;
      expect((await positions.compactable([ref], small)).pages).to.equal(all - 3);
      expect(await compact(small, all)).to.deep.equal({ pages: all - 3, bytes: 5 * (all - 3), more: false });
      expect(await kept()).to.deep.equal([all - 2, all - 1, all]);
    });

    it('are not staged for a mapping that another process has prepared otherwise meanwhile', async () => {
      const changed = mappingPlan({ id: 'string', price: 'decimal' }, { hash: 'hash-2' });
      await other().prepare(changed);
      const failure = await staging()
        .commit(streamPlan(), [stagedPage({ id: 1, rows: [{ values: ['a', '1'] }] })])
        .catch(codeOf);
      expect(failure).to.equal('ETL0632');
      expect(await collect(staging().pages(streamPlan()))).to.have.length(0);
      await commitAll(other(), [{ id: 2, rows: [{ values: ['a', '1'] }] }]);
      expect(await other().pendingUnits(changed, 10)).to.have.length(1);
    });

    it('counts a mapping as mapped that has seen every page that is kept', async () => {
      await commitAll(
        staging(),
        [1, 2].map((id) => ({ id })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      clock().moveMs(31 * dayMs);
      await compact(keep, 1);
      const changed = mappingPlan({ id: 'string' }, { hash: 'hash-2' });
      await staging().prepare(changed);
      expect((await staging().mappingHashes()).get('orders')).to.equal(undefined);
      for (const page of await collect(staging().pages(streamPlan())))
        await staging().restage(page.id, mappedRows({ id: page.id }), 'run-2');
      expect((await staging().mappingHashes()).get('orders')).to.equal('hash-2');
    });
  });
}

const unit = (over: Partial<WarehouseUnit>): WarehouseUnit => ({
  id: 'dev.orders.1-1.0.00000000',
  mapping: 'orders',
  run: 'run-2',
  firstPage: 1,
  lastPage: 1,
  counts: { staged: 1, inserted: 1, updated: 0, unchanged: 0, superseded: 0, deleted: 0 },
  loadedAt: '2026-01-31T13:00:00.000Z',
  ...over,
});

function describeLoadTimes({ staging }: Each): void {
  describe('times of loads', () => {
    const since = (time: string) => staging().loadTimes('orders', `2026-01-31T${time}.000Z`);

    it('are the last one, and how long all since a time have taken', async () => {
      expect(await since('00:00:00')).to.deep.equal({ elapsedMs: 0 });
      await commitAll(
        staging(),
        [1, 2].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      const last = '2026-01-31T12:00:00.000Z';
      expect(await since('12:00:00')).to.deep.equal({ last, elapsedMs: 500 });
      expect(await since('12:00:01')).to.deep.equal({ last, elapsedMs: 0 });
      expect(await staging().loadTimes('others', '2026-01-31T00:00:00.000Z')).to.deep.equal({ elapsedMs: 0 });
    });

    it('are told by mapping, of those of which something is loaded', async () => {
      const { positions } = staging().state;
      await commitAll(staging(), [{ id: 1, rows: [{ values: ['a', '1'] }] }]);
      expect((await positions.lastLoads()).size).to.equal(0);
      await loadAll(staging(), await staging().pendingUnits(orders, 1));
      expect([...(await positions.lastLoads())]).to.deep.equal([['orders', '2026-01-31T12:00:00.000Z']]);
      await staging().rewind('orders');
      expect((await positions.lastLoads()).size).to.equal(0);
    });
  });
}

function describeLost({ staging }: Each): void {
  describe('loads that only the warehouse knows', () => {
    const pending = async () => staging().pendingUnits(orders, 1);
    const epoch = async (): Promise<string> => (await pending())[0]?.id.split('.').at(-2) ?? '';

    it('are no loss where their last page is here: the crash between two commits', async () => {
      await commitAll(staging(), [{ id: 1, rows: [{ values: ['a', '1'] }] }]);
      const [ours] = await pending();
      expect(await staging().state.positions.lost([unit({ id: ours?.id ?? '' })])).to.equal(undefined);
    });

    it('are noted where they hold what is pending here, though later pages would make another unit', async () => {
      const pages = [1, 2, 3].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] }));
      await commitAll(staging(), pages.slice(0, 2));
      const [ours] = await staging().pendingUnits(orders, 10);
      await commitAll(staging(), pages.slice(2));
      const committed = unit({
        id: ours?.id ?? '',
        lastPage: 2,
        counts: { staged: 2, inserted: 2, updated: 0, unchanged: 0, superseded: 0, deleted: 0 },
      });
      const stranger = unit({ id: 'dev.orders.1-3.0.00000000', lastPage: 3 });
      expect(await staging().state.positions.recognise('orders', [stranger, committed])).to.equal(1);
      const left = await staging().pendingUnits(orders, 10);
      expect(left.map(({ firstPage, lastPage }) => [firstPage, lastPage])).to.deep.equal([[3, 3]]);
      expect(await staging().state.positions.recognise('orders', [stranger, committed])).to.equal(0);
    });

    it('make page numbers go on behind them, and pages that they hold whole are loaded', async () => {
      await commitAll(
        staging(),
        [1, 2].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      await staging().reservePages(2);
      const base = await epoch();
      const whole = unit({ id: `dev.orders.1-1.${base}.00000000` });
      const beyond = unit({
        id: `dev.orders.2-7.${base}.00000000`,
        firstPage: 2,
        lastPage: 7,
        counts: { staged: 6, inserted: 6, updated: 0, unchanged: 0, superseded: 0, deleted: 0 },
      });
      expect(await staging().state.positions.lost([whole, beyond])).to.deep.equal({
        units: 1,
        runs: 1,
        from: beyond.loadedAt,
        to: beyond.loadedAt,
        lastPage: 7,
      });
      expect(await staging().state.positions.reconcile([whole, beyond])).to.equal(1);
      expect((await pending()).map(({ firstPage, lastPage }) => [firstPage, lastPage])).to.deep.equal([
        [2, 2],
      ]);
      expect(await staging().reservePages(1)).to.equal(8);
      expect(await staging().state.positions.lost([whole, beyond])).to.equal(undefined);
    });

    it('do not hold what another mapping has made, nor a page that came later', async () => {
      await commitAll(
        staging(),
        [1, 2].map((id) => ({ id, rows: [{ values: [`${id}`, '1'] }] })),
      );
      const base = await epoch();
      const older = unit({ id: 'dev.orders.1-9.zz.00000000', lastPage: 9 });
      const fewer = unit({ id: `dev.orders.1-8.${base}.00000000`, lastPage: 8 });
      expect(await staging().state.positions.reconcile([older, fewer])).to.equal(0);
      expect(await pending()).to.have.length(2);
      expect(await staging().reservePages(1)).to.equal(10);
    });
  });
}

function describeWindows({ staging, clock }: Each): void {
  it('knows the last windows of a stream, and how many rows mappings make of its records', async () => {
    const rows = [{ values: ['a', '1'] }, { values: ['b', '1'] }];
    const page = async (id: number, window: PageWindow, cursor: string): Promise<void> => {
      const sample = stagedPage({ id, rows, position: { cursor } });
      await staging().commit(streamPlan(), [{ ...sample, window }]);
      clock().moveMs(1000);
    };
    await page(1, { number: 1, isLast: false, outside: 0, total: 4 }, 'a');
    await page(2, { number: 2, isLast: true, outside: 0, total: 4 }, 'b');
    await page(3, { number: 1, isLast: false, outside: 0, from: 'b' }, 'b');
    const at = (seconds: number): string => new Date(stillClock.now() + 1000 * seconds).toISOString();
    const both = { run: 'run-1', largest: 2 };
    const windows = await staging().state.runs.windows(streamPlan(), 5);
    expect(windows).to.deep.equal([
      {
        ...both,
        startedAt: at(2),
        endedAt: at(2),
        from: 'b',
        reached: 'b',
        records: 2,
        pages: 1,
        ended: false,
      },
      {
        ...both,
        startedAt: at(0),
        endedAt: at(1),
        reached: 'b',
        records: 4,
        pages: 2,
        total: 4,
        ended: true,
      },
    ]);
    expect(await staging().state.runs.windows(streamPlan(), 1)).to.have.length(1);
    expect(await staging().state.runs.windows(streamPlan({ name: 'refunds' }), 5)).to.deep.equal([]);
    const ratios = await staging().state.runs.rowsPerRecord(streamPlan());
    expect([...ratios]).to.deep.equal([['orders', 1]]);
  });

  it('gives the pages of the newest window that is kept from its beginning, with what was asked', async () => {
    const page = async (id: number, number: number, run: string, isLast = false): Promise<void> => {
      const rows = [{ values: [`${id}`, '1'] }];
      const window = { number, isLast, outside: 0, ...(number > 2 && { from: 'b' }) };
      await staging().commit(streamPlan(), [{ ...stagedPage({ id, rows }), run, window }]);
    };
    const exchanges = async (limit: number, run?: string) =>
      (await staging().state.runs.exchanges(streamPlan(), limit, run)).map(({ id, isLast }) => [id, isLast]);
    expect(await exchanges(9)).to.deep.equal([]);
    await page(1, 1, 'run-1');
    await page(2, 2, 'run-1', true);
    await page(3, 1, 'run-2');
    await page(4, 2, 'run-2');
    await page(5, 4, 'run-2');
    expect(await exchanges(9)).to.deep.equal([
      [3, false],
      [4, false],
    ]);
    expect(await exchanges(1)).to.deep.equal([[3, false]]);
    expect(await exchanges(9, 'run-1')).to.deep.equal([
      [1, false],
      [2, true],
    ]);
    const [first] = await staging().state.runs.exchanges(streamPlan(), 1);
    const sample = stagedPage({ id: 3 });
    expect(first).to.deep.include({ request: sample.request, status: sample.status });
    expect(Buffer.from(first?.body ?? []).equals(Buffer.from(sample.body))).to.equal(true);
  });
}

function describeApplied({ staging, other, clock }: Each): void {
  it('knows which plan was applied last, and lets one with DDL be applied once', async () => {
    const { runs } = staging().state;
    for (const id of ['p1', 'p2']) await runs.keepPlan({ id, steps: [] } as never);
    const applied = { nonce: 'n1', plan: 'p1', once: true };
    expect(await runs.lastApplied()).to.equal(undefined);
    expect(await runs.apply({ ...applied, run: 'run-1' })).to.equal(undefined);
    expect(await other().state.runs.apply({ ...applied, run: 'run-2' })).to.equal('run-1');
    expect(await runs.appliedBy('n1')).to.equal('run-1');
    expect(await runs.appliedBy('n2')).to.equal(undefined);
    for (const run of ['run-3', 'run-4']) {
      clock().moveMs(1000);
      expect(await runs.apply({ nonce: run, plan: 'p2', run, once: false })).to.equal(undefined);
    }
    expect(await runs.lastApplied()).to.deep.include({ id: 'p2' });
    // The last plan and the nonces of saved ones outlive retention.
    await runs.forget('2030-01-01T00:00:00.000Z');
    expect(await runs.lastApplied()).to.deep.include({ id: 'p2' });
    expect(await runs.appliedBy('n1')).to.equal('run-1');
    expect(await runs.appliedBy('run-3')).to.equal(undefined);
  });
}
