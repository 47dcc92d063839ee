import { expect } from 'chai';
import fc from 'fast-check';
import { type Pages, tableBench, unitsOf } from '../support/table-bench.ts';
import type { OpenUnderTest } from './warehouse-bench.ts';

interface Item {
  readonly id: string;
  readonly at: number;
  readonly value: number;
}

const byCursor = '    cursor: {field: at, type: integer, from: {query: since}}';
const properties = ['id: {from: id, type: string}', 'value: {from: value, type: integer}'];
const appended = (open: OpenUnderTest, stream: string) =>
  tableBench(open, { stream, load: '{strategy: append, key: [id]}', properties });

const pagesOf = (pages: readonly (readonly Item[])[]): Pages =>
  pages.map((items, at) => [at + 1, items] as const);

const nothingOdd = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

const item = fc.record({
  id: fc.constantFrom('a', 'b'),
  at: fc.nat(3),
  value: fc.nat(2),
});

const history = fc.record({
  pages: fc.array(fc.array(item, { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
  cuts: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  /** Pages from here on are loaded again, in other units. */
  again: fc.option(fc.nat(5)),
});

const named = (prefix: string, pages: readonly (readonly Item[])[]): readonly (readonly Item[])[] =>
  pages.map((items) => items.map((one) => ({ ...one, id: prefix + one.id })));

/** What a table of `append` holds, in every warehouse. */
export function warehouseAppendContract(name: string, open: OpenUnderTest, runs: number): void {
  describe(`a table of strategy append in ${name}`, function () {
    this.timeout(300_000);

    it('keeps every version, and adds none twice', async () => {
      const bench = await appended(open, byCursor);
      const first = [1, [{ id: 'a', at: 1, value: 1 }]] as const;
      const again = [{ id: 'a', at: 1, value: 1 }];
      const second = [2, [...again, { id: 'a', at: 2, value: 2 }, ...again]] as const;
      expect(await bench.load('', [first])).to.include({ staged: 1, inserted: 1 });
      expect(await bench.load('', [second])).to.include({
        staged: 3,
        inserted: 1,
        unchanged: 1,
        superseded: 1,
        updated: 0,
        deleted: 0,
      });
      // What comes late is a version like others.
      expect(await bench.load('', [[3, [{ id: 'a', at: 0, value: 1 }]]])).to.include({ inserted: 1 });
      expect((await bench.rows()).map(({ value, _page }) => `${_page}: ${value}`).sort()).to.deep.equal([
        '1: 1',
        '2: 2',
        '3: 1',
      ]);
    });

    it('tells versions of a stream without a cursor apart by their values', async () => {
      const bench = await appended(open, '');
      const page = (number: number, value: number) => [number, [{ id: 'a', at: 0, value }]] as const;
      await bench.load('', [page(1, 1)]);
      expect(await bench.load('', [page(2, 1)])).to.include({ inserted: 0, unchanged: 1 });
      expect(await bench.load('', [page(3, 2)])).to.include({ inserted: 1 });
      expect(await bench.rows()).to.have.length(2);
    });

    for (const [what, stream] of [
      ['with a cursor', byCursor],
      ['without a cursor', ''],
    ] as const) {
      it(`holds the versions that were read, however pages come and units are cut, ${what}`, async () => {
        const bench = await appended(open, stream);
        let histories = 0;
        await fc.assert(
          fc.asyncProperty(history, async ({ pages, cuts, again }) => {
            histories += 1;
            const prefix = `h${histories}.`;
            // Each history has pages of its own, behind those before: what a page has made is its own.
            const numbered = pagesOf(named(prefix, pages)).map(
              ([page, items]) => [histories * 10 + page, items] as const,
            );
            const units = [
              ...unitsOf(numbered, cuts),
              ...(again === null ? [] : unitsOf(numbered.slice(again), [...cuts].reverse())),
            ];
            for (const [at, unit] of units.entries()) {
              const counts = await bench.load(`${prefix}${at}`, unit);
              const { staged, inserted, updated, unchanged, superseded } = counts;
              expect(inserted + updated + unchanged + superseded).to.equal(staged);
              expect(updated + counts.deleted).to.equal(0);
            }
            const found = (await bench.rows()).filter(({ id }) => id?.startsWith(prefix));
            const version = ({ id, at, value }: Item): string => `${id} ${stream === '' ? '' : at}=${value}`;
            const expected = new Set(numbered.flatMap(([, items]) => (items as Item[]).map(version)));
            const texts = found.map(
              ({ id, value, _cursor }) =>
                `${id} ${_cursor === null || _cursor === undefined ? '' : Number(_cursor.split(': 1')[1])}=${value}`,
            );
            expect(texts.sort()).to.deep.equal([...expected].sort());
          }),
          { numRuns: runs },
        );
      });
    }

    it('is what an audit expects, and nothing else', async () => {
      const bench = await appended(open, byCursor);
      const pages: Pages = [
        [1, [{ id: 'a', at: 1, value: 1 }]],
        [
          2,
          [
            { id: 'a', at: 1, value: 1 },
            { id: 'a', at: 2, value: 2 },
          ],
        ],
        [3, [{ id: 'b', at: 1, value: 1 }]],
      ];
      for (const page of pages) await bench.load('', [page]);
      const { kinds, superseded, found } = await bench.compare(pages);
      expect({ kinds, superseded, found }).to.deep.equal({ kinds: nothingOdd, superseded: 1, found: 3 });
      const missing = await bench.compare([...pages, [4, [{ id: 'b', at: 3, value: 7 }]]]);
      expect(missing.kinds).to.deep.equal({ ...nothingOdd, missing: 1 });
      const surplus = await bench.compare(pages.slice(0, 2));
      expect(surplus.kinds).to.deep.equal({ ...nothingOdd, surplus: 1 });
    });
  });
}
