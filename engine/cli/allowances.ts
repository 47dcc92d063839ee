import { RefusedError } from '../model/errors.ts';
import type { Allowance } from '../model/estimate.ts';
import type { SavedPlan } from '../model/saved-plan.ts';
import { allowedOver, beyondAllowed, least } from '../operations/estimate/allowed-over.ts';
import { estimatePlan } from '../operations/estimate/estimate.ts';
import { allowances, exhausted, hasQuota } from '../operations/estimate/quotas.ts';
import { factsOf, type SharedLimits } from './facts.ts';
import type { OpenedProject } from './planned.ts';

/**
 * How much of each stream a run may read, by what is left of quotas and by what a saved plan allows. @throws RefusedError
 * (exit 4) when nothing is left for any stream, or there is more to do by now than the plan allows: a run is not started
 * into what it cannot end.
 */
export async function allowancesOf(
  work: OpenedProject,
  { shared, saved }: { readonly shared?: SharedLimits; readonly saved?: SavedPlan | undefined } = {},
): Promise<ReadonlyMap<string, Allowance>> {
  if (!hasQuota(work.plan) && saved === undefined) return new Map();
  const estimate = estimatePlan(work.plan, await factsOf(work, shared));
  const allowed = allowances(estimate);
  const refusal = exhausted(estimate, allowed);
  if (refusal !== undefined) throw new RefusedError('refused', [refusal]);
  if (saved === undefined) return allowed;
  const planned = allowedOver(saved);
  const beyond = beyondAllowed(estimate, planned);
  if (beyond.length > 0) throw new RefusedError('refused', beyond);
  return least(allowed, planned);
}
