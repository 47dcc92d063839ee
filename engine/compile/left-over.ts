import type { Plan, Step } from '../model/plan.ts';
import type { KeptRun } from '../model/state-port.ts';
import { canonical, sha256 } from './canonical.ts';

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
  const moved = movedNodes(nodes(kept.plan), nodes(now));
  if (left.length === 0 || moved.length > 0) return { steps, moved };
  const mappings = new Set(left.flatMap(mappingsOf));
  const isLeft = (step: Step): boolean => {
    if (step.kind === 'reconcile') return true;
    return 'mapping' in step ? mappings.has(step.mapping) : steps.includes(step.id);
  };
  const { id: _, ...body } = { ...now, steps: now.steps.filter(isLeft) };
  return { steps, moved, plan: { ...body, id: sha256(canonical(body)) } };
}

const mappingsOf = (step: Step): readonly string[] => {
  if (step.kind === 'reconcile') return [];
  return 'mapping' in step ? [step.mapping] : step.mappings;
};

/** The structure of a plan, node by node, under the names that people know. */
function nodes(plan: Plan): ReadonlyMap<string, string> {
  const { engine, staging, warehouse, redis, sources, mappings, steps } = plan;
  const found = new Map<string, unknown>([
    ['the version of etl', engine],
    ['the staging database', { ...staging, keep: null }],
    ['the warehouse', warehouse],
    ['redis', redis ?? null],
  ]);
  for (const [name, source] of Object.entries(sources)) found.set(`the source ${name}`, source);
  for (const [name, mapping] of Object.entries(mappings)) found.set(`the mapping ${name}`, mapping);
  for (const step of steps) {
    if (step.kind === 'extract')
      found.set(`the stream ${step.stream.source}.${step.stream.name}`, step.stream);
    if (step.kind === 'check') found.set(`the checks of ${step.mapping}`, step.checks);
    if (step.kind === 'load') found.set(`the load of ${step.mapping}`, step.statements);
  }
  return new Map([...found].map(([name, node]) => [name, canonical(node)]));
}

/** What is gone, other or new. Steps of the run itself may be a part of a plan: what they lack is not new. */
function movedNodes(then: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  const differing = [...then].flatMap(([name, node]) => {
    const present = now.get(name);
    if (present === undefined) return [`${name} is gone`];
    return present === node ? [] : [`${name} has changed`];
  });
  const isNew = (name: string): boolean => /^the (?:source|mapping) /.test(name) && !then.has(name);
  return [...differing, ...[...now.keys()].filter(isNew).map((name) => `${name} is new`)];
}
