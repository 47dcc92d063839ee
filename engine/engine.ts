import { compileAudit } from './compile/audit.ts';
import { type CompileOptions, compileProject } from './compile/compile.ts';
import { compileWarehouse } from './compile/databases.ts';
import { evidenceFindings, evidenceOf, structuresOf } from './compile/evidence.ts';
import { eraseStatement } from './compile/forget-sql.ts';
import { graphOf, tagsOf } from './compile/graph.ts';
import { type LeftOver, leftOver } from './compile/left-over.ts';
import { offlinePlan } from './compile/offline.ts';
import { compileParity, type ParityEnd, type ParityScope } from './compile/parity.ts';
import { planChanges } from './compile/plan-diff.ts';
import { compileRetry, type Retry } from './compile/retry.ts';
import { type SaveOptions, savePlan as saved, savedText, staleness } from './compile/saved-plan.ts';
import { compileScratch, type ScratchTable } from './compile/scratch.ts';
import { modifiedNodes, type Selected, type Selection, select } from './compile/select.ts';
import { type Servable, servable } from './compile/served.ts';
import { subjectStreams } from './compile/subject-streams.ts';
import { WarehouseSql } from './compile/warehouse-sql.ts';
import { executePlan, listing } from './execute/execute.ts';
import { coveragePoints, coveredPoints } from './execute/map/coverage.ts';
import { compileErasers, type EraserSecrets } from './execute/map/erase.ts';
import { keptRecords } from './execute/map/kept-records.ts';
import { pagePacker } from './execute/map/pack.ts';
import { mapRecords } from './execute/map-records.ts';
import { type MaterialiseServices, materialise } from './execute/materialise.ts';
import { type ReplayOptions, replayPages } from './execute/replay.ts';
import type { RunServices } from './execute/run-services.ts';
import { compactAfter } from './execute/state.ts';
import type { AuditPlan } from './model/audit.ts';
import type { MappedRows, PageFailure, ReceivedPage } from './model/batch.ts';
import type * as config from './model/config.ts';
import type { CoveredPoints } from './model/coverage.ts';
import { type Diagnostic, hasErrors } from './model/diagnostic.ts';
import type { ParityEvidence, ParityGate } from './model/evidence.ts';
import type { CaseChange, PageRecords } from './model/fixture.ts';
import type { EraseStatement, StreamEraser } from './model/forget.ts';
import type { GraphNode } from './model/graph.ts';
import type { ParityPlan, ParityReport } from './model/parity.ts';
import type { ExtractStep, MappingPlan, Plan, StreamPlan, WarehousePlan } from './model/plan.ts';
import type { PlanChanges } from './model/plan-changes.ts';
import type { StagedRow } from './model/ports.ts';
import type { Project, ProjectFiles } from './model/project.ts';
import type { RecordedOutcome, Recording, RecordingHead, Recordings } from './model/recording.ts';
import type { ReplayedPage, ReplayPages, ReplayProgram } from './model/replay.ts';
import type { RunReport } from './model/run-report.ts';
import type { PlanState, SavedPlan } from './model/saved-plan.ts';
import type { StateSnapshot } from './model/snapshot.ts';
import type { KeptRun } from './model/state-port.ts';
import { streamsOf } from './model/stream-refs.ts';
import type { WarehouseStatements } from './model/warehouse-views.ts';
import { fixtureText, withCases } from './read/fixture-text.ts';
import { readProject } from './read/read.ts';
import { outcomeText, readOutcome, readRecordings, recordingTexts } from './read/recordings.ts';
import { withOverrides } from './read/with-overrides.ts';
import { validateProject } from './validate/validate.ts';

export { compileDiscovery as planDiscovery } from './compile/discovery.ts';
export type { ParityEnd, ParityScope } from './compile/parity.ts';
export { withoutParents } from './compile/select.ts';
export type { Servable } from './compile/served.ts';
export { compileDescriptions } from './execute/map/describe.ts';
export type { RunServices } from './execute/run-services.ts';
export { catalogText, ownership, propertiesText } from './read/catalog-text.ts';

export interface Checked {
  readonly files: ProjectFiles;
  /** The files, with what connectors say merged under their sources. */
  readonly documents: ProjectFiles['documents'];
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

/** validate: other files in the place of those that were read. */
export function recheck(files: ProjectFiles, environment: string | undefined, nowMs = Date.now()): Checked {
  return { files, ...validateProject(files, { ...(environment !== undefined && { environment }), nowMs }) };
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
  { documents, diagnostics }: Checked,
  project: Project,
  engine: string,
  snapshot: StateSnapshot,
  scope: PlanScope = {},
): Planned {
  const compiled = compileProject(project, documents, { engine, snapshot, ...scope });
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

/** compile: what a comparison has proven of the mappings of a plan. */
export const provenBy = (report: ParityReport, plan: Plan): ParityEvidence => evidenceOf(report, plan);
export { isWholeEvidence } from './compile/evidence.ts';

/** compile: what makes the rows of each mapping, as hashes that are the same in all environments. */
export const planStructures = (plan: Plan): ParityGate['structures'] => structuresOf(plan);

/** compile: what keeps a plan from being performed in an environment that requires parity. */
export const parityFindings = (
  gate: ParityGate | undefined,
  bound: ParityEvidence | undefined,
  nowMs: number,
): readonly Diagnostic[] => evidenceFindings(gate, bound, nowMs);

/** compile: what of a plan may be performed under the one that was applied last. */
export const servedUnder = (last: Plan | undefined, now: Plan): Servable => servable(last, now);

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

/** execute: drops what retention lets go, as each whole run does at its end. */
export const housekeep = (
  plan: Plan,
  services: Pick<RunServices, 'state' | 'signal' | 'clock'>,
): Promise<void> => compactAfter(plan, services);

/** The part of a plan that maps pages with Blockers again; `run` performs it. */
export const retry = (plan: Plan, what: Retry): Plan => compileRetry(plan, what);

/** execute: what several plans make of the same kept pages; nothing is fetched or stored. */
export const replay = (
  programs: readonly ReplayProgram[],
  pages: ReplayPages,
  options: ReplayOptions,
): AsyncIterable<ReplayedPage> => replayPages(programs, pages, options);

/** The text of a file of overrides with more of them. */
export const addOverrides = (
  text: string | undefined,
  mapping: string,
  added: readonly config.Override[],
): string => withOverrides(text, mapping, added);

/** read: what a project has recorded. */
export const recordings = (folder: string): Recordings => readRecordings(folder);
export const recordingFiles = (recording: Recording): ReadonlyMap<string, string> =>
  recordingTexts(recording);
export const recordedOutcome = (
  folder: string,
  stream: string,
  mapping: string,
): RecordedOutcome | undefined => readOutcome(folder, stream, mapping);
export const recordedOutcomeText = (outcome: RecordedOutcome): string => outcomeText(outcome);

/** read: a test file as text, new or with other expectations. */
export const fixtureFile = (test: config.Test, modeline: string, origin: string): string =>
  fixtureText(test, modeline, origin);
export const changedFixtures = (text: string, changes: ReadonlyMap<number, CaseChange>): string =>
  withCases(text, changes);

/** execute: the records of a kept or recorded page, without what the rules of privacy keep away now. */
export const pageRecords = (
  stream: StreamPlan,
  piiKey: string,
  body: Uint8Array,
): PageRecords | PageFailure => keptRecords(stream, piiKey, body);

/** execute: what can be seen to happen in a mapping, and what of it happens with some records. */
export const pointsOf = (mapping: MappingPlan): readonly string[] => coveragePoints(mapping);
export const pointsSeen = (mapping: MappingPlan, records: readonly unknown[]): Promise<CoveredPoints> =>
  coveredPoints(mapping, records);

/** compile: what replays recordings of a plan's streams. */
export const planReplay = (plan: Plan, recorded: readonly RecordingHead[]): Plan =>
  offlinePlan(plan, recorded);

/** execute: the response of a kept page; undefined where `pageKey` is not the one that it was kept with. */
export function keptResponse(
  body: Uint8Array,
  page: number,
  pageKey: string | undefined,
): string | undefined {
  const bytes = pagePacker(pageKey).unpack(body, page);
  return bytes && Buffer.from(bytes).toString();
}

/** Pages of a stream as a first run would read it, mapped and not stored. */
export const list = (plan: Plan, step: ExtractStep, services: RunServices): AsyncIterable<ReceivedPage> =>
  listing(plan, step, services);

/** Finds and erases one person in each stream that says whom its records are about, and in what sweeps know of it. */
export const erasers = (
  project: Project,
  { mappings }: Plan,
  { keptPages }: Pick<StateSnapshot, 'keptPages'>,
  subject: string,
  secrets: EraserSecrets,
): readonly StreamEraser[] =>
  subjectStreams(project, mappings, keptPages).flatMap((streams) =>
    compileErasers(streams, readersOf(mappings), subject, secrets),
  );

/** Mappings by the streams that they read. */
function readersOf(mappings: Plan['mappings']): ReadonlyMap<string, readonly MappingPlan[]> {
  const readers = new Map<string, MappingPlan[]>();
  for (const mapping of Object.values(mappings))
    for (const stream of streamsOf(mapping)) readers.set(stream, [...(readers.get(stream) ?? []), mapping]);
  return readers;
}

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
