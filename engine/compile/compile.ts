import { accountStream, allAccounts, namedAccounts, streamName } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import { type Diagnostic, hasErrors } from '../model/diagnostic.ts';
import { RefusedError } from '../model/errors.ts';
import type { ExtractStep, LoadStep, MappingPlan, Plan, Step, StreamPlan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import type { BackfillAsked } from '../model/saved-plan.ts';
import type { StateSnapshot } from '../model/snapshot.ts';
import { readStreams } from '../model/stream-refs.ts';
import { parseDuration, parsePercent } from '../model/units.ts';
import { backfillStream, compileBackfill } from './backfill.ts';
import { withId } from './canonical.ts';
import { checkable, compileChecks } from './checks.ts';
import { compileStaging, compileWarehouse } from './databases.ts';
import { contractOf, type Evolution, evolve } from './evolution.ts';
import { leftAccounts, leftStreams } from './left-accounts.ts';
import { compileMapping } from './mapping.ts';
import { foundTables } from './names.ts';
import type { Streams } from './parents-first.ts';
import { renameSteps, stateAfter, stateWith } from './rename-steps.ts';
import { findRenames, tablesAfter } from './renames.ts';
import { compileSchedules } from './schedules.ts';
import { templateSyntax } from './sql-templates.ts';
import { deletingStreams, readAnew, reconcileStep, reloadStep, remapStep } from './state-steps.ts';
import { strategyDiagnostics } from './strategies.ts';
import { sharing, sourcesOf, streamsOf } from './streams.ts';
import { replacing, sweepSteps } from './sweep.ts';
import { costSyntax } from './syntax.ts';
import { WarehouseSql } from './warehouse-sql.ts';
import { compileAlert, compileMetrics } from './watching.ts';

export interface CompileOptions {
  /** Version of the engine. */
  readonly engine: string;
  readonly snapshot: StateSnapshot;
  /** Whether everything is made of kept pages, without a request. */
  readonly fromLedger?: boolean;
  /** The range that is read once more, in place of all that is read. */
  readonly backfill?: BackfillAsked;
}

export interface Compiled {
  readonly plan?: Plan;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Turns a project into a plan. Pure: the same project and snapshot give the same bytes. `documents` only say where a
 * complaint stands.
 */
export function compileProject(
  project: Project,
  documents: readonly SourceDocument[],
  options: CompileOptions,
): Compiled {
  try {
    return compileWhole(project, documents, options);
  } catch (error) {
    // A template of the project uses what there is not.
    if (!(error instanceof RefusedError)) throw error;
    return { diagnostics: error.diagnostics };
  }
}

function compileWhole(
  project: Project,
  documents: readonly SourceDocument[],
  { engine, snapshot, fromLedger = false, backfill }: CompileOptions,
): Compiled {
  const diagnostics: Diagnostic[] = [];
  const mapped = project.mappings.map((mapping) => compileMapping(project, mapping, documents));
  diagnostics.push(...mapped.flatMap((one) => one.diagnostics));
  diagnostics.push(...allAccounts(project).flatMap(({ source }) => costSyntax(source, documents)));
  diagnostics.push(...templateSyntax(project));
  if (hasErrors(diagnostics)) return { diagnostics };
  const dialect = project.warehouse.type ?? 'duckdb';
  const there = foundTables(dialect, snapshot.tables);
  const renames = findRenames(project, snapshot, there.tables);
  diagnostics.push(...there.diagnostics, ...renames.diagnostics);
  diagnostics.push(...leftAccounts(project, snapshot, documents));
  if (hasErrors(renames.diagnostics)) return { diagnostics };
  const known = { tables: tablesAfter(there.tables, renames.mappings) };
  const evolutions = project.mappings.map((declared, at) =>
    evolve((mapped[at] as (typeof mapped)[number]).mapping, contractOf(declared), dialect, known.tables),
  );
  diagnostics.push(...evolutions.flatMap((one) => one.diagnostics));
  const mappings = evolutions.map((one) => one.mapping);
  diagnostics.push(...strategyDiagnostics(mappings, known.tables));
  if (hasErrors(diagnostics)) return { diagnostics };
  const streams = streamsOf(project, mappings);
  const sql = new WarehouseSql(project, known.tables);
  const now = stateAfter(snapshot, renames);
  const renaming = { project, snapshot, found: renames, tables: known.tables };
  const first = renameSteps(renaming, mappings, streams);
  const compiled = [
    ...first,
    ...compileSteps(project, evolutions, streams, sql, stateWith(now, first), diagnostics),
  ];
  const steps = fromLedger ? compiled.filter(({ kind }) => kind !== 'extract' && kind !== 'sweep') : compiled;
  if (hasErrors(diagnostics)) return { diagnostics };
  const schedules = compileSchedules(project, [...streams.values()].flat());
  const body = {
    format: 1,
    engine,
    project: project.name,
    environment: project.environment,
    ...connections(project),
    ...(schedules.length > 0 && { schedules }),
    ...(project.piiKey !== undefined && usesTokens(streams) && { piiKey: project.piiKey }),
    references: fromLedger ? withoutSources(project) : project.references,
    sources: sourcesOf(project, streams),
    mappings: Object.fromEntries(mappings.map((mapping) => [mapping.name, mapping])),
    steps,
  } as const;
  const plan = withId(body);
  if (backfill === undefined) return { plan, diagnostics };
  const part = compileBackfill(plan, backfill, backfillSettings(project, backfill.stream));
  return { ...part, diagnostics: [...diagnostics, ...part.diagnostics] };
}

function backfillSettings({ sources }: Project, full: string): config.BackfillSettings | undefined {
  const [source, stream = ''] = (full.split('@')[0] ?? '').split('.');
  return sources.find(({ name }) => name === source)?.streams[stream]?.backfill;
}

/** What is needed where no source is asked for anything. */
const withoutSources = ({ references, ...project }: Project): Plan['references'] => {
  const { piiKey, staging, warehouse, redis, metrics } = project;
  const used = JSON.stringify({ piiKey, staging, warehouse, redis, metrics });
  return references.filter(({ reference }) => used.includes(reference));
};

const connections = (
  project: Project,
): Pick<Plan, 'staging' | 'warehouse' | 'redis' | 'metrics' | 'alerts' | 'tokenKey' | 'pageKey'> => ({
  staging: compileStaging(project.staging),
  warehouse: compileWarehouse(project.warehouse),
  ...(project.redis && { redis: { url: project.redis.url, prefix: project.redis.prefix ?? 'sluice' } }),
  ...(project.metrics && { metrics: compileMetrics(project.metrics) }),
  ...(project.alerts && { alerts: project.alerts.map(compileAlert) }),
  ...(project.tokenKey !== undefined && { tokenKey: project.tokenKey }),
  ...(project.pageKey !== undefined && { pageKey: project.pageKey }),
});

const usesTokens = (streams: Streams): boolean =>
  [...streams.values()].flat().some((stream) => stream.privacy.some(({ action }) => action === 'hmac'));

/** Extraction first, then table by table: check, define, load. */
function compileSteps(
  project: Project,
  evolutions: readonly Evolution[],
  streams: Streams,
  sql: WarehouseSql,
  snapshot: StateSnapshot,
  diagnostics: Diagnostic[],
): readonly Step[] {
  const mappings = evolutions.map((one) => one.mapping);
  const steps: Step[] = [...reconcileStep(snapshot)];
  const all = [...streams.values()].flat();
  const sweeps = all.flatMap((stream) => sweepSteps(stream, mappings, sharing(project, stream)));
  const extracts = all.map((stream) => extractStep(stream, mappings, snapshot));
  const again = extracts.filter(({ stream }) => stream.cursor).map(({ stream }) => backfillStream(stream));
  const read = [...[...extracts, ...sweeps].flatMap(readStreams), ...again];
  const left = leftStreams(read, snapshot);
  const kept = [...read, ...left];
  for (const mapping of mappings) steps.push(...remapStep(mapping, kept, snapshot));
  steps.push(...extracts);
  steps.push(...sweeps);
  const lacking = sql.lacking();
  for (const evolution of evolutions) {
    const { mapping, held, notes } = evolution;
    if (held !== undefined) {
      steps.push(heldStep(mapping, held));
      continue;
    }
    steps.push(...checkStep(project, mapping));
    const definition = sql.define(evolution, lacking);
    diagnostics.push(...definition.diagnostics);
    steps.push(...reloadStep(mapping, definition.emptied, snapshot));
    steps.push(...definition.steps, {
      ...sql.load(mapping, rowsMaxOf(project, mapping)),
      ...(notes.length > 0 && { notes }),
      ...stopOf(project, mapping),
      ...cadenceOf(project, mapping),
      ...madeOf(streams.get(mapping.stream), left),
    });
  }
  return steps;
}

/** There is no table, and the contract lets nobody make it: rows are staged, and that is all. */
const heldStep = ({ name }: MappingPlan, held: Diagnostic): Step => ({
  kind: 'define',
  id: `define ${name}`,
  reason: `${held.summary}: rows are staged, and not loaded`,
  mapping: name,
  statements: [],
  held,
});

function extractStep(
  stream: StreamPlan,
  mappings: readonly MappingPlan[],
  snapshot: StateSnapshot,
): ExtractStep {
  const [full, own] = [streamName(stream), accountStream(stream)];
  const readers = mappings.filter((mapping) => mapping.stream === full).map(({ name }) => name);
  const losers = mappings
    .filter((mapping) => deletingStreams(mapping).includes(full))
    .map(({ name }) => name);
  const reasons = [
    ...(readers.length > 0
      ? [`${readers.join(', ')} ${readers.length === 1 ? 'reads' : 'read'} this stream`]
      : []),
    ...(losers.length > 0 ? [`it lists what is gone from ${losers.join(', ')}`] : []),
  ];
  const reason = reasons.join('; ') + readAnew(snapshot.shapes.get(own), stream);
  return {
    kind: 'extract',
    id: `extract ${own}`,
    reason,
    stream,
    mappings: [...readers, ...losers],
    ...replacing(stream, mappings),
  };
}

/** A listing is loaded whole: readers see the one before or this one. */
const rowsMaxOf = (project: Project, { name, deletes }: MappingPlan): number =>
  deletes?.listing === undefined
    ? (project.mappings.find((mapping) => mapping.name === name)?.load.rowsMax ?? 1_000_000)
    : Number.MAX_SAFE_INTEGER;

function stopOf(project: Project, { name }: MappingPlan): Pick<LoadStep, 'stop'> {
  const declared = project.mappings.find((mapping) => mapping.name === name)?.blockers;
  if (declared === undefined) return {};
  const { stopAbove, stopAboveShare } = declared;
  return {
    stop: {
      ...(stopAbove !== undefined && { above: stopAbove }),
      ...(stopAboveShare !== undefined && { aboveShare: parsePercent(stopAboveShare) }),
    },
  };
}

const madeOf = (
  streams: readonly StreamPlan[] | undefined,
  left: readonly StreamPlan[],
): Pick<LoadStep, 'from' | 'accounts' | 'left' | 'cursor'> => {
  const [stream] = streams ?? [];
  const others = left.filter((one) => stream !== undefined && streamName(one) === streamName(stream));
  return {
    ...(stream && { from: stream }),
    ...namedAccounts(streams ?? []),
    ...(others.length > 0 && { left: others.map(({ account }) => account) }),
    ...(stream?.cursor && { cursor: stream.cursor.type }),
  };
};

function cadenceOf(project: Project, { name }: MappingPlan): Pick<LoadStep, 'cadence'> {
  const load = project.mappings.find((mapping) => mapping.name === name)?.load;
  const [every, budget] = [load?.every, load?.budget];
  if (every === undefined && budget === undefined) return {};
  return {
    cadence: {
      ...(every !== undefined && { everyMs: parseDuration(every) }),
      ...(budget !== undefined && { budgetMs: parseDuration(budget) }),
    },
  };
}

function checkStep(project: Project, mapping: MappingPlan): readonly Step[] {
  const declared = project.mappings.find(({ name }) => name === mapping.name)?.checks ?? [];
  const checks = compileChecks(mapping, checkable(mapping, declared));
  if (checks.length === 0) return [];
  const reason = `${checks.length} ${checks.length === 1 ? 'check guards' : 'checks guard'} the load`;
  return [{ kind: 'check', id: `check ${mapping.name}`, reason, mapping: mapping.name, checks }];
}
