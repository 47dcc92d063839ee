import { expect } from 'chai';
import type { ExplainedError } from '../../engine/model/errors.ts';
import { ownTables } from '../../engine/model/warehouse-home.ts';
import {
  type Bench,
  bench,
  empty,
  kinds,
  named,
  type OpenUnderTest,
  opened,
  row,
  types,
  withCursor,
} from './warehouse-bench.ts';

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: ExplainedError) => error.diagnostic.code,
  );

/** Values as they are staged, and what a canonical export says of them; the same where there is no second one. */
export const samples: {
  readonly [type in (typeof types)[number]]: readonly (readonly [string | number, string?])[];
} = {
  string: [
    [''],
    ['\\N'],
    ['NULL'],
    ['"'],
    ['a "q", b\nc\\N;\'é😀'],
    ['\\.'],
    ['line\n\\.\nline'],
    ['line\r\n\\.\r\nline'],
    ['line\n\\".\nline\n\\'],
    [' spaces and a tab\t'],
    ['e\u0301 is not \u00e9'],
    ['\u0001\u007f\u0085\u200b\ufeff'],
    ['\u{10ffff}\u{fdd0}'],
    ['x'.repeat(300_000)],
  ],
  integer: [
    ['0'],
    ['-1'],
    ['9007199254740993'],
    ['99999999999999999999999999999999999999'],
    ['-99999999999999999999999999999999999999'],
  ],
  'decimal(38,10)': [
    ['0.0000000000', '0'],
    ['-0.0000000001'],
    ['1.5000000000', '1.5'],
    ['9999999999999999999999999999.9999999999'],
    ['-9999999999999999999999999999.9999999999'],
  ],
  double: [
    [0],
    [0.1],
    [-0.30000000000000004],
    [1e-300],
    [5e-324],
    [2.2250738585072014e-308],
    [1.7976931348623157e308],
    [-1.7976931348623157e308],
    [123456789012345680000],
    [9007199254740992],
  ],
  boolean: [
    [0, 'false'],
    [1, 'true'],
  ],
  date: [['0001-01-01'], ['1582-10-10'], ['2024-02-29'], ['9999-12-31']],
  time: [['00:00:00.000000'], ['12:00:00.000001'], ['23:59:59.999999']],
  timestamp: [
    ['0001-01-01T00:00:00.000000Z'],
    ['1969-12-31T23:59:59.999999Z'],
    ['2026-03-29T01:30:00.000001Z'],
    ['9999-12-31T23:59:59.999999Z'],
  ],
  datetime: [['0001-01-01T00:00:00.000000'], ['2026-03-29T02:30:00.000001'], ['9999-12-31T23:59:59.999999']],
  json: [
    ['null'],
    ['true'],
    ['""'],
    ['"\\\\N"'],
    ['[]'],
    ['-1.5e-7'],
    ['{"b":[1,{"c":null}],"a":"b,\\n\\"😀\\"","":{}}', '{"":{},"a":"b,\\n\\"😀\\"","b":[1,{"c":null}]}'],
  ],
  binary: [
    ['', ''],
    ['XA==', '5c'],
    ['AAEC/w==', '000102ff'],
    [
      Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('base64'),
      [...Array(256).keys()].map((at) => at.toString(16).padStart(2, '0')).join(''),
    ],
  ],
};

/** The first value that the table has for an id in a column. */
const cell = async ({ table }: Bench, id: string, column: string): Promise<string | null | undefined> => {
  const { columns, rows } = await table();
  const found = rows.find((one) => one[columns.indexOf('id')] === id);
  return found?.[columns.indexOf(column)];
};

/** What every warehouse does with load units. */
export function warehouseContract(name: string, open: OpenUnderTest): void {
  describe(`a load into ${name}`, function () {
    this.timeout(60_000);

    for (const [at, type] of types.entries()) {
      it(`stores every ${type} exactly`, async () => {
        const own = await bench(open);
        const column = `c${at}`;
        const values = samples[type].map(([staged]) => staged);
        const rows = values.map((value, place) =>
          row(
            `r${String(place).padStart(3, '0')}`,
            types.map((_, other) => (other === at ? value : null)),
          ),
        );
        await own.load('1-1', [...rows, row('z', empty)]);
        const { columns, rows: found } = await own.table();
        const expected = samples[type].map(([staged, canonical]) =>
          kinds[column] === 'double' ? String(staged) : (canonical ?? String(staged)),
        );
        expect(found.map((one) => one[columns.indexOf(column)])).to.deep.equal([...expected, null]);
      });
    }

    it('inserts, updates what has another hash, and leaves the rest', async () => {
      const { load } = await bench(open);
      const first = await load('1-1', [row('a', empty, { hash: 'h1' }), row('b', empty, { hash: 'h2' })]);
      const counts = { updated: 0, unchanged: 0, superseded: 0, held: 0, deleted: 0 };
      expect(first).to.deep.equal({ staged: 2, inserted: 2, ...counts });
      const page = 2;
      const second = await load('2-2', [
        row('a', empty, { page, hash: 'h1' }),
        row('b', empty, { page, hash: 'changed' }),
        row('c', empty, { page, hash: 'h3' }),
      ]);
      expect(second).to.deep.equal({ staged: 3, inserted: 1, ...counts, updated: 1, unchanged: 1 });
    });

    it('keeps the newest version of a row in the file by cursor, then by page', async () => {
      const own = await bench(open);
      const counts = await own.load('1-3', [
        row('a', named('late page, old'), { page: 3, hash: 'x', cursor: '2026-01-01' }),
        row('a', named('newest'), { page: 1, hash: 'y', cursor: '2026-01-02' }),
        row('a', named('no cursor'), { page: 3, hash: 'v' }),
        row('b', named('first'), { page: 1, hash: 'z' }),
        row('b', named('second'), { page: 2, hash: 'w' }),
      ]);
      expect(counts).to.include({ staged: 5, inserted: 2, superseded: 3 });
      expect(await cell(own, 'a', 'c0')).to.equal('newest');
      expect(await cell(own, 'b', 'c0')).to.equal('second');
    });

    it('never puts an older version in the place of a newer one', async () => {
      const own = await bench(open, { stream: withCursor });
      const version = (value: string, cursor: string, page: number) =>
        row('a', named(value), { page, hash: value, cursor });
      await own.load('1-1', [version('five', '2026-05', 1)]);
      const late = await own.load('2-2', [version('three', '2026-03', 2)]);
      expect(late).to.include({ updated: 0, unchanged: 0, superseded: 1 });
      expect(await cell(own, 'a', 'c0')).to.equal('five');
      // The same values in a newer version: no update, and yet what lies between stays out.
      const touched = await own.load('3-3', [version('five', '2026-07', 3)]);
      expect(touched).to.include({ updated: 0, unchanged: 1, superseded: 0 });
      expect(await own.load('4-4', [version('six', '2026-06', 4)])).to.include({ updated: 0, superseded: 1 });
      expect(await cell(own, 'a', '_cursor')).to.equal('at string: 2026-07');
      expect(await own.load('5-5', [version('eight', '2026-08', 5)])).to.include({ updated: 1 });
      expect(await cell(own, 'a', 'c0')).to.equal('eight');
    });

    it('tells versions with the same cursor apart by their pages', async () => {
      const own = await bench(open, { stream: withCursor });
      const version = (value: string, page: number) =>
        row('a', named(value), { page, hash: value, cursor: 'x' });
      await own.load('2-2', [version('second', 2)]);
      expect(await own.load('1-1', [version('first', 1)])).to.include({ updated: 0, superseded: 1 });
      expect(await own.load('3-3', [version('third', 3)])).to.include({ updated: 1 });
      expect(await cell(own, 'a', 'c0')).to.equal('third');
    });

    it('compares keys and cursors letter by letter, whatever the language', async () => {
      const own = await bench(open, { stream: withCursor });
      const keys = ['a', 'A', 'ä', 'a\u0308', 'a ', ' a', 'ß', 'ss', 'ı', 'i'];
      await own.load(
        '1-1',
        keys.map((key) => row(key, named(key), { hash: key, cursor: 'a' })),
      );
      const again = await own.load(
        '2-2',
        keys.map((key) => row(key, named(key), { page: 2, hash: key, cursor: 'a' })),
      );
      expect(again).to.include({ inserted: 0, updated: 0, unchanged: keys.length });
      // `B` is before `a` by its code.
      const early = await own.load('3-3', [row('a', named('B'), { page: 3, hash: 'B', cursor: 'B' })]);
      expect(early).to.include({ updated: 0, superseded: 1 });
      expect((await own.table()).rows).to.have.length(keys.length);
    });

    it('loads a unit once, and gives the counts of the first time', async () => {
      const own = await bench(open);
      const rows = [row('a', empty)];
      const first = await own.load('1-1', rows);
      expect(await own.load('1-1', rows)).to.deep.equal(first);
      const another = opened(own.under);
      const known = await another.loadedUnits('dev', 0, 10);
      expect(known).to.have.length(1);
      expect(known[0]).to.deep.include({
        id: 'dev.all.1-1',
        mapping: 'all',
        run: 'r1',
        firstPage: 1,
        lastPage: 1,
        loadedAt: '2026-01-02T03:04:05.001Z',
        counts: { staged: 1, inserted: 1, updated: 0, unchanged: 0, superseded: 0, deleted: 0 },
      });
    });

    it('takes a load back that fails in the middle, and loads afterwards', async () => {
      const own = await bench(open);
      await own.load('1-1', [row('a', named('before'), { hash: 'h1' })]);
      const changed = row('a', named('after'), { page: 2, hash: 'h2' });
      const bad = row('b', ['x', 'not a number', ...empty.slice(2)], { page: 2 });
      expect(await codeOf(own.load('2-2', [changed, bad]))).to.equal(own.under.refusedValue ?? 'ETL0705');
      expect(await cell(own, 'a', 'c0')).to.equal('before');
      expect(await own.units()).to.deep.equal(['dev.all.1-1']);
      expect(await own.load('2-2', [changed])).to.include({ updated: 1 });
    });

    it('takes a load back whose file lacks a row', async () => {
      const own = await bench(open);
      const failure = await own
        .load('1-1', [row('a', empty)], { rows: 2 })
        .catch((error) => error.diagnostic);
      expect(failure.code).to.equal('ETL0705');
      expect(failure.summary).to.contain('the load file holds 1 of 2 rows');
      expect((await own.table()).rows).to.deep.equal([]);
      expect(await own.units()).to.deep.equal([]);
    });

    it('says how complete a table is in the transaction of its last unit', async () => {
      const own = await bench(open);
      const { completeness } = ownTables(own.under.settings);
      const said = async (): Promise<unknown[]> => {
        const { columns, rows } = await own.warehouse.sample(completeness.schema, completeness.table, 9);
        const places = ['mapping', 'complete_until', 'open_blockers'].map((column) =>
          columns.map((one) => one.toLowerCase()).indexOf(column),
        );
        return rows.map((one) => places.map((at) => one[at]));
      };
      await own.load('1-1', [row('a', empty)], { completeness: { until: '2026-01-01', blockers: 2 } });
      expect(await said()).to.deep.equal([['all', '2026-01-01', '2']]);
      const bad = row('b', ['x', 'not a number', ...empty.slice(2)], { page: 2 });
      const later = { completeness: { until: '2026-01-02', blockers: 0 } };
      await codeOf(own.load('2-2', [bad], later));
      expect(await said()).to.deep.equal([['all', '2026-01-01', '2']]);
      const { steps } = own.plan;
      const statements = steps.flatMap((step) => (step.kind === 'load' ? step.statements : []));
      await own.warehouse.complete(statements, { blockers: 1 });
      expect(await said()).to.deep.equal([['all', '2026-01-01', '1']]);
      await own.warehouse.complete(statements, { until: null, blockers: 0 });
      expect(await said()).to.deep.equal([['all', null, '0']]);
    });

    it('lists the loads of an environment behind a page, the last ones first', async () => {
      const own = await bench(open);
      for (const page of [1, 2, 3]) await own.load(`${page}-${page}`, [row(`r${page}`, empty, { page })]);
      const idsOf = async (environment: string, after: number, limit: number): Promise<readonly string[]> =>
        (await own.warehouse.loadedUnits(environment, after, limit)).map(({ id }) => id);
      expect(await idsOf('dev', 0, 2)).to.deep.equal(['dev.all.3-3', 'dev.all.2-2']);
      expect(await idsOf('dev', 2, 9)).to.deep.equal(['dev.all.3-3']);
      expect(await idsOf('d', 0, 9)).to.deep.equal([]);
      expect(await idsOf('dev_all', 0, 9)).to.deep.equal([]);
    });

    it('knows when the last rows of each mapping of an environment were loaded', async () => {
      const own = await bench(open);
      await own.load('1-1', [row('r1', empty, { page: 1 })], { loadedAt: '2026-01-31T08:00:00.123Z' });
      await own.load('2-2', [row('r2', empty, { page: 2 })], { loadedAt: '2026-01-31T07:00:00.000Z' });
      expect([...(await own.warehouse.lastLoads('dev'))]).to.deep.equal([
        ['all', '2026-01-31T08:00:00.123Z'],
      ]);
      expect([...(await own.warehouse.lastLoads('d'))]).to.deep.equal([]);
    });

    it('has no tables, no units and nothing to show before anything is loaded', async () => {
      const under = await open();
      const warehouse = opened(under);
      const { schema } = under;
      expect(await warehouse.tables([{ schema, table: 'all' }])).to.deep.equal([]);
      expect(await warehouse.loadedUnits('dev', 0, 9)).to.deep.equal([]);
      expect((await warehouse.lastLoads('dev')).size).to.equal(0);
      expect(await codeOf(warehouse.sample(schema, 'all', 9))).to.equal('ETL0702');
    });
  });
}
