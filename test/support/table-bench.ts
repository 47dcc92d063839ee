import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planAudit } from '../../engine/engine.ts';
import { compileStream, type StreamMapper } from '../../engine/execute/map/map.ts';
import type { AuditStatement, TableComparison } from '../../engine/model/audit.ts';
import type { MappedRows } from '../../engine/model/batch.ts';
import type { ExtractStep, Plan } from '../../engine/model/plan.ts';
import type { CompareRequest, LoadCounts, Warehouse } from '../../engine/model/ports.ts';
import {
  define,
  loadStatements,
  type OpenUnderTest,
  opened,
  planned,
  type WarehouseUnderTest,
} from '../contracts/warehouse-bench.ts';

/** Pages of records with their numbers. */
export type Pages = readonly (readonly [page: number, records: readonly object[]])[];

/** One mapping, its table in a warehouse, and loads of pages that need no staging. */
export interface TableBench {
  /** Loads pages as one unit; those of another epoch are loaded again. */
  load(epoch: string, pages: Pages, more?: { readonly loadedAt?: string }): Promise<LoadCounts>;
  /** Holds what is staged of these pages against the table, as an audit does. */
  compare(pages: Pages, more?: Pick<CompareRequest, 'source'>): Promise<TableComparison>;
  /** Changes the table past the engine: `{items}` and `{id}` stand for its name and a column's, as the warehouse writes them. */
  alter(sql: string): Promise<void>;
  /** The same table once its mapping has these properties. */
  evolved(properties: readonly string[]): Promise<TableBench>;
  /** Rows by the names of their columns, in lower case. */
  rows(): Promise<readonly Row[]>;
  /** The same of the table that knows the versions of its records. */
  versions(): Promise<readonly Row[]>;
}

type Row = Readonly<Record<string, string | null>>;

interface Declared {
  /** Keys of the stream `shop.items`, indented by four. */
  readonly stream?: string;
  /** Of the mapping `items`, such as `{key: [id]}`. */
  readonly load: string;
  /** Other lines of the mapping, such as `each`. */
  readonly mapping?: string;
  /** Its properties, one a line. */
  readonly properties: readonly string[];
}

const files = (schema: string, { stream = '', load, mapping = '', properties }: Declared) => ({
  'sources/shop.yml': `kind: source
name: shop
baseUrl: https://api.example
streams:
  items:
    request: {path: /i}
    records: items
    primaryKey: [id]
${stream}
`,
  'mappings/items.yml': `kind: mapping
name: items
from: shop.items
to: {schema: ${schema}}
load: ${load}
${mapping}
properties:
${properties.map((line) => `  ${line}`).join('\n')}
`,
});

/** No two loads share a time. */
let loads = 0;

/** An empty warehouse with the table of a mapping. */
export async function tableBench(open: OpenUnderTest, declared: Declared): Promise<TableBench> {
  const under = await open();
  return benchOf(under, opened(under), declared);
}

async function benchOf(
  under: WarehouseUnderTest,
  warehouse: Warehouse,
  declared: Declared,
): Promise<TableBench> {
  const { schema } = under;
  const tables = await warehouse.tables(['items', '_etl_versions_items'].map((table) => ({ schema, table })));
  const { plan: compiled, project, folder } = await planned(under, files(schema, declared), tables);
  const audit = planAudit(project, compiled).statements['items'] ?? [];
  await define(warehouse, compiled);
  const { stream } = compiled.steps.find(
    (step): step is ExtractStep => step.kind === 'extract',
  ) as ExtractStep;
  const mapper = compileStream(stream, Object.values(compiled.mappings), undefined);
  const bench = { folder, schema, warehouse, mapper, plan: compiled, audit };
  return {
    load: (epoch, pages, { loadedAt = nextTime() } = {}) => load(bench, epoch, pages, loadedAt),
    compare: (pages, more = {}) => compare(bench, pages, more),
    alter: (sql) => under.alter(sql.replaceAll('{items}', `{${schema}}.{items}`)),
    rows: () => rowsOf(bench, 'items'),
    versions: () => rowsOf(bench, '_etl_versions_items'),
    evolved: (properties) => benchOf(under, warehouse, { ...declared, properties }),
  };
}

async function rowsOf({ warehouse, schema }: Bench, table: string): Promise<readonly Row[]> {
  const { columns, rows } = await warehouse.sample(schema, table, 100_000);
  return rows.map((row) =>
    Object.fromEntries(columns.map((name, at) => [name.toLowerCase(), row[at] ?? null])),
  );
}

const nextTime = (): string => {
  loads += 1;
  return new Date(Date.UTC(2026, 0, 2) + loads).toISOString();
};

interface Bench {
  readonly folder: string;
  readonly schema: string;
  readonly warehouse: Warehouse;
  readonly mapper: StreamMapper;
  readonly plan: Plan;
  readonly audit: readonly AuditStatement[];
}

async function mapped({ mapper }: Bench, page: number, items: readonly object[]): Promise<MappedRows> {
  const parsed = mapper.read(Buffer.from(JSON.stringify({ items })), {});
  const rows = 'transient' in parsed ? parsed : await mapper.map(parsed, { page });
  if ('transient' in rows) throw new Error(rows.summary);
  return rows.rows[0] as MappedRows;
}

/** The load file of some pages. */
async function filed(bench: Bench, pages: Pages) {
  const made = await Promise.all(pages.map(([page, items]) => mapped(bench, page, items)));
  const sum = (name: 'count' | 'marks'): number => made.reduce((total, rows) => total + rows[name], 0);
  const file = join(bench.folder, 'unit.csv');
  writeFileSync(file, Buffer.concat(made.map(({ lines }) => lines)));
  return { file, rows: sum('count'), marks: sum('marks') };
}

async function load(bench: Bench, epoch: string, pages: Pages, loadedAt: string): Promise<LoadCounts> {
  const { file, rows, marks } = await filed(bench, pages);
  const statements = loadStatements(bench.plan);
  const [firstPage, lastPage] = [pages[0]?.[0] ?? 0, pages.at(-1)?.[0] ?? 0];
  const unit = { id: `${epoch} ${firstPage}`, mapping: 'items', firstPage, lastPage, rows, marks };
  const target = { schema: bench.schema, table: 'items', file, loadedAt };
  return bench.warehouse.load(statements, { unit, rows, run: `run ${epoch}`, ...target });
}

async function compare(
  bench: Bench,
  pages: Pages,
  more: Pick<CompareRequest, 'source'>,
): Promise<TableComparison> {
  const { file } = await filed(bench, pages);
  return bench.warehouse.compare(bench.audit, { schema: bench.schema, table: 'items', file, ...more });
}

/** Pages in units: one ends behind each page whose place says so. */
export function unitsOf(pages: Pages, cuts: readonly boolean[]): readonly Pages[] {
  const units: Pages[number][][] = [[]];
  for (const [at, page] of pages.entries()) {
    units.at(-1)?.push(page);
    if (cuts[at]) units.push([]);
  }
  return units.filter((unit) => unit.length > 0);
}
