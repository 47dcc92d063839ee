import { compileAudit } from './compile/audit.ts';
import { type CompileOptions, compileProject } from './compile/compile.ts';
import { compileWarehouse } from './compile/databases.ts';
import { eraseStatement } from './compile/forget-sql.ts';
import { graphOf, tagsOf } from './compile/graph.ts';
import { type LeftOver, leftOver } from './compile/left-over.ts';
import { compileParity, type ParityEnd, type ParityScope } from './compile/parity.ts';
import { planChanges } from './compile/plan-diff.ts';
import { compileRetry, type Retry } from './compile/retry.ts';
import { type SaveOptions, savePlan as saved, savedText, staleness } from './compile/saved-plan.ts';
import { compileScratch, type ScratchTable } from './compile/scratch.ts';
import { modifiedNodes, type Selected, type Selection, select } from './compile/select.ts';
import { subjectStreams } from './compile/subject-streams.ts';
import { WarehouseSql } from './compile/warehouse-sql.ts';
import { executePlan, listing } from './execute/execute.ts';
import { compileErasers, type EraserSecrets } from './execute/map/erase.ts';
import { mapRecords } from './execute/map-records.ts';
import { type MaterialiseServices, materialise } from './execute/materialise.ts';
import { type Preview, previewMapping } from './execute/preview.ts';
import type { RunServices } from './execute/run-services.ts';
import type { AuditPlan } from './model/audit.ts';
import type { MappedRows, ReceivedPage } from './model/batch.ts';
import type * as config from './model/config.ts';
import { type Diagnostic, hasErrors } from './model/diagnostic.ts';
import type { EraseStatement, StreamEraser } from './model/forget.ts';
import type { GraphNode } from './model/graph.ts';
import type { ParityPlan } from './model/parity.ts';
import type { ExtractStep, MappingPlan, Plan, WarehousePlan } from './model/plan.ts';
import type { PlanChanges } from './model/plan-changes.ts';
import type { StagedRow } from './model/ports.ts';
import type { Project, ProjectFiles } from './model/project.ts';
import type { RunReport } from './model/run-report.ts';
import type { PlanState, SavedPlan } from './model/saved-plan.ts';
import type { StateSnapshot } from './model/snapshot.ts';
import type { KeptRun } from './model/state-port.ts';
import { streamsOf } from './model/stream-refs.ts';
import type { WarehouseStatements } from './model/warehouse-views.ts';
import { readProject } from './read/read.ts';
import { withOverrides } from './read/with-overrides.ts';
import { validateProject } from './validate/validate.ts';

export type { ParityEnd, ParityScope } from './compile/parity.ts';
export type { RunServices } from './execute/run-services.ts';

export interface Checked {
  readonly files: ProjectFiles;
  /** Absent when a diagnostic is an error. */
  readonly project?: Project;
  readonly diagnostics: readonly Diagnostic[];
}

/** read → validate: what a folder declares. Needs neither network nor secrets. */
export async function check(
  folder: string,
  assets: string,
  environment?: string,
  nowMs = Date.now(),
): Promise<Checked> {
  const read = await readProject(folder, assets);
  const validated = validateProject(read.files, {
    ...(environment !== undefined && { environment }),
    nowMs,
    read: read.diagnostics,
  });
  return { files: read.files, ...validated };
}

export interface Planned {
  /** Absent when a diagnostic is an error. */
  readonly plan?: Plan;
  readonly diagnostics: readonly Diagnostic[];
}

/** What is planned, where it is not all of a project. */
export type PlanScope = Pick<CompileOptions, 'fromLedger' | 'backfill'>;

/** compile: what a run will do, given the state of staging and warehouse. */
export function plan(
  { files, diagnostics }: Checked,
  project: Project,
  engine: string,
  snapshot: StateSnapshot,
  scope: PlanScope = {},
): Planned {
  const compiled = compileProject(project, files.documents, { engine, snapshot, ...scope });
  const all = [...diagnostics, ...compiled.diagnostics];
  return compiled.plan === undefined || hasErrors(all)
    ? { diagnostics: all }
    : { plan: compiled.plan, diagnostics: all };
}

/** compile: what is asked of a project's warehouse before there is a plan. */
export const warehouseStatements = (project: Project): WarehouseStatements =>
  new WarehouseSql(project, []).questions();

/** compile: how the warehouse of a project is reached, without credentials. */
export const warehousePlan = (project: Project): WarehousePlan => compileWarehouse(project.warehouse);

/** compile: what a run has left undone, of the plan as it is now. */
export const planLeftOver = (kept: KeptRun, now: Plan): LeftOver => leftOver(kept, now);

/** compile: what a plan changes, beside the one that was applied last. */
export const changesOf = (last: Plan | undefined, now: Plan): PlanChanges => planChanges(last, now);

/** compile: a plan as it goes into a file, and the text of that. */
export const savePlan = (state: PlanState, options: SaveOptions): SavedPlan => saved(state, options);
export const savedPlanText = (plan: SavedPlan): string => savedText(plan);

/** compile: what keeps a saved plan from being performed as things stand now; nothing where it is as good as new. */
export const planStaleness = (
  plan: SavedPlan,
  now: PlanState,
  appliedBy: string | undefined,
): readonly Diagnostic[] => staleness(plan, now, appliedBy);

/** compile: what an audit of a planned project needs besides the plan. */
export const planAudit = (project: Project, plan: Plan): AuditPlan => compileAudit(project, plan);

/** compile: what a project is made of, each node behind those that it is made of. */
export const graph = (project: Project, plan: Plan): readonly GraphNode[] => graphOf(plan, tagsOf(project));

/** compile: what of two environments' tables is compared, and by which statements. */
export const planParity = (left: ParityEnd, right: ParityEnd, scope: ParityScope): ParityPlan =>
  compileParity(left, right, scope);

/** compile: how an embedded database makes the table of a mapping of what is staged. */
export const planScratch = (project: Project, mapping: MappingPlan): ScratchTable =>
  compileScratch(project, mapping);

/** compile: the part of a plan that selectors choose. `changes` is what `state:modified` means. */
export const selectNodes = (
  project: Project,
  plan: Plan,
  selection: Selection,
  changes: PlanChanges,
): Selected => select(plan, selection, { tags: tagsOf(project), modified: modifiedNodes(changes) });

/** execute: stages the rows of a mapping that were left out, of kept pages; see `staging: {rows: false}`. */
export async function stageRows(plan: Plan, services: MaterialiseServices, name: string): Promise<void> {
  const { staging } = services;
  const mapping = plan.mappings[name];
  // One that has changed since is mapped again by the next run.
  if (mapping === undefined || (await staging.mappingHashes()).get(name) !== mapping.hash) return;
  await staging.prepare(mapping);
  await materialise(plan, services, mapping);
}

/** execute: performs exactly what the plan says. */
export const run = (plan: Plan, services: RunServices): Promise<RunReport> => executePlan(plan, services);

/** The part of a plan that maps pages with Blockers again; `run` performs it. */
export const retry = (plan: Plan, what: Retry): Plan => compileRetry(plan, what);

/** The text of a file of overrides with more of them. */
export const addOverrides = (
  text: string | undefined,
  mapping: string,
  added: readonly config.Override[],
): string => withOverrides(text, mapping, added);

/** The first page of a mapping's stream, mapped and not stored. */
export const preview = (plan: Plan, mapping: string, services: RunServices): Promise<Preview> =>
  previewMapping(plan, mapping, (step) => listing(plan, step, services));

/** Pages of a stream as a first run would read it, mapped and not stored. */
export const list = (plan: Plan, step: ExtractStep, services: RunServices): AsyncIterable<ReceivedPage> =>
  listing(plan, step, services);

/**
 * Finds and erases one person in each stream of a project that says whom its records are about, in its sweeps, and in what
 * they found gone.
 */
export const erasers = (
  project: Project,
  { mappings }: Plan,
  subject: string,
  secrets: EraserSecrets,
): readonly StreamEraser[] =>
  subjectStreams(project, mappings).flatMap((streams) => {
    const full = `${streams.stream.source}.${streams.stream.name}`;
    const readers = Object.values(mappings).filter((mapping) => streamsOf(mapping).includes(full));
    return compileErasers(streams, readers, subject, secrets);
  });

/** How rows with certain values are deleted from a mapping's table, or from another one that belongs to it. */
export const erasing =
  (project: Project) =>
  (
    mapping: MappingPlan,
    columns: readonly string[],
    rows: readonly StagedRow[],
    table?: string,
  ): EraseStatement =>
    eraseStatement(project, mapping, columns, rows, table);

/** What a mapping makes of records, case by case. */
export const map = (
  plan: Plan,
  mapping: string,
  cases: readonly unknown[][],
): Promise<readonly MappedRows[]> => mapRecords(plan, mapping, cases);
