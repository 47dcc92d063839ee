import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Checked,
  check,
  type ParityEnd,
  planScratch,
  stageRows,
  warehouseStatements,
} from '../engine.ts';
import { streamName } from '../model/accounts.ts';
import { hasErrors } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { ExtractStep, Plan, StreamPlan } from '../model/plan.ts';
import type { Warehouse } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { stagedTable } from '../operations/parity/staged-table.ts';
import { systemClock } from '../services/clock.ts';
import { packageFolder } from './package.ts';
import { declared, type OpenedProject } from './planned.ts';
import { referencesOf } from './references-of.ts';
import { type Databases, databases } from './state.ts';

/** One side of a comparison, open. */
export interface OpenEnd {
  readonly end: ParityEnd;
  readonly warehouse: Warehouse;
  /** Of the project, as it declares it. */
  readonly plan: Plan;
}

type Valid = Checked & { readonly project: Project };

/** The project in another environment. @throws RefusedError (exit 3) when it is not valid there */
export async function inEnvironment(folder: string, environment: string): Promise<Valid> {
  const checked = await check(resolve(folder), packageFolder, environment);
  const { project } = checked;
  if (project === undefined || hasErrors(checked.diagnostics))
    throw new RefusedError('invalid', checked.diagnostics);
  return { ...checked, project };
}

/** The tables of a warehouse, as its environment declares them. */
export async function warehouseEnd(plan: Plan, project: Project, warehouse: Warehouse): Promise<OpenEnd> {
  const { mappings } = plan;
  const wanted = Object.values(mappings).map(({ schema, table }) => ({ schema, table }));
  const { tables, failure } = await warehouse
    .tables(wanted)
    .then((found) => ({ tables: found, failure: undefined }))
    .catch((error: unknown) => ({ tables: [], failure: error }));
  const reason = failure instanceof Error ? (failure.message.split('\n')[0] ?? '') : String(failure);
  const obstacles =
    failure === undefined
      ? {}
      : Object.fromEntries(
          Object.keys(mappings).map((name) => [name, `${project.environment} could not be read: ${reason}`]),
        );
  return { end: { project, mappings, tables, obstacles }, warehouse, plan };
}

/** What staging says the tables must hold, made in an embedded database; `close` removes it. */
export async function stagingEnd(
  work: OpenedProject,
  names: readonly string[],
  folder: string,
  isLab: boolean,
  signal: AbortSignal,
): Promise<OpenEnd> {
  const { staging, forgetting, project } = work;
  const path = join(folder, 'staging.duckdb');
  await rm(path, { force: true });
  const scratch: Project = { ...project, ownTemplates: [], warehouse: { type: 'duckdb', path } };
  const { duckdbWarehouse } = await import('../services/duckdb/duckdb-warehouse.ts');
  const warehouse = duckdbWarehouse({
    path,
    memoryBytes: 256 * 1024 ** 2,
    statements: warehouseStatements(scratch),
  });
  const found = (await staging.exists()) ? { staging } : {};
  const references = referencesOf(project.folder, isLab);
  const services = { staging, forgetting, references, clock: systemClock, runId: 'parity', signal };
  const obstacles: Record<string, string> = {};
  for (const name of names) {
    signal.throwIfAborted();
    // Where rows are left out of staging, they are made of the pages first.
    if ('staging' in found) await stageRows(work.plan, services, name);
    const mapping = work.plan.mappings[name];
    const stream = streamOf(work.plan, name);
    if (mapping === undefined || stream === undefined) continue;
    const table = planScratch(scratch, mapping);
    const reason = await stagedTable(mapping, stream, table, { ...found, scratch: warehouse, folder });
    if (reason !== undefined) obstacles[name] = reason;
  }
  const end = await warehouseEnd(work.plan, scratch, warehouse);
  return { ...end, end: { ...end.end, obstacles: { ...end.end.obstacles, ...obstacles } } };
}

const streamOf = ({ steps, mappings }: Plan, mapping: string): StreamPlan | undefined =>
  steps
    .filter((step): step is ExtractStep => step.kind === 'extract')
    .find(({ stream }) => streamName(stream) === mappings[mapping]?.stream)?.stream;

export const closeEnds = async (opened: readonly Databases[]): Promise<void> => {
  await Promise.all(opened.flatMap(({ staging, warehouse }) => [staging.close(), warehouse.close()]));
};

/** Where the tables do not fit the mappings, the plan is the one of the project alone: it is what they are compared by. */
export async function openedAs(checked: Valid, project: Project): Promise<OpenedProject> {
  const opened = await databases(project);
  return {
    ...opened,
    project,
    plan: declared(checked, project).plan,
    documents: checked.documents,
    diagnostics: checked.diagnostics,
  };
}
