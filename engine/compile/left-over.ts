import type { Plan, Step } from '../model/plan.ts';
import type { KeptRun } from '../model/state-port.ts';
import { withId } from './canonical.ts';
import { movedNodes, movedText, structureOf } from './nodes.ts';

/** What a run has left, and whether it can still be done as it was planned. */
export interface LeftOver {
  /** Ids of the steps of the run that failed, were skipped or interrupted, or were never reached. */
  readonly steps: readonly string[];
  /** What of the project's structure differs from the run's plan, in words. */
  readonly moved: readonly string[];
  /** The steps to perform; absent when nothing is left, or something has moved. */
  readonly plan?: Plan;
}

/**
 * The part of the present plan that a run has left undone. Its structure must be the run's own. What depends on state (DDL,
 * pages to map again) is taken as it is now.
 */
export function leftOver(kept: KeptRun, now: Plan): LeftOver {
  const left = kept.plan.steps.filter(({ id }) => kept.steps.get(id) !== 'succeeded');
  const steps = left.map(({ id }) => id);
  const moved = movedNodes(structureOf(kept.plan), structureOf(now)).map(movedText);
  if (left.length === 0 || moved.length > 0) return { steps, moved };
  const mappings = new Set(left.flatMap(mappingsOf));
  const isLeft = (step: Step): boolean => {
    if (step.kind === 'reconcile' || step.kind === 'rename') return true;
    return 'mapping' in step ? mappings.has(step.mapping) : steps.includes(step.id);
  };
  return { steps, moved, plan: withId({ ...now, steps: now.steps.filter(isLeft) }) };
}

const mappingsOf = (step: Step): readonly string[] => {
  if (step.kind === 'reconcile' || step.kind === 'rename') return [];
  return 'mapping' in step ? [step.mapping] : step.mappings;
};
