import { ExplainedError } from '../model/errors.ts';
import type { Facts, LimitFill, StreamHistory } from '../model/estimate.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { Clock, Limiter } from '../model/ports.ts';
import { continued } from '../model/position.ts';
import { budgetsOf, viewBudgets } from '../operations/budgets.ts';
import { hasQuota } from '../operations/estimate/quotas.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { openLimiter } from './open-limiter.ts';
import type { OpenedProject } from './planned.ts';

/** Windows of a stream that are looked at. */
const windowsMax = 20;

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
    histories.set(`${stream.source}.${stream.name}`, await historyOf(stream, work));
  }
  return { nowMs, histories, fills: await fillsOf(work, shared?.limiter) };
}

async function historyOf(stream: StreamPlan, { staging, state }: OpenedProject): Promise<StreamHistory> {
  const { cursor, open } = continued(await staging.position(stream), stream);
  return {
    ...(cursor !== undefined && { cursor }),
    ...(open && { open }),
    windows: await state.runs.windows(stream, windowsMax),
    rowsPerRecord: await state.runs.rowsPerRecord(stream),
  };
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
