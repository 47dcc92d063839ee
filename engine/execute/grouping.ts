import type { ExtractStep, Plan, Step } from '../model/plan.ts';

/** Streams read at the same time, at most; each waits for its own budget. */
const streamsAtOnceMax = 4;

/** Whether a step reads what an extraction of the group stages. */
const readsFrom = (step: ExtractStep, group: readonly Step[]): boolean =>
  group.some(
    (one) =>
      one.kind === 'extract' &&
      one.stream.source === step.stream.source &&
      one.stream.name === step.stream.parent?.stream,
  );

/** Steps in order; neighbouring extractions in one group, unless one reads what another one stages. */
export function groups(steps: readonly Step[]): readonly (readonly Step[])[] {
  const grouped: Step[][] = [];
  for (const step of steps) {
    const last = grouped.at(-1);
    const joins =
      step.kind === 'extract' &&
      last?.[0]?.kind === 'extract' &&
      last.length < streamsAtOnceMax &&
      !readsFrom(step, last);
    if (joins) last.push(step);
    else grouped.push([step]);
  }
  return grouped;
}

/** Most rows in one load, by mapping. */
export const rowsMaxOf = ({ steps }: Plan): ReadonlyMap<string, number> =>
  new Map(steps.flatMap((step) => (step.kind === 'load' ? [[step.mapping, step.rowsMax]] : [])));
