import type { ExtractStep, MappingPlan, Plan, RemapStep, Step } from '../model/plan.ts';
import { canonical, sha256 } from './canonical.ts';

export interface Retry {
  /** Kept pages to map again, by mapping. */
  readonly pages: ReadonlyMap<string, readonly number[]>;
  /** Whether what fits is loaded at once. */
  readonly load: boolean;
}

/**
 * The part of a plan that retries Blockers: their pages are mapped again. A mapping that has changed since is made again
 * of all its pages, as a run would do.
 */
export function compileRetry(plan: Plan, { pages, load }: Retry): Plan {
  const mappings = Object.values(plan.mappings).filter(({ name }) => pages.has(name));
  const remaps = mappings.flatMap((mapping) => remap(plan, mapping, pages.get(mapping.name) ?? []));
  const isLoad = (step: Step): boolean =>
    step.kind !== 'extract' && step.kind !== 'remap' && step.kind !== 'reconcile' && pages.has(step.mapping);
  const { id: _, ...rest } = plan;
  const body = {
    ...rest,
    mappings: Object.fromEntries(mappings.map((mapping) => [mapping.name, mapping])),
    steps: [...remaps, ...(load ? plan.steps.filter(isLoad) : [])],
  };
  return { ...body, id: sha256(canonical(body)) };
}

function remap(plan: Plan, { name }: MappingPlan, pages: readonly number[]): readonly RemapStep[] {
  const whole = plan.steps.find(
    (step): step is RemapStep => step.kind === 'remap' && step.mapping === name && step.pages === undefined,
  );
  if (whole !== undefined) return [whole];
  const reads = plan.steps.find(
    (step): step is ExtractStep => step.kind === 'extract' && step.mappings.includes(name),
  );
  if (reads === undefined) return [];
  const reason = `${pages.length} kept ${pages.length === 1 ? 'page' : 'pages'} with Blockers that are retried`;
  return [{ kind: 'remap', id: `remap ${name}`, reason, mapping: name, stream: reads.stream, pages }];
}
