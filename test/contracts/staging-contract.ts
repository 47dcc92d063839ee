import { expect } from 'chai';
import { loadLine } from '../../engine/model/load-file.ts';
import type { CheckPlan, MappingPlan } from '../../engine/model/plan.ts';
import type { LoadUnit, StagedPage, Staging } from '../../engine/model/ports.ts';
import { describeBlockers } from './blockers-contract.ts';
import { describeAudit } from './staging-audit.ts';
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
  stagedPage,
  stillClock,
  streamPlan,
} from './staging-samples.ts';

const orders = mappingPlan({ id: 'string', price: 'decimal' });
const order = (id: string, price: string | null = '1', over: Partial<SampleRow> = {}): SampleRow => ({
  values: [id, price],
  ...over,
});

/** What every staging database must do. `open` gives one that is empty and not migrated. */
export function stagingContract(name: string, open: () => Promise<Staging>): void {
  describe(`staging on ${name}`, () => {
    let staging: Staging;

    beforeEach(async () => {
      staging = await open();
      await staging.migrate();
      await staging.prepare(orders);
    });

    afterEach(() => staging.close());

    const rowsOf = async (mapping: MappingPlan): Promise<unknown[]> => {
      const units = await staging.pendingUnits(mapping, 1_000_000);
      const batches = await Promise.all(units.map((unit) => collect(staging.rows(mapping, unit))));
      return batches.flat(2);
    };

    describeLedger(() => staging, rowsOf);
    describeUnits(() => staging);
    describeUnseen(() => staging);
    describeRemap(() => staging, rowsOf);
    describeChecks(() => staging);
    describeBlockers(() => staging);
    describeAudit(() => staging);
  });
}

type RowsOf = (mapping: MappingPlan) => Promise<unknown[]>;

function describeLedger(staging: () => Staging, rowsOf: RowsOf): void {
  describe('the ledger', () => {
    it('migrates again without harm', async () => {
      await commitAll(staging(), [{ id: 1, rows: [order('a')] }]);
      await staging().migrate();
      expect(await rowsOf(orders)).to.have.length(1);
    });

    it('records a run from start to end', async () => {
      await staging().startRun({
        id: 'run-1',
        plan: 'p',
        environment: 'dev',
        startedAt: '2026-01-31T12:00:00.000Z',
      });
      await staging().finishRun('run-1', 'succeeded', '2026-01-31T12:01:00.000Z');
    });

    it('knows no position before the first page', async () => {
      expect(await staging().position(streamPlan())).to.deep.equal({});
    });

    it('keeps an open window, and forgets it when the window ends', async () => {
      const next = {
        method: 'GET',
        url: 'https://shop.example/orders.json?page=2',
        headers: { accept: '*/*' },
      } as const;
      const at = '2026-01-01T00:00:00.000000Z';
      const open = { from: at, cursorMax: 'x', startedAt: at, pages: 1, next };
      const shape = { asked: 'a', paging: 'p' };
      await commitAll(staging(), [{ id: 1, position: { cursor: 'before', open, shape } }]);
      expect(await staging().position(streamPlan())).to.deep.equal({ cursor: 'before', open, shape });
      expect((await staging().shapes()).get('shop.orders')).to.deep.equal(shape);
      await commitAll(staging(), [{ id: 2, position: { cursor: 'after' } }]);
      expect(await staging().position(streamPlan())).to.deep.equal({ cursor: 'after' });
    });

    it('keeps the positions of accounts, streams and sources apart', async () => {
      await commitAll(staging(), [{ id: 1 }]);
      for (const over of [{ account: 'de' }, { name: 'refunds' }, { source: 'other' }]) {
        expect(await staging().position(streamPlan(over))).to.deep.equal({});
      }
    });

    it('gives the kept pages of a stream in order, bodies byte by byte', async () => {
      await commitAll(staging(), [{ id: 1 }, { id: 3 }]);
      await commitAll(staging(), [{ id: 2 }], streamPlan({ name: 'refunds' }));
      const pages = await collect(staging().pages(streamPlan()));
      expect(pages.map(({ id, run, body }) => ({ id, run, body: [...body] }))).to.deep.equal([
        { id: 1, run: 'run-1', body: [31, 139, 0, 255, 1] },
        { id: 3, run: 'run-1', body: [31, 139, 0, 255, 3] },
      ]);
      expect([...(await staging().keptPages())].sort()).to.deep.equal([
        ['shop.orders', { kept: 2, dropped: 0, records: 0 }],
        ['shop.refunds', { kept: 1, dropped: 0, records: 0 }],
      ]);
    });

    it('leaves nothing of a commit that fails in the middle', async () => {
      await commitAll(staging(), [{ id: 1, rows: [order('a')] }]);
      const good = stagedPage({ id: 2, rows: [order('b')], blocked: [blockedRow()] });
      const broken = stagedPage({ id: 3, rows: [{ values: ['too few'] }] });
      const failure = await staging()
        .commit(streamPlan(), [good, broken])
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
      expect(await staging().position(streamPlan())).to.deep.equal({ cursor: 'cursor of 1' });
      expect(await staging().keptPages()).to.deep.equal(
        new Map([['shop.orders', { kept: 1, dropped: 0, records: 1 }]]),
      );
      expect(await openRows(staging(), 'orders')).to.deep.equal([]);
      expect(await rowsOf(orders)).to.have.length(1);
    });

    it('changes nothing when pages are committed again', async () => {
      const pages = [
        { id: 1, rows: [order('a')], blocked: [blockedRow()] },
        { id: 2, rows: [order('b')] },
      ];
      await commitAll(staging(), pages);
      const before = await rowsOf(orders);
      await commitAll(staging(), pages.slice(0, 1));
      expect(await rowsOf(orders)).to.deep.equal(before);
      expect(await openRows(staging(), 'orders')).to.have.length(1);
      expect(await staging().position(streamPlan())).to.deep.equal({ cursor: 'cursor of 2' });
    });

    it('refuses another body under the id of a page that is kept', async () => {
      await commitAll(staging(), [{ id: 1 }]);
      const other = { ...stagedPage({ id: 1 }), bodyHash: 'another' };
      const failure = await staging()
        .commit(streamPlan(), [other])
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
    });

    it('reserves page ids that nobody else gets', async () => {
      const firsts = await Promise.all([3, 1, 5].map((count) => staging().reservePages(count)));
      expect(firsts).to.deep.equal([1, 4, 5]);
      expect(await staging().reservePages(1)).to.equal(10);
    });

    it('gives back every value as it was staged', async () => {
      const columns = {
        text: 'string',
        exact: 'integer',
        price: 'decimal',
        ratio: 'double',
        paid: 'boolean',
        at: 'timestamp',
        raw: 'binary',
        doc: 'json',
      } as const;
      const mapping = mappingPlan(columns, { name: 'wide' });
      await staging().prepare(mapping);
      const rows = [
        [
          'ü€😀 "quoted" \n\\N',
          '12345678901234567890123456789012345678',
          '-0.123456789',
          0.1,
          1,
          '2026-01-31T12:00:00.123456Z',
          'AP8=',
          '{"a":[1]}',
        ],
        [
          'cut\0here',
          '-99999999999999999999999999999999999999',
          '99999999999999999999999999999.999999999',
          -1e300,
          0,
          null,
          '',
          'null',
        ],
        ['', '7', '1.50', 5, null, null, null, null],
      ];
      await commitAll(staging(), [
        { id: 1, mapping: 'wide', rows: rows.map((values, at) => ({ values, record: `r${at}\0` })) },
      ]);
      const [unit] = await staging().pendingUnits(mapping, 100);
      const [batch] = await collect(staging().rows(mapping, unit!));
      expect(batch?.map((row) => row.slice(1, 9))).to.deep.equal(rows);
      expect(batch?.map((row) => row[12])).to.deep.equal(['r0\0', 'r1\0', 'r2\0']);
    });

    it('has columns of any name', async () => {
      const long = 'a_name_that_is_longer_than_a_database_may_want_to_keep_to_its_very_end';
      const names = ['ctid', 'xmin', 'select', 'Order', 'why?', '"quoted"', 'ü', `${long}_1`, `${long}_2`];
      const columns = Object.fromEntries(names.map((column) => [column, 'string' as const]));
      const [one, two] = ['_1', '_2'].map((end) => mappingPlan(columns, { name: long + end }));
      for (const mapping of [one!, two!]) {
        await staging().prepare(mapping);
        const id = mapping === one ? 1 : 2;
        const values = names.map((column) => `${column} of ${id}`);
        await commitAll(staging(), [{ id, mapping: mapping.name, rows: [{ values }] }]);
        const [row] = (await rowsOf(mapping)) as unknown[][];
        expect(row?.slice(1, names.length + 1)).to.deep.equal(values);
        const unique = checkPlan({ kind: 'unique', columns: names });
        expect((await staging().check(mapping, unique, 0)).found).to.equal('0 of 1 rows');
      }
    });

    it('lists blocked rows, newest first, as many as asked for', async () => {
      await commitAll(staging(), [
        { id: 1, blocked: [blockedRow({ record: 'old' })] },
        { id: 2, blocked: [blockedRow({ record: 'new', index: 2 }), blockedRow({ record: 'newest' })] },
      ]);
      const newest = [blockedRow({ record: 'newest' }), blockedRow({ record: 'new', index: 2 })];
      expect(await openRows(staging(), 'orders', 2)).to.deep.equal(newest);
      expect(await openRows(staging(), 'orders', 9)).to.have.length(3);
      expect(await openRows(staging(), 'others', 9)).to.deep.equal([]);
    });
  });
}

function describeUnits(staging: () => Staging): void {
  describe('load units', () => {
    const units = (rowsMax = 3) => staging().pendingUnits(orders, rowsMax);
    const ranges = async (rowsMax?: number) =>
      (await units(rowsMax)).map(({ firstPage, lastPage, rows }) => [firstPage, lastPage, rows]);
    const pageOf = (id: number, rows: number) => ({
      id,
      rows: Array.from({ length: rows }, (_, at) => order(`${id}-${at}`)),
    });

    it('hold whole pages, no more rows than asked for unless one page has more', async () => {
      await commitAll(staging(), [pageOf(1, 2), pageOf(2, 1), pageOf(5, 4), pageOf(6, 0), pageOf(7, 3)]);
      expect(await ranges()).to.deep.equal([
        [1, 2, 3],
        [5, 5, 4],
        [6, 7, 3],
      ]);
    });

    it('are made of pages without rows too, so that the mapping moves on', async () => {
      await commitAll(staging(), [pageOf(1, 0), pageOf(2, 0)]);
      expect(await ranges()).to.deep.equal([[1, 2, 0]]);
      await loadAll(staging(), await units());
      expect(await units()).to.deep.equal([]);
    });

    it('have ids that stay the same until something changes', async () => {
      await commitAll(staging(), [pageOf(1, 3), pageOf(2, 3)]);
      const before = await units();
      expect(await units()).to.deep.equal(before);
      expect(before[0]?.id).to.match(/^dev\.orders\.1-1\.[0-9a-z]+\.[0-9a-f]{8}$/);
      await staging().restage(1, mappedRows(pageOf(1, 3)), 'run-2');
      expect(await units()).to.deep.equal(before);
      const changed = { ...orders, hash: 'hash-2' };
      await staging().prepare(changed);
      await staging().restage(1, mappedRows(pageOf(1, 3)), 'run-2');
      const [after] = await staging().pendingUnits(changed, 3);
      expect(after?.id).to.not.equal(before[0]?.id);
      // Whoever began with the mapping as it was before loads nothing of this.
      const failure = await units().catch((error: unknown) => error);
      expect(failure).to.have.property('message').that.includes('ETL0632');
    });

    it('are pending until they are marked, in order and once', async () => {
      await commitAll(staging(), [pageOf(1, 3), pageOf(2, 3)]);
      const [first, second] = await units();
      await loadAll(staging(), [first!]);
      await loadAll(staging(), [first!]);
      expect(await ranges()).to.deep.equal([[2, 2, 3]]);
      await loadAll(staging(), [second!]);
      expect(await units()).to.deep.equal([]);
    });

    it('stay pending when one before them is not loaded', async () => {
      await commitAll(staging(), [pageOf(1, 3), pageOf(2, 3)]);
      await loadAll(staging(), (await units()).slice(1));
      expect(await ranges()).to.deep.equal([
        [1, 1, 3],
        [2, 2, 3],
      ]);
    });

    it('stay pending when a page was staged among them meanwhile', async () => {
      await commitAll(staging(), [pageOf(1, 1), pageOf(3, 1)]);
      const before = await units();
      await commitAll(staging(), [pageOf(2, 1)]);
      await loadAll(staging(), before);
      expect(await ranges()).to.deep.equal([[1, 3, 3]]);
    });

    it('are made again of everything behind a page that comes late, under new ids', async () => {
      await commitAll(staging(), [pageOf(1, 3), pageOf(3, 3)]);
      const before = await units();
      await loadAll(staging(), before);
      await commitAll(staging(), [pageOf(2, 3)]);
      expect(await ranges()).to.deep.equal([
        [2, 2, 3],
        [3, 3, 3],
      ]);
      expect((await units()).map(({ id }) => id)).to.not.include(before[1]?.id);
    });

    it('are none for a mapping that was never prepared', async () => {
      expect(await staging().pendingUnits(mappingPlan({}, { name: 'unknown' }), 10)).to.deep.equal([]);
    });

    it('give rows in page order, at most 1,000 at a time', async () => {
      await commitAll(staging(), [pageOf(2, 2500), pageOf(1, 300), pageOf(3, 300)]);
      const [unit] = await units(10_000);
      const batches = await collect(staging().rows(orders, unit!));
      expect(batches.map((batch) => batch.length).every((rows) => rows <= 1000)).to.equal(true);
      const places = batches.flat().map((row) => Number(row[3]) * 10_000 + Number(row[4]));
      expect(places).to.deep.equal([...places].sort((a, b) => a - b));
      expect(places).to.have.length(3100);
    });
  });
}

function describeUnseen(staging: () => Staging): void {
  describe('records that a sweep has not seen', () => {
    const marked = (id: number, record: string, op: 'delete' | 'seen') => {
      const page = stagedPage({ id, rows: [] });
      const values = ['default', null, null, id, 0, null, record, null, '', op];
      const rows = { ...mappedRows({ id }), values, lines: Buffer.from(loadLine(values)), marks: 1 };
      return staging().commit(streamPlan(), [{ ...page, rows: [rows] }]);
    };

    it('are those of older pages, but for what is gone, seen or blocked', async () => {
      const rows = ['gone', 'kept', 'lost', 'new', 'stuck'].map((id) => order(id));
      await commitAll(staging(), [{ id: 1, rows }]);
      await marked(2, 'gone', 'delete');
      await commitAll(staging(), [
        { id: 3, rows: [order('stuck')], blocked: [blockedRow({ record: 'stuck' })] },
      ]);
      await marked(4, 'kept', 'seen');
      await commitAll(staging(), [{ id: 5, rows: [order('new')] }]);
      expect(await staging().unseen(orders, 'default', { firstPage: 4 }, 10)).to.deep.equal({
        known: 4,
        unseen: 1,
        records: [{ record: 'lost', cursor: null }],
      });
      expect(await staging().unseen(orders, 'default', { firstPage: 4 }, 0)).to.include({ unseen: 1 });
      const [unit] = await staging().pendingUnits(orders, 100);
      expect(unit).to.include({ rows: 7, marks: 2 });
    });
  });
}

function describeRemap(staging: () => Staging, rowsOf: RowsOf): void {
  describe('a mapping that changes', () => {
    const changed = mappingPlan({ id: 'string', price: 'decimal', note: 'string' }, { hash: 'hash-2' });
    const pages = [
      { id: 1, rows: [order('a')], blocked: [blockedRow()] },
      { id: 2, rows: [order('b')] },
    ];
    const again = (id: number, values: readonly string[]) => mappedRows({ id, rows: [{ values }] });

    it('loses its rows and its place, and keeps the pages; its Blockers stay until a page says otherwise', async () => {
      await commitAll(staging(), pages);
      await loadAll(staging(), await staging().pendingUnits(orders, 10));
      await staging().prepare(changed);
      expect(await rowsOf(changed)).to.deep.equal([]);
      expect(await openRows(staging(), 'orders')).to.have.length(1);
      expect(await staging().keptPages()).to.deep.equal(
        new Map([['shop.orders', { kept: 2, dropped: 0, records: 2 }]]),
      );
      await staging().restage(1, again(1, ['a', '1', 'new']), 'run-2');
      expect(await openRows(staging(), 'orders')).to.deep.equal([]);
      await staging().restage(2, again(2, ['b', '1', 'new']), 'run-2');
      expect(await rowsOf(changed)).to.have.length(2);
    });

    it('keeps everything when it is prepared again unchanged', async () => {
      await commitAll(staging(), pages);
      await staging().prepare(orders);
      expect(await rowsOf(orders)).to.have.length(2);
    });

    it('can be staged again from a kept page any number of times', async () => {
      await commitAll(staging(), pages);
      const rows = mappedRows({
        id: 1,
        rows: [order('x'), order('y')],
        blocked: [blockedRow({ record: 'z' })],
      });
      await staging().restage(1, rows, 'run-2');
      await staging().restage(1, rows, 'run-2');
      expect((await rowsOf(orders)).map((row) => (row as string[])[1])).to.deep.equal(['x', 'y', 'b']);
      expect((await openRows(staging(), 'orders')).map(({ record }) => record)).to.deep.equal(['z']);
    });

    it('stages pages without their rows, and the rows when they are made', async () => {
      const bare = (id: number): StagedPage => {
        const page = stagedPage({ id, rows: [order(`row ${id}`)] });
        return { ...page, rows: page.rows.map((rows) => ({ ...rows, values: [], unstaged: true as const })) };
      };
      await staging().commit(streamPlan(), [bare(1), bare(2), bare(3)]);
      const [unit] = await staging().pendingUnits(orders, 10);
      expect(unit).to.include({ firstPage: 1, lastPage: 3, rows: 3 });
      expect(await rowsOf(orders)).to.deep.equal([]);
      const without = async (within?: LoadUnit): Promise<number[]> =>
        (await collect(staging().unstagedPages('orders', within))).map(({ id }) => id);
      expect(await without(unit && { ...unit, lastPage: 2 })).to.deep.equal([1, 2]);
      for (const id of [1, 2])
        await staging().restage(id, mappedRows({ id, rows: [order(`row ${id}`)] }), 'run-2');
      expect(await without()).to.deep.equal([3]);
      expect(await rowsOf(orders)).to.have.length(2);
      expect((await staging().pendingUnits(orders, 10))[0]).to.include({ id: unit?.id, rows: 3 });
      expect(await staging().mappingHashes()).to.deep.equal(new Map([['orders', 'hash-1']]));
    });

    it('counts as prepared only when it has seen every kept page of its stream', async () => {
      expect(await staging().mappingHashes()).to.deep.equal(new Map([['orders', 'hash-1']]));
      await commitAll(staging(), pages);
      await commitAll(staging(), [{ id: 3, mapping: 'orders' }], streamPlan({ name: 'refunds' }));
      await staging().prepare(changed);
      await staging().restage(1, again(1, ['a', '1', 'new']), 'run-2');
      expect(await staging().mappingHashes()).to.deep.equal(new Map());
      await staging().restage(2, again(2, ['b', '1', 'new']), 'run-2');
      expect(await staging().mappingHashes()).to.deep.equal(new Map([['orders', 'hash-2']]));
    });

    it('loads pages that it is given late, although later ones were loaded before', async () => {
      const late = mappingPlan({ id: 'string', price: 'decimal' }, { name: 'late' });
      await commitAll(staging(), pages);
      await staging().prepare(late);
      await commitAll(staging(), [{ id: 3, mapping: 'late', rows: [order('c')] }]);
      const before = await staging().pendingUnits(late, 1);
      await loadAll(staging(), before);
      await staging().restage(1, mappedRows({ id: 1, mapping: 'late', rows: [order('a')] }), 'run-2');
      await staging().restage(2, mappedRows({ id: 2, mapping: 'late', rows: [order('b')] }), 'run-2');
      const after = await staging().pendingUnits(late, 1);
      expect(after.map(({ firstPage }) => firstPage)).to.deep.equal([1, 2, 3]);
      expect(after[2]?.id).to.not.equal(before[0]?.id);
    });
  });
}

function describeChecks(staging: () => Staging): void {
  describe('checks', () => {
    const check = (plan: Parameters<typeof checkPlan>[0], mapping = orders) =>
      staging().check(mapping, checkPlan(plan), stillClock.now());
    const decimal = { name: 'decimal', precision: 38, scale: 9 } as const;

    it('pass over no rows, except that of their number', async () => {
      expect(await check({ kind: 'not_null', column: 'id' })).to.deep.equal({
        passed: true,
        found: '0 of 0 rows',
      });
      expect(await check({ kind: 'unique', columns: ['id'] })).to.deep.equal({
        passed: true,
        found: '0 of 0 rows',
      });
      expect(await check({ kind: 'row_count', min: 1 })).to.deep.equal({ passed: false, found: '0 rows' });
    });

    it('name the first records without a value', async () => {
      const rows = ['a', 'b', 'c', 'd', 'e'].map((id) => order(id, id === 'b' ? '1' : null));
      await commitAll(staging(), [{ id: 1, rows }]);
      expect(await check({ kind: 'not_null', column: 'price' })).to.deep.equal({
        passed: false,
        found: '4 of 5 rows, first: a, c, d',
      });
    });

    it('find equal values of different records, and let NULLs and accounts be', async () => {
      const rows = [
        order('a', '1'),
        order('b', '1'),
        order('c', null),
        order('d', null),
        order('e', '2'),
        order('f', '2', { account: 'de' }),
      ];
      await commitAll(staging(), [{ id: 1, rows }]);
      expect(await check({ kind: 'unique', columns: ['price'] })).to.deep.equal({
        passed: false,
        found: '2 of 6 rows, first: a',
      });
      expect(await check({ kind: 'unique', columns: ['price', 'id'] })).to.deep.equal({
        passed: true,
        found: '0 of 6 rows',
      });
    });

    it('see only the newest version of a record, by cursor, page and place', async () => {
      await commitAll(staging(), [
        {
          id: 1,
          rows: [
            order('a', null, { cursor: '3' }),
            order('b', '1', { cursor: '1' }),
            order('c', null),
            order('d', null),
          ],
        },
        {
          id: 2,
          rows: [
            order('a', '1', { cursor: '2' }),
            order('b', null, { cursor: '1' }),
            order('c', '1'),
            order('d', null),
            order('d', '2'),
          ],
        },
      ]);
      expect(await check({ kind: 'not_null', column: 'price' })).to.deep.equal({
        passed: false,
        found: '2 of 4 rows, first: a, b',
      });
      expect(await check({ kind: 'row_count', max: 4 })).to.deep.equal({ passed: true, found: '4 rows' });
    });

    it('drop the elements that a newer version of the record no longer has', async () => {
      const line = (id: string, index: number, cursor: string) =>
        order(id, '1', { record: 'r', index, cursor });
      await commitAll(staging(), [
        { id: 1, rows: [line('x', 0, '1'), line('y', 1, '1')] },
        { id: 2, rows: [line('y', 0, '2')] },
      ]);
      expect(await check({ kind: 'unique', columns: ['id'] })).to.deep.equal({
        passed: true,
        found: '0 of 1 rows',
      });
      expect(await check({ kind: 'accepted_values', column: 'id', values: [] })).to.deep.equal({
        passed: false,
        found: '1 of 1 rows, first: r[0]',
      });
    });

    it('look at rows that are not loaded yet, and count all of them', async () => {
      await commitAll(staging(), [{ id: 1, rows: [order('a', null), order('b')] }]);
      await loadAll(staging(), await staging().pendingUnits(orders, 10));
      await commitAll(staging(), [{ id: 2, rows: [order('c')] }]);
      expect(await check({ kind: 'not_null', column: 'price' })).to.deep.equal({
        passed: true,
        found: '0 of 1 rows',
      });
      expect(await check({ kind: 'row_count', min: 3 })).to.deep.equal({ passed: true, found: '3 rows' });
    });

    it('see what was staged between two of them', async () => {
      await commitAll(staging(), [{ id: 1, rows: [order('a')] }]);
      expect(await check({ kind: 'not_null', column: 'price' })).to.deep.equal({
        passed: true,
        found: '0 of 1 rows',
      });
      await commitAll(staging(), [{ id: 2, rows: [order('a', null)] }]);
      expect(await check({ kind: 'not_null', column: 'price' })).to.deep.equal({
        passed: false,
        found: '1 of 1 rows, first: a',
      });
    });

    it('compare exact numbers that a double cannot tell apart', async () => {
      const prices = [
        '9007199254740993.000000001',
        '9007199254740993',
        '9007199254740993.0',
        '9007199254740992.999999999',
        '-1',
      ];
      await commitAll(staging(), [{ id: 1, rows: prices.map((price, at) => order(`r${at}`, price)) }]);
      const range = (bounds: { min?: string; max?: string }) =>
        check({ kind: 'range', column: 'price', type: decimal, ...bounds });
      expect((await range({ max: '9007199254740993' })).found).to.equal('1 of 5 rows, first: r0');
      expect((await range({ min: '9007199254740993' })).found).to.equal('2 of 5 rows, first: r3, r4');
      expect((await range({ min: '-1', max: '9007199254740993.000000001' })).passed).to.equal(true);
    });

    it('compare instants, texts and doubles in their own order', async () => {
      const mapping = mappingPlan({ at: 'timestamp', ratio: 'double' }, { name: 'timed' });
      await staging().prepare(mapping);
      const rows = [
        { values: ['2026-01-01T00:00:00.000000Z', 10] },
        { values: ['2025-12-31T23:59:59.999999Z', 9.5] },
      ];
      await commitAll(staging(), [{ id: 1, mapping: 'timed', rows }]);
      const at = {
        kind: 'range',
        column: 'at',
        type: { name: 'timestamp' },
        min: '2026-01-01T00:00:00Z',
      } as const;
      const ratio = { kind: 'range', column: 'ratio', type: { name: 'double' }, max: '9.75' } as const;
      expect((await check(at, mapping)).found).to.match(/^1 of 2 rows, first: 2025/);
      expect((await check(ratio, mapping)).found).to.match(/^1 of 2 rows, first: 2026/);
    });

    it('compare dates and times with bounds as people write them', async () => {
      const mapping = mappingPlan(
        { day: 'date', time: 'time', wall: 'datetime', at: 'timestamp' },
        { name: 'due' },
      );
      await staging().prepare(mapping);
      const values = [
        '2026-01-02',
        '10:00:00.000000',
        '2026-01-02T10:00:00.000000',
        '2026-01-02T10:00:00.000000Z',
      ];
      await commitAll(staging(), [{ id: 1, mapping: 'due', rows: [{ values, record: 'r' }] }]);
      const bounds = {
        day: ['2026-01-02', '2026-01-01'],
        time: ['10:00', '09:59:59.9'],
        wall: ['2026-01-02T10:00', '2026-01-02'],
        at: ['2026-01-02T11:00+01:00', '2026-01-02'],
      } as const;
      for (const { name: column, type } of mapping.properties) {
        const [at, before] = bounds[column as keyof typeof bounds];
        const range = async (max: string) =>
          (await check({ kind: 'range', column, type, max }, mapping)).passed;
        expect([column, await range(at), await range(before)]).to.deep.equal([column, true, false]);
      }
    });

    it('take what is not of the type for no value of the list', async () => {
      const mapping = mappingPlan({ price: 'decimal', paid: 'boolean', ratio: 'double' }, { name: 'odd' });
      await staging().prepare(mapping);
      await commitAll(staging(), [
        { id: 1, mapping: 'odd', rows: [{ values: ['5.00', 1, 0.5], record: 'r' }] },
      ]);
      for (const column of ['price', 'paid', 'ratio']) {
        const listed = (values: readonly string[]) =>
          check({ kind: 'accepted_values', column, values }, mapping);
        expect((await listed(['none', 'of these'])).passed).to.equal(false);
        expect((await listed(['none', '5', 'true', '0.5'])).passed).to.equal(true);
      }
    });

    it('accept values as people write them', async () => {
      const mapping = mappingPlan({ state: 'string', paid: 'boolean', price: 'decimal' }, { name: 'listed' });
      await staging().prepare(mapping);
      const rows = [
        ['open', 1, '5.00'],
        ['closed', 0, '7.5'],
        [null, null, null],
      ].map((values, at) => ({ values, record: `r${at}` }));
      await commitAll(staging(), [{ id: 1, mapping: 'listed', rows }]);
      const accepted = async (column: string, values: readonly string[]) =>
        (await check({ kind: 'accepted_values', column, values }, mapping)).found;
      expect(await accepted('state', ['open', 'closed'])).to.equal('0 of 3 rows');
      expect(await accepted('state', ['open'])).to.equal('1 of 3 rows, first: r1');
      expect(await accepted('paid', ['true'])).to.equal('1 of 3 rows, first: r1');
      expect(await accepted('price', ['5', '7.50'])).to.equal('0 of 3 rows');
    });

    it('say how old the newest value is', async () => {
      const mapping = mappingPlan({ at: 'timestamp', day: 'date' }, { name: 'dated' });
      await staging().prepare(mapping);
      const fresh = (column: string, maxAgeMs: number) =>
        check({ kind: 'freshness', column, maxAgeMs }, mapping);
      expect(await fresh('at', 1)).to.deep.equal({ passed: false, found: 'there are no rows with a value' });
      await commitAll(staging(), [
        { id: 1, mapping: 'dated', rows: [{ values: ['2026-01-31T11:55:00.500000Z', '2026-01-30'] }] },
      ]);
      expect(await fresh('at', 300_000)).to.deep.equal({
        passed: true,
        found: 'the newest value is 5 min 00 s old: 2026-01-31T11:55:00.500000Z',
      });
      expect((await fresh('day', 86_400_000)).passed).to.equal(false);
    });

    it('belong to one mapping each', async () => {
      const other = mappingPlan({ id: 'string', price: 'decimal' }, { name: 'other' });
      await staging().prepare(other);
      await commitAll(staging(), [{ id: 1, rows: [order('a', null)] }]);
      const plan: CheckPlan = checkPlan({ kind: 'not_null', column: 'price' });
      expect((await staging().check(orders, plan, 0)).passed).to.equal(false);
      expect((await staging().check(other, plan, 0)).passed).to.equal(true);
    });
  });
}
