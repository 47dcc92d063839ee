import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, plan, planAudit } from '../../engine/engine.ts';
import type { TableComparison } from '../../engine/model/audit.ts';
import { loadLine } from '../../engine/model/load-file.ts';
import type { LoadStep, Plan } from '../../engine/model/plan.ts';
import type { CompareRequest, LoadCounts, LoadRequest, Warehouse } from '../../engine/model/ports.ts';
import type { Project } from '../../engine/model/project.ts';
import { emptyState, type WarehouseTable } from '../../engine/model/snapshot.ts';
import type { WarehouseStatements } from '../../engine/model/warehouse-views.ts';
import { atEnd } from '../support/at-end.ts';
import { type CanonicalTable, type ColumnKind, canonicalTable } from '../support/canonical-table.ts';
import { projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';
import { statementsOf } from '../support/warehouse-statements.ts';

/** A warehouse with nothing in it, of one kind. */
export interface WarehouseUnderTest {
  /** `warehouse` of the project's environment. */
  readonly settings: Project['warehouse'];
  /** Where mappings put their tables. */
  readonly schema: string;
  /** What a command needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  open(statements: WarehouseStatements): Warehouse;
  /** Changes a table past the engine: `{all}` and `{id}` stand for its name and a column's, as the warehouse writes them. */
  alter(sql: string): Promise<void>;
  /** Code of a load with a value that the warehouse refuses, where that has a name of its own. */
  readonly refusedValue?: string;
  /** Whether bytes are written as DuckDB does. */
  readonly escapesBytes?: boolean;
}

export type OpenUnderTest = () => Promise<WarehouseUnderTest>;

/** A column of every type: `c0`, `c1`, …. */
export const types = [
  'string',
  'integer',
  'decimal(38,10)',
  'double',
  'boolean',
  'date',
  'time',
  'timestamp',
  'datetime',
  'json',
  'binary',
] as const;

export const kinds: { readonly [column: string]: ColumnKind } = Object.fromEntries(
  types.map((type, at) => [`c${at}`, type.replace(/\(.*/, '') as ColumnKind]),
);

export type Row = readonly (string | number | null)[];

export const empty: Row = types.map(() => null);

/** A row as staging gives it: account, columns, then page, ordinal, index, record, cursor, hash, operation. */
export const row = (
  id: string,
  values: Row,
  { page = 1, hash = 'h', cursor = null }: { page?: number; hash?: string; cursor?: string | null } = {},
): Row => ['default', id, ...values, page, 0, null, id, cursor, hash, null];

/** A row of which only the first column has a value. */
export const named = (name: string): Row => [name, ...empty.slice(1)];

export const settingsText = (settings: Project['warehouse']): string =>
  `environments: {dev: {warehouse: ${JSON.stringify(settings)}}}`;

export interface Bench {
  readonly warehouse: Warehouse;
  readonly plan: Plan;
  readonly project: Project;
  readonly under: WarehouseUnderTest;
  /** Pages `1-3`; `more` of the request. */
  load(pages: string, rows: readonly Row[], more?: Partial<LoadRequest>): Promise<LoadCounts>;
  compare(rows: readonly Row[], more?: Partial<CompareRequest>): Promise<TableComparison>;
  /** What the table holds, in canonical texts. */
  table(): Promise<CanonicalTable>;
  /** Units that the warehouse knows. */
  units(): Promise<readonly string[]>;
}

/** The plan of a project on a warehouse that has these tables. */
export async function planned(
  under: WarehouseUnderTest,
  files: Readonly<Record<string, string>>,
  tables: readonly WarehouseTable[] = [],
): Promise<{ readonly plan: Plan; readonly project: Project; readonly folder: string }> {
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\n${settingsText(under.settings)}\n`,
    ...files,
  });
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  const compiled = plan(checked, checked.project, '0', { ...emptyState, tables });
  if (compiled.plan === undefined) throw new Error(JSON.stringify(compiled.diagnostics));
  return { plan: compiled.plan, project: checked.project, folder };
}

export const loadStatements = ({ steps }: Plan): LoadStep['statements'] =>
  steps.find((step): step is LoadStep => step.kind === 'load')?.statements ?? [];

export async function define(warehouse: Warehouse, { steps }: Plan): Promise<void> {
  for (const step of steps) if (step.kind === 'define') await warehouse.define(step.statements);
}

const files = (under: WarehouseUnderTest, stream: string, mapping: string): Record<string, string> => ({
  'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]${stream}}\n`,
  'mappings/all.yml': `kind: mapping\nname: all\nfrom: shop.orders\nto: {schema: ${under.schema}}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n${types.map((type, at) => `  c${at}: {from: c${at}, type: "${type}"}`).join('\n')}\n${mapping}`,
});

/** With a cursor, versions of a row are told apart by it. */
export const withCursor = ', cursor: {field: at, type: string, from: {query: since}}';

/** A warehouse with a table `all` that has a column of every type. */
export async function bench(
  open: OpenUnderTest,
  { stream = '', mapping = '' }: { readonly stream?: string; readonly mapping?: string } = {},
): Promise<Bench> {
  const under = await open();
  const { plan: compiled, project, folder } = await planned(under, files(under, stream, mapping));
  const warehouse = opened(under);
  await define(warehouse, compiled);
  const target = { schema: under.schema, table: 'all', file: join(folder, 'rows.csv') };
  let loads = 0;
  const write = (rows: readonly Row[]): void => writeFileSync(target.file, rows.map(loadLine).join(''));
  return {
    warehouse,
    plan: compiled,
    project,
    under,
    load: (pages, rows, more = {}) => {
      write(rows);
      loads += 1;
      const loadedAt = `2026-01-02T03:04:05.${String(loads).padStart(3, '0')}Z`;
      const [firstPage = 0, lastPage = 0] = pages.split('-').map(Number);
      const unit = {
        id: `dev.all.${pages}`,
        mapping: 'all',
        firstPage,
        lastPage,
        rows: rows.length,
        marks: 0,
      };
      const request = { unit, run: 'r1', rows: rows.length, loadedAt, ...target };
      return warehouse.load(loadStatements(compiled), { ...request, ...more });
    },
    compare: (rows, more = {}) => {
      write(rows);
      const statements = planAudit(project, compiled).statements['all'] ?? [];
      return warehouse.compare(statements, { ...target, ...more });
    },
    table: () => canonicalTable(warehouse, target, kinds, under.escapesBytes ?? false),
    units: async () => (await warehouse.loadedUnits('dev', 0, 100)).map(({ id }) => id),
  };
}

const openedWarehouses: Warehouse[] = [];

export function opened(under: WarehouseUnderTest): Warehouse {
  const warehouse = under.open(statementsOf(under.settings));
  openedWarehouses.push(warehouse);
  return warehouse;
}

atEnd(async () => {
  for (const warehouse of openedWarehouses.splice(0)) await warehouse.close();
});
