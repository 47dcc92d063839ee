import { accountStream } from '../model/accounts.ts';
import { cursorValue } from '../model/batch.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Facts, LimitFill, StreamHistory } from '../model/estimate.ts';
import type { ExtractStep, Plan, StreamPlan } from '../model/plan.ts';
import type { Clock, Limiter, Position } from '../model/ports.ts';
import { continued } from '../model/position.ts';
import { slicesFrom } from '../model/slices.ts';
import { declaredName } from '../model/sweep.ts';
import { budgetsOf, viewBudgets } from '../operations/budgets.ts';
import { hasQuota } from '../operations/estimate/quotas.ts';
import { recentWindows } from '../operations/estimate/recent.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { openLimiter } from './open-limiter.ts';
import type { OpenedProject } from './planned.ts';

/** Windows of a stream that are looked at. */
const windowsMax = 20;
/** Slices of a backfill that are counted. */
const slicesMax = 1000;

/** Of a process that performs one run after another. */
export interface SharedLimits {
  readonly limiter: Limiter;
  readonly clock: Clock;
}

/** What an estimate is made of: what staging knows of the streams of a plan, and what is used of quotas. Makes nothing. */
export async function factsOf(work: OpenedProject, shared?: SharedLimits): Promise<Facts> {
  const nowMs = (shared?.clock ?? systemClock).now();
  if (!(await work.staging.exists())) return { nowMs, histories: new Map(), fills: [] };
  const histories = new Map<string, StreamHistory>();
  for (const step of work.plan.steps) {
    if (step.kind !== 'extract') continue;
    const { stream } = step;
    const history = await historyOf(stream, nameBefore(stream, work.plan), work);
    const name = accountStream(stream);
    const more =
      step.backfill === undefined
        ? recentHistory(step, history, work, nowMs)
        : rangeHistory(step, history, work);
    histories.set(name, await more);
  }
  return { nowMs, histories, fills: await fillsOf(work, shared?.limiter) };
}

/** A stream as staging has it: what is renamed by a plan is kept under its old name until that is performed. */
function nameBefore(stream: StreamPlan, { steps }: Plan): StreamPlan {
  const own = declaredName(stream.name);
  for (const step of steps) {
    if (step.kind !== 'rename' || step.rename.what !== 'stream') continue;
    const { source, from, to } = step.rename;
    if (source === stream.source && to === own)
      return { ...stream, name: from + stream.name.slice(own.length) };
  }
  return stream;
}

async function historyOf(
  stream: StreamPlan,
  before: StreamPlan,
  { staging, state }: OpenedProject,
): Promise<StreamHistory> {
  const position = continued(await staging.position(before), stream);
  const { cursor, open } = position;
  return {
    ...(cursor !== undefined && { cursor }),
    ...(open && { open }),
    ...(stream.parent && { parents: await waiting(before, position, state) }),
    ...(await historyOfPages(before, state)),
  };
}

/** Parents are counted by the page that they stand in. */
function waiting(
  stream: StreamPlan,
  { cursor, open }: Position,
  { positions }: OpenedProject['state'],
): Promise<number> {
  const done = cursor === undefined ? 0 : Number(cursorValue('integer', cursor));
  return positions.waitingParents(stream, open?.next.at?.parent?.page ?? done);
}

const historyOfPages = async (stream: StreamPlan, { runs }: OpenedProject['state']) => ({
  windows: await runs.windows(stream, windowsMax),
  rowsPerRecord: await runs.rowsPerRecord(stream),
});

/** Pages of a range are like those of the incremental runs, and its records are staged where those have been there. */
async function rangeHistory(
  { stream, backfill, mappings }: ExtractStep,
  { cursor, open }: StreamHistory,
  { state, plan }: OpenedProject,
): Promise<StreamHistory> {
  const own = { ...stream, name: declaredName(stream.name) };
  const { windows, rowsPerRecord } = await historyOfPages(own, state);
  const position = { ...(cursor !== undefined && { cursor }), ...(open && { open }) };
  if (backfill === undefined || stream.cursor === undefined) return { ...position, windows, rowsPerRecord };
  const begin = cursor === undefined || cursor === backfill.window.to ? backfill.window.from : cursor;
  const slices = slicesFrom(backfill, stream.cursor, begin, slicesMax);
  const readers = mappings.flatMap((name) => plan.mappings[name] ?? []);
  const range = await state.runs.recordsIn(own, readers, slices);
  return { ...position, windows, rowsPerRecord, range: { slices, ...range } };
}

/** Of a stream that was read once, how many of its records came lately. */
async function recentHistory(
  { stream, mappings }: ExtractStep,
  history: StreamHistory,
  { state, plan }: OpenedProject,
  nowMs: number,
): Promise<StreamHistory> {
  const slices = recentWindows(stream, history, nowMs);
  if (slices === undefined) return history;
  const readers = mappings.flatMap((name) => plan.mappings[name] ?? []);
  return { ...history, range: { slices, ...(await state.runs.recordsIn(stream, readers, slices)) } };
}

/** What is used of limits. Where the store of budgets cannot be asked, quotas count as whole. */
async function fillsOf(work: OpenedProject, shared: Limiter | undefined): Promise<readonly LimitFill[]> {
  const { plan, project, memory } = work;
  if (!hasQuota(plan)) return [];
  try {
    if (shared !== undefined) return await fillsBy(plan, shared);
    const references = environmentReferences(project.folder, process.env);
    const limiter = await openLimiter({ redis: plan.redis, memory, references });
    return await fillsBy(plan, limiter).finally(() => limiter.close());
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return [];
  }
}

async function fillsBy(plan: Plan, limiter: Limiter): Promise<readonly LimitFill[]> {
  const views = await viewBudgets(budgetsOf(plan), limiter);
  return views.flatMap(({ domain, limits }) =>
    limits.map(({ id, partition, fill }) => ({ domain, id, partition, fill })),
  );
}
