import { expect } from 'chai';
import type { AuditScope } from '../../engine/model/audit.ts';
import type { PageWindow, Staging } from '../../engine/model/ports.ts';
import { blockedRow, commitAll, loadAll, mappingPlan, stagedPage, streamPlan } from './staging-samples.ts';

const orders = mappingPlan({ id: 'string', price: 'decimal' });
const row = (id: string, price = '1') => ({ values: [id, price] });
const nothing = { pages: 0, units: 0, examples: [] };

/** What the ledger of every staging database says of itself. */
export function describeAudit(staging: () => Staging): void {
  const ledger = (scope: AuditScope = {}, mapping = orders, stream = streamPlan()) =>
    staging().ledger(mapping, stream, scope);
  const load = async (): Promise<void> => loadAll(staging(), await staging().pendingUnits(orders, 2));

  /** Commits a page of a window; its rows are named by the page. */
  const commitWindow = (id: number, records: number, window: PageWindow, run = 'run-1') => {
    const rows = Array.from({ length: records }, (_, at) => row(`${id}-${at}`));
    return staging().commit(streamPlan(), [{ ...stagedPage({ id, rows }), run, window }]);
  };

  describe('the account of a mapping', () => {
    it('says of what is loaded that nothing is wrong', async () => {
      await commitAll(staging(), [
        { id: 1, rows: [row('a'), row('b')] },
        { id: 2, rows: [row('c')], blocked: [] },
      ]);
      await load();
      const found = await ledger();
      expect(found).to.deep.include({
        status: 'staged',
        pending: 0,
        pages: { first: 1, last: 2 },
        loadedThrough: 2,
        unmapped: nothing,
        leftOut: nothing,
        unbalanced: nothing,
        misstaged: nothing,
      });
      expect(found.counts).to.deep.include({
        pages: 2,
        records: 3,
        units: 3,
        staged: 3,
        blocked: 0,
        held: 0,
      });
      expect(found.loads).to.deep.include({ repeated: 0, uncovered: nothing });
      expect(
        found.loads.loads.map(({ firstPage, lastPage, covered }) => [firstPage, lastPage, covered]),
      ).to.deep.equal([
        [1, 1, 2],
        [2, 2, 1],
      ]);
    });

    it('tells what is staged from what is loaded', async () => {
      await commitAll(staging(), [{ id: 1, rows: [row('a')] }]);
      await load();
      await commitAll(staging(), [{ id: 2, rows: [row('b'), row('c')] }]);
      expect(await ledger()).to.include({ pending: 2, loadedThrough: 1 });
    });

    it('is empty for a mapping that was never staged, and not to be used for one that has changed', async () => {
      await commitAll(staging(), [{ id: 1, rows: [row('a')] }]);
      const other = mappingPlan({ id: 'string' }, { name: 'other' });
      expect(await ledger({}, other)).to.deep.include({ status: 'never', pending: 0 });
      expect(await ledger({}, { ...orders, hash: 'hash-2' })).to.deep.include({
        status: 'changed',
        pending: 0,
      });
    });

    it('names pages whose units are not all accounted for', async () => {
      const page = stagedPage({ id: 1, rows: [row('a')] });
      const rows = page.rows.map((one) => ({ ...one, units: 3, filtered: 1 }));
      await staging().commit(streamPlan(), [{ ...page, records: 3, rows }]);
      const { unbalanced } = await ledger();
      expect(unbalanced).to.deep.equal({
        pages: 1,
        units: 1,
        examples: [{ page: 1, expected: 3, found: 2 }],
      });
    });

    it('names pages of which not every record was a unit, and those that hold nothing now', async () => {
      const page = stagedPage({ id: 1, rows: [row('a')] });
      const empty = stagedPage({ id: 2 });
      await staging().commit(streamPlan(), [
        { ...page, records: 4 },
        { ...empty, records: 9 },
      ]);
      const { unbalanced, leftOut } = await ledger();
      expect([unbalanced.pages, unbalanced.units]).to.deep.equal([1, 3]);
      expect(leftOut.examples).to.deep.equal([{ page: 2, expected: 9, found: 0 }]);
    });

    it('counts blocked rows, and names pages that the mapping has not seen', async () => {
      await commitAll(staging(), [{ id: 1, rows: [row('a')], blocked: [blockedRow()] }]);
      await staging().commit(streamPlan(), [{ ...stagedPage({ id: 2 }), records: 7, rows: [] }]);
      const { counts, unmapped } = await ledger();
      expect(counts).to.include({ units: 2, staged: 1, blocked: 1 });
      expect(unmapped).to.deep.equal({ pages: 1, units: 7, examples: [{ page: 2, expected: 7, found: 0 }] });
    });

    it('tells rows that are held from those that are staged, and from those that are pending', async () => {
      await commitAll(staging(), [{ id: 1, rows: [row('a')], blocked: [blockedRow({ record: 'b' })] }]);
      await load();
      await commitAll(staging(), [{ id: 2, rows: [row('b'), row('c')] }]);
      const { counts, pending } = await ledger();
      expect(counts).to.include({ units: 4, staged: 2, held: 1, blocked: 1 });
      expect(pending).to.equal(1);
      expect((await ledger({ run: 'run-1' })).counts).to.include({ held: 1 });
    });

    it('is that of one run, or of the windows that begin in a range', async () => {
      await commitWindow(1, 2, { number: 1, isLast: true, outside: 0, from: '2026-01-01' }, 'first');
      await commitWindow(2, 3, { number: 1, isLast: true, outside: 0, from: '2026-02-01' }, 'second');
      await load();
      const second = await ledger({ run: 'second' });
      expect(second.counts).to.include({ pages: 1, units: 3 });
      expect(second.loads.loads.map(({ firstPage }) => firstPage)).to.deep.equal([2]);
      expect((await ledger({ to: '2026-02-01' })).counts).to.include({ pages: 1, units: 2 });
      expect((await ledger({ from: '2026-01-01', to: '2026-03-01' })).counts).to.include({ units: 5 });
      expect(await ledger({ run: 'none' })).to.not.have.property('pages');
    });
  });

  describe('the account of loads', () => {
    it('leaves out loads whose pages were all loaded again', async () => {
      await commitAll(staging(), [{ id: 1, rows: [row('a')] }]);
      await load();
      const [before] = (await ledger()).loads.loads;
      await staging().rewind(orders.name);
      await load();
      const { loads } = await ledger();
      expect(loads.loads).to.have.length(1);
      expect(loads.loads[0]?.unit).to.not.equal(before?.unit);
      expect([...loads.known]).to.include(before?.unit);
      expect(loads.repeated).to.equal(0);
    });

    it('counts the rows that two of them hold, when a page came late', async () => {
      await commitAll(staging(), [
        { id: 1, rows: [row('a')] },
        { id: 3, rows: [row('c')] },
      ]);
      await load();
      await commitAll(staging(), [{ id: 2, rows: [row('b')] }]);
      await loadAll(staging(), await staging().pendingUnits(orders, 10));
      const { loads, pending } = await ledger();
      expect(pending).to.equal(0);
      expect(loads.loads.map(({ firstPage, lastPage }) => [firstPage, lastPage])).to.deep.equal([
        [1, 3],
        [2, 3],
      ]);
      expect(loads.loads.map(({ covered, isWhole }) => [covered, isWhole])).to.deep.equal([
        [1, false],
        [2, true],
      ]);
      // Page 3 is in both; page 2 had no rows when the first was made.
      expect(loads.repeated).to.equal(1);
      expect(loads.uncovered).to.deep.equal(nothing);
    });
  });

  describe('the account of windows', () => {
    const paged = streamPlan({
      paginate: { type: 'offset', size: 50 },
    });

    it('has nothing to say of windows that brought what was asked for', async () => {
      await commitWindow(1, 50, { number: 1, isLast: false, outside: 0, total: 53 });
      await commitWindow(2, 3, { number: 2, isLast: true, outside: 0, total: 53 });
      const { windows } = await ledger({}, orders, paged);
      expect(windows).to.deep.equal({ windows: 1, announced: 1, odd: [] });
    });

    it('names those that ignored the filter, listed less than they announced, or clamped the page', async () => {
      await commitWindow(1, 20, { number: 1, isLast: false, outside: 0, total: 90 });
      await commitWindow(2, 20, { number: 2, isLast: true, outside: 0, total: 90 });
      await commitWindow(3, 5, { number: 1, isLast: true, outside: 4, from: '2026-02-01' });
      const { odd } = (await ledger({}, orders, paged)).windows;
      expect(odd).to.deep.equal([
        {
          account: 'default',
          pages: { first: 3, last: 3 },
          run: 'run-1',
          from: '2026-02-01',
          received: 5,
          outside: 4,
          lostPages: 0,
        },
        {
          account: 'default',
          pages: { first: 1, last: 2 },
          run: 'run-1',
          received: 40,
          total: 90,
          outside: 0,
          clamped: 20,
          lostPages: 0,
        },
      ]);
    });

    it('misses a page in the middle, and not those from before the ledger', async () => {
      await commitWindow(1, 50, { number: 8, isLast: true, outside: 0 });
      await commitWindow(2, 50, { number: 1, isLast: false, outside: 0 });
      await commitWindow(4, 5, { number: 3, isLast: true, outside: 0 });
      const { odd, windows } = (await ledger({}, orders, paged)).windows;
      expect(windows).to.equal(1);
      expect(odd.map(({ pages, lostPages }) => [pages.first, pages.last, lostPages])).to.deep.equal([
        [2, 4, 1],
      ]);
    });
  });
}
