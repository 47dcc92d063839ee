import { expect } from 'chai';
import fc from 'fast-check';
import { type Pages, tableBench, unitsOf } from '../support/table-bench.ts';
import type { OpenUnderTest } from './warehouse-bench.ts';

/** One version of a parent with its lines, or the word that it is gone. */
interface Parent {
  readonly id: string;
  readonly at: string;
  readonly gone?: boolean;
  readonly lines: readonly { readonly line: string; readonly value: number }[];
}

const properties = ['line: {from: line, type: string}', 'value: {from: value, type: integer}'];
const stream = `    cursor: {field: at, from: {query: since}}
    deletes: [{by: flag, where: {gone: true}}]`;
const nothingOdd = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

const histories = (open: OpenUnderTest, load: string, declared = stream) =>
  tableBench(open, {
    stream: declared,
    mapping: 'each: lines',
    load: `{strategy: scd2, key: [line]${load}}`,
    properties,
  });

const minute = (at: number): string => `2026-01-01T00:0${at}:00.000000Z`;

const parent: fc.Arbitrary<Parent> = fc.record({
  id: fc.constantFrom('a', 'b'),
  at: fc.nat(5).map(minute),
  gone: fc.nat(4).map((chance) => chance === 0),
  lines: fc.uniqueArray(fc.record({ line: fc.constantFrom('1', '2'), value: fc.nat(1) }), {
    selector: ({ line }) => line,
    maxLength: 2,
  }),
});

/** Of a page, each parent is there once. Some pages are another one read again. */
const pages = fc
  .array(
    fc.record({
      parents: fc.uniqueArray(parent, { selector: ({ id }) => id, maxLength: 2 }),
      copies: fc.option(fc.nat(5)),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ parents, copies }) => (copies === null ? parents : (all[copies % all.length]?.parents ?? []))),
  );

const history = fc.record({
  pages,
  cuts: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  again: fc.option(fc.nat(3)),
});

const named = (prefix: string, pages: readonly (readonly Parent[])[]): readonly (readonly Parent[])[] =>
  pages.map((parents) =>
    parents.map((one) => ({
      ...one,
      id: prefix + one.id,
      lines: one.lines.map(({ line, value }) => ({ line: `${prefix}${one.id}.${line}`, value })),
    })),
  );

interface Interval {
  readonly value: number;
  readonly from: string;
  to: string | null;
}

type Known = Map<string, Interval[]>;

function close(all: Known, line: string, at: string): void {
  const last = all.get(line)?.at(-1);
  if (last?.to === null) last.to = at;
}

/** Lines of a parent that it has no longer end. */
function leave(all: Known, { id, at }: Parent, staying: ReadonlySet<string>): void {
  for (const line of all.keys()) if (line.startsWith(`${id}.`) && !staying.has(line)) close(all, line, at);
}

/** A line begins another interval when its value is another one. */
function enter(all: Known, line: string, value: number, at: string): void {
  const last = all.get(line)?.at(-1);
  if (last?.to === null && last.value === value) return;
  close(all, line, at);
  all.set(line, [...(all.get(line) ?? []), { value, from: at, to: null }]);
}

const byVersion = (a: Numbered, b: Numbered): number => a.one.at.localeCompare(b.one.at) || a.page - b.page;

interface Numbered {
  readonly page: number;
  readonly one: Parent;
}

function expected(pages: Pages, replaces: boolean): readonly string[] {
  const versions = pages.flatMap(([page, parents]) => (parents as Parent[]).map((one) => ({ page, one })));
  const all: Known = new Map();
  for (const { one } of versions.sort(byVersion)) {
    const lines = one.gone === true ? [] : one.lines;
    if (one.gone === true || replaces) leave(all, one, new Set(lines.map(({ line }) => line)));
    for (const { line, value } of lines) enter(all, line, value, one.at);
  }
  return [...all].flatMap(([line, own]) => own.map((one) => text(line, one))).sort();
}

const text = (line: string, { value, from, to }: Interval): string =>
  `${line}=${value} ${from.slice(11, 16)} to ${to === null ? 'now' : to.slice(11, 16)}`;

/** What a table of `scd2` holds, in every warehouse. */
export function warehouseHistoryContract(name: string, open: OpenUnderTest, runs: number): void {
  describe(`a table of strategy scd2 in ${name}`, function () {
    this.timeout(300_000);

    const found = async (bench: Awaited<ReturnType<typeof histories>>, prefix: string) =>
      (await bench.rows())
        .filter(({ line }) => line?.startsWith(prefix))
        .map(({ line, value, _valid_from: from, _valid_to: to, _is_current: current }) => {
          expect(current === 'true', `${line} ${to}`).to.equal(to === null);
          return text(String(line), { value: Number(value), from: String(from), to: to ?? null });
        })
        .sort();

    it('opens an interval for other values, also between those that are there, and none for the same', async () => {
      const bench = await histories(open, '');
      const page = (number: number, at: number, value: number): Pages => [
        [number, [{ id: 'a', at: minute(at), lines: [{ line: 'a.1', value }] }]],
      ];
      expect(await bench.load('', page(1, 1, 5))).to.include({ inserted: 1, unchanged: 0 });
      expect(await bench.load('', page(2, 4, 5))).to.include({ inserted: 0, unchanged: 1 });
      expect(await bench.load('', page(3, 2, 7))).to.include({ inserted: 1, updated: 0, superseded: 0 });
      expect(await found(bench, 'a')).to.deep.equal([
        'a.1=5 00:01 to 00:02',
        'a.1=5 00:04 to now',
        'a.1=7 00:02 to 00:04',
      ]);
      const pages = [...page(1, 1, 5), ...page(2, 4, 5), ...page(3, 2, 7)];
      const { kinds } = await bench.compare(pages);
      expect(kinds).to.deep.equal(nothingOdd);
      expect((await bench.compare(pages.slice(0, 2))).kinds).to.include({ surplus: 2 });
    });

    it('takes what is read again in the same version for one, and keeps no word of it', async () => {
      const bench = await histories(open, ', children: replace');
      const lines = (...values: number[]) => values.map((value, at) => ({ line: `a.${at + 1}`, value }));
      const page = (number: number, at: number, ...values: number[]): Pages => [
        [number, [{ id: 'a', at: minute(at), lines: lines(...values) }]],
      ];
      await bench.load('', page(1, 1, 5, 6));
      const known = await bench.versions();
      expect(await bench.load('', page(2, 1, 5, 6))).to.include({ unchanged: 2 });
      expect(await bench.versions()).to.deep.equal(known);
      expect(await bench.load('', page(3, 2, 5, 6))).to.include({ unchanged: 2 });
      // The same version, but a line has gone; then all of it again, and a version that comes late.
      await bench.load('', page(4, 2, 5));
      await bench.load('', page(5, 2, 5));
      await bench.load('', [[6, [{ id: 'a', at: minute(3), gone: true }]]]);
      const gone = await bench.versions();
      await bench.load('', [[7, [{ id: 'a', at: minute(3), gone: true }]]]);
      expect(await bench.versions()).to.deep.equal(gone);
      await bench.load('', page(8, 0, 4, 4));
      expect(await found(bench, 'a')).to.deep.equal([
        'a.1=4 00:00 to 00:01',
        'a.1=5 00:01 to 00:03',
        'a.2=4 00:00 to 00:01',
        'a.2=6 00:01 to 00:02',
      ]);
    });

    const versions: Pages = [
      [1, [{ id: 'a', at: minute(1), lines: [{ line: 'a.1', value: 5 }] }]],
      [2, [{ id: 'a', at: minute(2), lines: [{ line: 'a.1', value: 7 }] }]],
      [3, [{ id: 'a', at: minute(3), lines: [] }]],
      [4, [{ id: 'a', at: minute(4), lines: [{ line: 'a.2', value: 1 }] }]],
    ];

    for (const load of [', children: replace', ', children: replace, deletes: soft'])
      it(`is what an audit expects, and an interval that was changed by hand is found: ${load.slice(2)}`, async () => {
        const bench = await histories(open, load);
        for (const page of versions) await bench.load('', [page]);
        expect(await found(bench, 'a')).to.deep.equal([
          'a.1=5 00:01 to 00:02',
          'a.1=7 00:02 to 00:03',
          'a.2=1 00:04 to now',
        ]);
        const { kinds, found: rows } = await bench.compare(versions);
        expect({ kinds, rows }).to.deep.equal({ kinds: nothingOdd, rows: 3 });
        await bench.alter('UPDATE {items} SET {_valid_from} = {_loaded_at} WHERE {value} = 5');
        await bench.alter('UPDATE {items} SET {_valid_to} = {_loaded_at} WHERE {value} = 7');
        await bench.alter('UPDATE {items} SET {_is_current} = FALSE WHERE {value} = 1');
        const changed = await bench.compare(versions);
        expect(changed.kinds).to.deep.equal({ ...nothingOdd, changed: 3 });
        expect(changed.examples.map(({ columns }) => columns).sort()).to.deep.equal([
          ['_is_current'],
          ['_valid_from'],
          ['_valid_to'],
        ]);
      });

    it('is held against a listing by its current intervals', async () => {
      const bench = await histories(open, '');
      for (const page of versions) await bench.load('', [page]);
      const lines = (value: number) => [
        { line: 'a.1', value },
        { line: 'a.2', value: 1 },
      ];
      const listing = (value: number): Pages => [[9, [{ id: 'a', at: minute(4), lines: lines(value) }]]];
      const source = { startedAt: '2999-01-01T00:00:00Z' };
      expect((await bench.compare(listing(7), { source })).kinds).to.deep.equal(nothingOdd);
      expect((await bench.compare(listing(5), { source })).kinds).to.deep.equal({ ...nothingOdd, stale: 1 });
      expect((await bench.compare([], { source })).kinds).to.deep.equal({ ...nothingOdd, surplus: 2 });
    });

    it('keeps the microseconds of a cursor', async () => {
      const bench = await histories(open, '');
      const at = (micros: string): string => `2026-01-01T00:01:00.${micros}Z`;
      await bench.load('', [[1, [{ id: 'a', at: at('000001'), lines: [{ line: 'a.1', value: 1 }] }]]]);
      await bench.load('', [[2, [{ id: 'a', at: at('000002'), lines: [{ line: 'a.1', value: 2 }] }]]]);
      const times = (await bench.rows()).map(({ _valid_from: from, _valid_to: to }) =>
        [from, to].map((one) => /00:01:00\.(\d+)/.exec(one ?? '')?.[1]),
      );
      expect(times.sort()).to.deep.equal([
        ['000001', '000002'],
        ['000002', undefined],
      ]);
    });

    const untimed = [
      {
        what: 'is no time',
        declared: '    cursor: {field: at, type: integer, from: {query: since}}',
        expected: ['a.1=5 00:01 to 00:03', 'a.1=6 00:03 to now', 'a.1=7 00:03 to 00:03'],
        cursor: `at integer: 1${'1'.padStart(40, '0')}`,
      },
      {
        what: 'is lacking',
        declared: '',
        expected: ['a.1=5 00:01 to 00:03', 'a.1=6 00:03 to 00:07', 'a.1=7 00:07 to now'],
        cursor: null,
      },
    ];

    for (const { what, declared, expected: intervals, cursor } of untimed)
      it(`begins an interval at its load where the cursor ${what}, and at the latest where the next one begins`, async () => {
        const bench = await histories(open, '', declared);
        for (const [page, at, value, loaded] of [
          [1, 1, 5, 1],
          [2, 3, 6, 3],
          [3, 2, 7, 7],
        ] as const)
          await bench.load('', [[page, [{ id: 'a', at, lines: [{ line: 'a.1', value }] }]]], {
            loadedAt: minute(loaded),
          });
        expect(await found(bench, 'a')).to.deep.equal(intervals);
        const [surplus] = (await bench.compare([])).examples;
        expect(surplus?.key).to.deep.equal(['default', 'a.1', cursor, '1']);
      });

    it('has no row without its values while the pages of a mapping with one more column are loaded again', async () => {
      const bench = await histories(open, '');
      const page = (number: number): Pages => [
        [number, [{ id: 'a', at: minute(number), lines: [{ line: 'a.1', value: 5, more: 1 }] }]],
      ];
      for (const number of [1, 2]) await bench.load('', page(number));
      const evolved = await bench.evolved([...properties, 'more: {from: more, type: integer}']);
      const rows = async () => (await evolved.rows()).map(({ value, more }) => [value, more]);
      await evolved.load('again', page(1));
      expect(await rows()).to.have.deep.members([
        ['5', '1'],
        ['5', null],
      ]);
      await evolved.load('again', page(2));
      expect(await rows()).to.deep.equal([['5', '1']]);
      expect(await found(evolved, 'a')).to.deep.equal(['a.1=5 00:01 to now']);
    });

    it('takes columns of any name', async () => {
      const named = ['owner', 'chapter', 'in_batch', 'in_table', 'begins_at', 'hash_before'];
      const bench = await tableBench(open, {
        stream,
        load: '{strategy: scd2, key: [place]}',
        properties: [
          'place: {from: id, type: string}',
          ...named.map((one) => `${one}: {from: value, type: integer}`),
        ],
      });
      const pages: Pages = [1, 2, 3].map((at) => [at, [{ id: 'a', at: minute(at), value: at % 2 }]]);
      for (const page of pages) expect(await bench.load('', [page])).to.include({ inserted: 1 });
      expect((await bench.rows()).map(({ place, owner }) => `${place}=${owner}`).sort()).to.deep.equal([
        'a=0',
        'a=1',
        'a=1',
      ]);
      expect((await bench.compare(pages)).kinds).to.deep.equal(nothingOdd);
    });

    for (const [what, load] of [
      ['lines kept', ''],
      ['lines replaced', ', children: replace'],
      ['lines replaced, soft', ', children: replace, deletes: soft'],
    ] as const) {
      it(`holds the intervals of a simple model, however pages come and units are cut: ${what}`, async () => {
        const bench = await histories(open, load);
        let tried = 0;
        await fc.assert(
          fc.asyncProperty(history, async ({ pages: anyone, cuts, again }) => {
            tried += 1;
            const prefix = `h${tried}.`;
            const pages = named(prefix, anyone).map((parents, at) => [tried * 10 + at, parents] as const);
            const units = [
              ...unitsOf(pages, cuts),
              ...(again === null ? [] : unitsOf(pages.slice(again), [...cuts].reverse())),
            ];
            for (const [at, unit] of units.entries()) {
              const { staged, inserted, updated, unchanged, superseded } = await bench.load(
                `${prefix}${at}`,
                unit,
              );
              expect(inserted + updated + unchanged + superseded).to.equal(staged);
              expect(Math.min(inserted, updated, unchanged, superseded)).to.be.at.least(0);
            }
            expect(await found(bench, prefix)).to.deep.equal(expected(pages, load !== ''));
          }),
          { numRuns: Number(process.env['SLUICE_VERSIONS_RUNS'] ?? runs) },
        );
      });
    }
  });
}
