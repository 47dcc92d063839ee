import { streamName } from '../model/accounts.ts';
import type { MappingPlan, Plan, RemapStep, Step, StreamPlan } from '../model/plan.ts';
import { backfillStream } from './backfill.ts';
import { withId } from './canonical.ts';
import { fromText } from './state-steps.ts';

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
    !['extract', 'sweep', 'remap', 'reconcile'].includes(step.kind) &&
    'mapping' in step &&
    pages.has(step.mapping);
  return withId({
    ...plan,
    partial: true,
    mappings: Object.fromEntries(mappings.map((mapping) => [mapping.name, mapping])),
    steps: [
      ...plan.steps.filter(({ kind }) => kind === 'rename'),
      ...remaps,
      ...(load ? plan.steps.filter(isLoad) : []),
    ],
  });
}

function remap(plan: Plan, { name, stream }: MappingPlan, pages: readonly number[]): readonly RemapStep[] {
  const whole = plan.steps.filter(
    (step): step is RemapStep => step.kind === 'remap' && step.mapping === name && step.pages === undefined,
  );
  if (whole.length > 0) return whole;
  const reason = `${pages.length} kept ${pages.length === 1 ? 'page' : 'pages'} with Blockers that are retried`;
  return plan.steps.flatMap((step): RemapStep[] =>
    streamsWithRows(step, stream, name).map((one) => {
      const from = fromText(stream, one);
      return { kind: 'remap', id: `remap ${name}${from}`, reason, mapping: name, stream: one, pages };
    }),
  );
}

/** Streams of a step that bring rows for a mapping. One that lists what is gone has no rows, and no Blockers. */
function streamsWithRows(step: Step, own: string, mapping: string): readonly StreamPlan[] {
  if ((step.kind !== 'extract' && step.kind !== 'sweep') || !step.mappings.includes(mapping)) return [];
  if (step.kind === 'sweep') return [step.stream];
  if (streamName(step.stream) !== own) return [];
  return step.stream.cursor === undefined ? [step.stream] : [step.stream, backfillStream(step.stream)];
}
