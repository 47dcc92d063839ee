import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snowflakeOptions } from '../../../engine/cli/snowflake.ts';
import { check, plan } from '../../../engine/engine.ts';
import { loadLine } from '../../../engine/model/load-file.ts';
import type { LoadStep, Plan } from '../../../engine/model/plan.ts';
import type { LoadCounts, LoadRequest, Warehouse } from '../../../engine/model/ports.ts';
import type { Project } from '../../../engine/model/project.ts';
import { emptyState } from '../../../engine/model/snapshot.ts';
import type { SnowflakeOptions } from '../../../engine/services/snowflake-warehouse/snowflake-options.ts';
import { snowflakeWarehouse } from '../../../engine/services/snowflake-warehouse/snowflake-warehouse.ts';
import { afterEachTest } from '../../support/at-end.ts';
import { projectFolder } from '../../support/cli.ts';
import { root } from '../../support/root.ts';
import { preset, SnowflakeStandIn, type StandInOptions } from '../../support/snowflake/stand-in.ts';

type Cell = string | number | null;

export interface Bench {
  readonly standIn: SnowflakeStandIn;
  readonly warehouse: Warehouse;
  readonly options: SnowflakeOptions;
  readonly project: Project;
  readonly plan: Plan;
  readonly load: LoadStep;
  /** A load request of these rows as pages such as `1-2`. */
  request(pages: string, rows: readonly (readonly Cell[])[], more?: Partial<LoadRequest>): LoadRequest;
  /** Loads rows as pages such as `1-2`. */
  run(pages: string, rows: readonly (readonly Cell[])[], more?: Partial<LoadRequest>): Promise<LoadCounts>;
}

export interface Mapped {
  /** Types of the columns `c0`, `c1` …, which the mapping has besides its key `id`. */
  readonly types?: readonly string[];
  /** More of the mapping's `load`. */
  readonly load?: string;
  readonly stream?: string;
  /** Settings of the warehouse. */
  readonly settings?: { readonly [key: string]: string | number };
}

const benches: { close(): Promise<void> }[] = [];

afterEachTest(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

/** A stand-in, and a project whose warehouse it is. */
export async function bench(mapped: Mapped = {}, standing: StandInOptions = {}): Promise<Bench> {
  const standIn = await SnowflakeStandIn.start(standing);
  const { project, compiled, folder } = await planned(standIn, mapped);
  const options = snowflakeOptions(project);
  const warehouse = snowflakeWarehouse(options);
  benches.push({
    close: async () => {
      await warehouse.close();
      await standIn.close();
    },
  });
  const load = compiled.steps.find((step): step is LoadStep => step.kind === 'load') as LoadStep;
  const request: Bench['request'] = (pages, rows, more = {}) => {
    const file = join(folder, `${pages}.csv`);
    writeFileSync(file, rows.map((row) => loadLine(row)).join(''));
    const [firstPage = 0, lastPage = 0] = pages.split('-').map(Number);
    const marks = rows.filter((row) => row.at(-1) !== null).length;
    const count = rows.length - marks;
    return {
      unit: { id: `dev.all.${pages}`, mapping: 'all', firstPage, lastPage, rows: count, marks },
      rows: count,
      run: 'r1',
      schema: 'sales',
      table: 'all',
      file,
      loadedAt: `2026-01-02T00:00:00.${String(firstPage).padStart(3, '0')}Z`,
      ...more,
    };
  };
  return {
    standIn,
    warehouse,
    options,
    project,
    plan: compiled,
    load,
    request,
    run: (pages, rows, more) => warehouse.load(load.statements, request(pages, rows, more)),
  };
}

/** Makes the tables. */
export async function define({ warehouse, plan: { steps } }: Bench): Promise<void> {
  for (const step of steps) if (step.kind === 'define') await warehouse.define(step.statements);
}

async function planned(
  standIn: SnowflakeStandIn,
  { types = ['string'], load = '', stream = '', settings = {} }: Mapped,
): Promise<{ project: Project; compiled: Plan; folder: string }> {
  const { account, username, database, role, warehouse } = preset;
  const all = { type: 'snowflake', account, user: username, database, role, warehouse, host: standIn.url };
  const lines = Object.entries({ ...all, password: '${env:TEST_SNOWFLAKE_PASSWORD}', ...settings });
  process.env['TEST_SNOWFLAKE_PASSWORD'] ??= preset.password;
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\nenvironments:\n  dev:\n    warehouse:\n${lines.map(([key, value]) => `      ${key}: ${JSON.stringify(value)}\n`).join('')}`,
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders:\n    request: {path: /o}\n    primaryKey: [id]\n${stream}`,
    'mappings/all.yml': `kind: mapping\nname: all\nfrom: shop.orders\nto: {schema: sales}\nload: {key: [id]${load}}\nproperties:\n  id: {from: id, type: string}\n${types.map((type, at) => `  c${at}: {from: c${at}, type: "${type}"}`).join('\n')}\n`,
  });
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  const { plan: compiled, diagnostics } = plan(checked, checked.project, '0', emptyState);
  if (compiled === undefined) throw new Error(JSON.stringify(diagnostics));
  return { project: checked.project, compiled, folder };
}

/** A row as staging gives it: account, columns, then page, ordinal, index, record, cursor, hash, operation. */
export const row = (
  id: string,
  values: readonly Cell[],
  page: number,
  hash: string,
  cursor: string | null = null,
): Cell[] => ['default', id, ...values, page, 0, null, id, cursor, hash, null];
