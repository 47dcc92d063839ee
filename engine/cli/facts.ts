import { ExplainedError } from '../model/errors.ts';
import type { Facts, LimitFill, StreamHistory } from '../model/estimate.ts';
import type { StreamPlan } from '../model/plan.ts';
import { continued } from '../model/position.ts';
import { budgetsOf, viewBudgets } from '../operations/budgets.ts';
import { hasQuota } from '../operations/estimate/quotas.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import { openLimiter } from './open-limiter.ts';
import type { PlannedProject } from './planned.ts';

/** Windows of a stream that are looked at. */
const windowsMax = 20;

/** What an estimate is made of: what staging knows of the streams of a plan, and what is used of quotas. Makes nothing. */
export async function factsOf(work: PlannedProject): Promise<Facts> {
  const nowMs = systemClock.now();
  if (!(await work.staging.exists())) return { nowMs, histories: new Map(), fills: [] };
  const histories = new Map<string, StreamHistory>();
  for (const step of work.plan.steps) {
    if (step.kind !== 'extract') continue;
    const { stream } = step;
    histories.set(`${stream.source}.${stream.name}`, await historyOf(stream, work));
  }
  return { nowMs, histories, fills: await fillsOf(work) };
}

async function historyOf(stream: StreamPlan, { staging, state }: PlannedProject): Promise<StreamHistory> {
  const { cursor, open } = continued(await staging.position(stream), stream);
  return {
    ...(cursor !== undefined && { cursor }),
    ...(open && { open }),
    windows: await state.runs.windows(stream, windowsMax),
    rowsPerRecord: await state.runs.rowsPerRecord(stream),
  };
}

/** What is used of limits. Where the store of budgets cannot be asked, quotas count as whole. */
async function fillsOf({ plan, project, memory }: PlannedProject): Promise<readonly LimitFill[]> {
  if (!hasQuota(plan)) return [];
  try {
    const references = environmentReferences(project.folder, process.env);
    const limiter = await openLimiter({ redis: plan.redis, memory, references });
    try {
      const views = await viewBudgets(budgetsOf(plan), limiter);
      return views.flatMap(({ domain, limits }) =>
        limits.map(({ id, partition, fill }) => ({ domain, id, partition, fill })),
      );
    } finally {
      await limiter.close();
    }
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return [];
  }
}
