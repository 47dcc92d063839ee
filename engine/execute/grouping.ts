import { atAccount } from '../model/accounts.ts';
import { assert } from '../model/errors.ts';
import type { Plan, Step } from '../model/plan.ts';

/** Streams of one account that are read at the same time, at most; each waits for its own budget. */
const perAccountMax = 4;
/** The same of all accounts: with its four pages ahead each is what bounds the memory of a run. */
const atOnceMax = 16;

/** Steps in order; neighbouring extractions in one group, and so are neighbouring sweeps. */
export function groups(steps: readonly Step[]): readonly (readonly Step[])[] {
  const grouped: Step[][] = [];
  for (const step of steps) {
    const last = grouped.at(-1);
    const joins = (step.kind === 'extract' || step.kind === 'sweep') && last?.[0]?.kind === step.kind;
    if (joins) last.push(step);
    else grouped.push([step]);
  }
  return grouped;
}

/**
 * Works on steps in their order, a few at a time; as soon as one is done the next begins, unless it reads what another one
 * stages. An account that waits for hours keeps no more than its own few places, and the others go on.
 */
export async function sideBySide(steps: readonly Step[], work: (step: Step) => Promise<void>): Promise<void> {
  const waiting = [...steps];
  const running = new Map<Step, Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    for (const step of [...waiting]) {
      if (!hasPlace(step, [...running.keys()]) || readsFrom(step, [...waiting, ...running.keys()])) continue;
      waiting.splice(waiting.indexOf(step), 1);
      running.set(
        step,
        work(step).finally(() => running.delete(step)),
      );
    }
    assert(running.size > 0, `${waiting[0]?.id} waits for no other step`);
    await Promise.race(running.values());
  }
}

const hasPlace = (step: Step, running: readonly Step[]): boolean =>
  running.length < atOnceMax &&
  running.filter((other) => accountOf(other) === accountOf(step)).length < perAccountMax;

/** Whether a step reads what one of the others stages: the parents of its records. */
const readsFrom = (step: Step, others: readonly Step[]): boolean =>
  step.kind === 'extract' &&
  step.stream.parent !== undefined &&
  others.some(
    (one) =>
      one.kind === 'extract' &&
      accountOf(one) === accountOf(step) &&
      one.stream.name === step.stream.parent?.stream,
  );

/** Steps of no stream are of one account: they are never side by side with others. */
const accountOf = (step: Step): string =>
  step.kind === 'extract' || step.kind === 'sweep' ? atAccount(step.stream.source, step.stream.account) : '';

/** Most rows in one load, by mapping. */
export const rowsMaxOf = ({ steps }: Plan): ReadonlyMap<string, number> =>
  new Map(steps.flatMap((step) => (step.kind === 'load' ? [[step.mapping, step.rowsMax]] : [])));
