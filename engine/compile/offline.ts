import { accountStream } from '../model/accounts.ts';
import type { ExtractStep, Plan, SourcePlan, Step, StreamPlan } from '../model/plan.ts';
import type { RecordingHead } from '../model/recording.ts';
import { withId } from './canonical.ts';

/**
 * The plan that replays recordings: it reads the recorded streams, each from where its recording begins, without credentials,
 * limits, lookups and caches, since all of these speak to somebody; and it maps, stages, checks and loads as ever.
 */
export function offlinePlan(plan: Plan, recordings: readonly RecordingHead[]): Plan {
  const heads = new Map(recordings.map((head) => [head.stream, head]));
  const steps = plan.steps.flatMap((step): Step[] => {
    if (step.kind === 'sweep' || step.kind === 'reconcile') return [];
    if (step.kind !== 'extract') return [step];
    const head = heads.get(accountStream(step.stream));
    return head === undefined ? [] : [offlineStep(step, head)];
  });
  const sources = Object.entries(plan.sources).map(
    ([name, source]) => [name, offlineSource(source)] as const,
  );
  const { redis: _, metrics: __, alerts: ___, tokenKey: ____, pageKey: _____, ...rest } = plan;
  return withId({ ...rest, sources: Object.fromEntries(sources), steps, references: [] });
}

const offlineStep = (step: ExtractStep, { windowFrom }: RecordingHead): ExtractStep => ({
  ...step,
  stream: offlineStream(step.stream, windowFrom),
});

function offlineStream(
  { cache: _, cursor, ...stream }: StreamPlan,
  windowFrom: string | undefined,
): StreamPlan {
  if (cursor === undefined) return { ...stream, lookups: [] };
  const { start: __, ...asked } = cursor;
  return {
    ...stream,
    lookups: [],
    cursor: { ...asked, ...(windowFrom !== undefined && { start: windowFrom }) },
  };
}

const offlineSource = (source: SourcePlan): SourcePlan => ({
  ...source,
  auth: { type: 'none' },
  headers: {},
  attemptsMax: 1,
  budget: { ...source.budget, limits: [] },
});
