import { RefusedError } from '../model/errors.ts';
import type { Allowance } from '../model/estimate.ts';
import { estimatePlan } from '../operations/estimate/estimate.ts';
import { allowances, exhausted, hasQuota } from '../operations/estimate/quotas.ts';
import { factsOf, type SharedLimits } from './facts.ts';
import type { OpenedProject } from './planned.ts';

/**
 * How much of each stream a run may read, by what is left of quotas. @throws RefusedError (exit 4) when nothing is left for
 * any stream: a run is not started into a quota that it cannot fit.
 */
export async function allowancesOf(
  work: OpenedProject,
  shared?: SharedLimits,
): Promise<ReadonlyMap<string, Allowance>> {
  if (!hasQuota(work.plan)) return new Map();
  const estimate = estimatePlan(work.plan, await factsOf(work, shared));
  const allowed = allowances(estimate);
  const refusal = exhausted(estimate, allowed);
  if (refusal !== undefined) throw new RefusedError('refused', [refusal]);
  return allowed;
}
