import type { Plan, Step } from '../model/plan.ts';

/** Streams read at the same time, at most; each waits for its own budget. */
const streamsAtOnceMax = 4;

/** Steps in order; neighbouring extractions in one group. */
export function groups(steps: readonly Step[]): readonly (readonly Step[])[] {
  const grouped: Step[][] = [];
  for (const step of steps) {
    const last = grouped.at(-1);
    const joins = step.kind === 'extract' && last?.[0]?.kind === 'extract' && last.length < streamsAtOnceMax;
    if (joins) last.push(step);
    else grouped.push([step]);
  }
  return grouped;
}

/** Most rows in one load, by mapping. */
export const rowsMaxOf = ({ steps }: Plan): ReadonlyMap<string, number> =>
  new Map(steps.flatMap((step) => (step.kind === 'load' ? [[step.mapping, step.rowsMax]] : [])));
