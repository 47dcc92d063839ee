import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { compileStream, type StreamMapper } from '../../engine/execute/map/map.ts';
import type { MappedRows } from '../../engine/model/batch.ts';
import type { ExtractStep, Plan } from '../../engine/model/plan.ts';
import type { LoadCounts, Warehouse } from '../../engine/model/ports.ts';
import { define, loadStatements, type OpenUnderTest, opened, planned } from './warehouse-bench.ts';

/** One version of a parent, as an API sends it. */
interface Parent {
  readonly id: string;
  readonly at: number;
  readonly gone?: boolean;
  readonly lines?: readonly { readonly line: string; readonly value: number | 'bad' }[] | null;
}

type Page = readonly Parent[];

interface Bench {
  readonly warehouse: Warehouse;
  readonly mapper: StreamMapper;
  readonly plan: Plan;
  readonly folder: string;
  readonly schema: string;
}

const source = (more: string): string => `kind: source
name: shop
baseUrl: https://api.example
streams:
  orders:
    request: {path: /o}
    records: orders
    primaryKey: [id]
${more}
`;

const linesMapping = (schema: string, load: string): string => `kind: mapping
name: lines
from: shop.orders
to: {schema: ${schema}}
each: lines
where: {value: {ne: 9}}
load: {key: [line]${load}}
properties:
  line: {from: line, type: string}
  value: {from: value, type: integer}
`;

const withCursor =
  '    cursor: {field: at, type: integer, from: {query: since}}\n    deletes: [{by: flag, where: {gone: true}}]';
const withoutCursor = '    deletes: [{by: flag, where: {gone: true}}]';

/** An empty warehouse with the table of a mapping. */
async function bench(open: OpenUnderTest, stream: string, load: string): Promise<Bench> {
  const under = await open();
  const { plan, folder } = await planned(under, {
    'sources/shop.yml': source(stream),
    'mappings/lines.yml': linesMapping(under.schema, load),
  });
  const warehouse = opened(under);
  await define(warehouse, plan);
  const extraction = plan.steps.find((step): step is ExtractStep => step.kind === 'extract') as ExtractStep;
  const mapper = compileStream(extraction.stream, Object.values(plan.mappings), undefined);
  return { warehouse, mapper, plan, folder, schema: under.schema };
}

async function mapped({ mapper }: Bench, page: number, orders: Page): Promise<MappedRows> {
  const parsed = mapper.read(Buffer.from(JSON.stringify({ orders })), {});
  const rows = 'transient' in parsed ? parsed : await mapper.map(parsed, { page });
  if ('transient' in rows) throw new Error(rows.summary);
  return rows.rows[0] as MappedRows;
}

/** No two loads share a time. */
let loads = 0;

/** Loads some pages, given by their numbers, as one unit. */
async function load(own: Bench, epoch: string, pages: Numbered): Promise<LoadCounts> {
  loads += 1;
  const made = await Promise.all(pages.map(([page, orders]) => mapped(own, page, orders)));
  const sum = (name: 'count' | 'marks'): number => made.reduce((total, rows) => total + rows[name], 0);
  const firstPage = pages[0]?.[0] ?? 0;
  const file = join(own.folder, 'unit.csv');
  writeFileSync(file, Buffer.concat(made.map(({ lines }) => lines)));
  const unit = {
    id: `${epoch} ${firstPage}`,
    mapping: 'lines',
    firstPage,
    lastPage: pages.at(-1)?.[0] ?? 0,
    rows: sum('count'),
    marks: sum('marks'),
  };
  return own.warehouse.load(loadStatements(own.plan), {
    unit,
    rows: unit.rows,
    run: `run ${epoch}`,
    schema: own.schema,
    table: 'lines',
    file,
    loadedAt: new Date(Date.UTC(2026, 0, 2) + loads).toISOString(),
  });
}

/** Loads units one after another; each accounts for every row that was staged. */
async function loadAll(own: Bench, epoch: string, units: readonly Numbered[]): Promise<void> {
  for (const unit of units) {
    const { staged, inserted, updated, unchanged, superseded } = await load(own, epoch, unit);
    expect(inserted + updated + unchanged + superseded).to.equal(staged);
    expect(Math.min(inserted, updated, unchanged, superseded)).to.be.at.least(0);
  }
}

/** The live rows of the table that belong to one history: `line=value`. */
async function live({ warehouse, schema }: Bench, history: string): Promise<readonly string[]> {
  const { columns, rows } = await warehouse.sample(schema, 'lines', 100_000);
  const names = columns.map((name) => name.toLowerCase());
  const [line, value, deleted] = ['line', 'value', '_deleted_at'].map((name) => names.indexOf(name));
  return rows
    .filter((row) => row[line as number]?.startsWith(history))
    .filter((row) => deleted === -1 || row[deleted as number] === null)
    .map((row) => `${row[line as number]}=${row[value as number]}`)
    .sort();
}

interface Version {
  readonly order: readonly [at: number, page: number, ordinal: number];
  readonly parent: Parent;
}

const later = (a: Version, b: Version): number =>
  a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.order[2] - b.order[2];

const isBlocked = ({ lines }: Parent): boolean => (lines ?? []).some(({ value }) => value === 'bad');
const goodLines = ({ lines }: Parent) => (lines ?? []).filter(({ value }) => value !== 'bad' && value !== 9);

/** Whether a version says that no other rows of its parent remain. */
const speaks = (one: Parent, replaces: boolean): boolean =>
  one.gone === true || (replaces && !isBlocked(one) && one.lines !== undefined);

/**
 * What the table must hold. The newest version that is whole, or says that the parent is gone, begins; the newer ones, each
 * with a blocked line, add their good lines.
 */
function expected(pages: readonly Page[], hasCursor: boolean, replaces: boolean): readonly string[] {
  const versions = pages.flatMap((orders, at) =>
    orders.map(
      (one, ordinal): Version => ({ order: [hasCursor ? one.at : 0, at + 1, ordinal], parent: one }),
    ),
  );
  let rows: { readonly of: string; readonly line: string; readonly value: unknown }[] = [];
  for (const { parent: one } of [...versions].sort(later)) {
    if (speaks(one, replaces)) rows = rows.filter(({ of }) => of !== one.id);
    for (const { line, value } of one.gone === true ? [] : goodLines(one))
      rows = [...rows.filter((row) => row.line !== line), { of: one.id, line, value }];
  }
  return rows.map(({ line, value }) => `${line}=${value}`).sort();
}

const parent: fc.Arbitrary<Parent> = fc
  .record({ id: fc.constantFrom('a', 'b'), at: fc.nat(4), gone: fc.boolean(), rare: fc.nat(3) })
  .chain(({ id, at, gone, rare }) =>
    fc
      .option(
        fc.array(
          fc.record({
            line: fc.constantFrom(`${id}.1`, `${id}.2`),
            value: fc.constantFrom(1, 1, 2, 2, 9, 'bad' as const),
          }),
          { maxLength: 3 },
        ),
        { nil: null, freq: 8 },
      )
      .map(
        (lines): Parent => ({
          id,
          at,
          ...(gone && rare === 0 && { gone }),
          ...(rare === 1 ? {} : { lines }),
        }),
      ),
  );

const history = fc.record({
  pages: fc.array(fc.array(parent, { maxLength: 3 }), { minLength: 2, maxLength: 6 }),
  /** Whether a unit ends behind each page. */
  cuts: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  /** Pages from here on are loaded again, as after a page that came late. */
  again: fc.option(fc.nat(1)),
});

/** Histories share a table: each has parents and lines of its own. */
const named = (history: string, pages: readonly Page[]): readonly Page[] =>
  pages.map((orders) =>
    orders.map((one) => ({
      ...one,
      id: history + one.id,
      ...(one.lines && { lines: one.lines.map(({ line, value }) => ({ line: history + line, value })) }),
    })),
  );

type Numbered = readonly (readonly [number, Page])[];

function unitsOf(pages: Numbered, cuts: readonly boolean[]): readonly Numbered[] {
  const units: (readonly [number, Page])[][] = [[]];
  for (const [at, page] of pages.entries()) {
    units.at(-1)?.push(page);
    if (cuts[at]) units.push([]);
  }
  return units.filter((unit) => unit.length > 0);
}

const cases: readonly (readonly [string, string, string, boolean])[] = [
  ['by cursor, lines replaced, removed', withCursor, ', children: replace', true],
  ['by cursor, lines replaced, kept as deleted', withCursor, ', children: replace, deletes: soft', true],
  ['by cursor, lines kept', withCursor, '', false],
  ['by page order alone', withoutCursor, ', children: replace', true],
];

/** Which rows a table has, whatever comes in which order; `runs` histories of each case. */
export function warehouseVersionsContract(name: string, open: OpenUnderTest, runs: number): void {
  describe(`a table in ${name}`, function () {
    this.timeout(300_000);

    it('keeps the newest values also when a version between has none that differ', async () => {
      const own = await bench(open, withCursor, '');
      const version = (at: number, value: number): Page => [{ id: 'a', at, lines: [{ line: 'a.1', value }] }];
      expect(await load(own, '', [[1, version(1, 5)]])).to.include({ inserted: 1 });
      expect(await load(own, '', [[2, version(3, 5)]])).to.include({ unchanged: 1, updated: 0 });
      expect(await load(own, '', [[3, version(2, 7)]])).to.include({ superseded: 1, updated: 0 });
      expect(await live(own, 'a')).to.deep.equal(['a.1=5']);
    });

    for (const [what, stream, loading, replaces] of cases) {
      it(`holds what a simple model holds, however pages come and units are cut: ${what}`, async () => {
        const own = await bench(open, stream, loading);
        let histories = 0;
        await fc.assert(
          fc.asyncProperty(history, async ({ pages: anyone, cuts, again }) => {
            histories += 1;
            const prefix = `h${histories}.`;
            const pages = named(prefix, anyone);
            const numbered = pages.map((page, at) => [at + 1, page] as const);
            await loadAll(own, `${prefix}first`, unitsOf(numbered, cuts));
            if (again !== null) await loadAll(own, `${prefix}again`, unitsOf(numbered.slice(again), cuts));
            expect(await live(own, prefix)).to.deep.equal(expected(pages, stream === withCursor, replaces));
          }),
          { numRuns: Number(process.env['SLUICE_VERSIONS_RUNS'] ?? runs) },
        );
      });
    }
  });
}
