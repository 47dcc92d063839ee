import { Flags } from '@oclif/core';
import { changesOf, selectNodes, withoutParents } from '../engine.ts';
import { RefusedError } from '../model/errors.ts';
import type { PlanChanges } from '../model/plan-changes.ts';
import type { OpenedProject, PlannedProject } from './planned.ts';

/** Of `plan` and `run`. */
export const selectFlags = {
  select: Flags.string({
    char: 's',
    multiple: true,
    description:
      'Only these: names of `etl ls` with `*`, `tag:NAME`, `state:modified`; `+NAME` with what it is made of, `NAME+` with what is made of it.',
    helpValue: 'SELECTOR',
  }),
  exclude: Flags.string({ multiple: true, description: 'But not these.', helpValue: 'SELECTOR' }),
};

interface SelectFlags {
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export const isPart = ({ select = [], exclude = [] }: SelectFlags): boolean =>
  select.length + exclude.length > 0;

export async function changesSinceLast({ staging, state, plan }: OpenedProject): Promise<PlanChanges> {
  return changesOf((await staging.exists()) ? await state.runs.lastApplied() : undefined, plan);
}

/** The part of the plan that the flags choose. @throws RefusedError (exit 3) where one of them chooses nothing */
export async function chosen(work: PlannedProject, flags: SelectFlags): Promise<PlannedProject> {
  if (!isPart(flags)) return work;
  const { select = [], exclude = [] } = flags;
  const { plan, diagnostics } = selectNodes(
    work.project,
    work.plan,
    { select, exclude },
    await changesSinceLast(work),
  );
  if (plan === undefined) throw new RefusedError('invalid', diagnostics);
  return {
    ...work,
    plan,
    diagnostics: [...work.diagnostics, ...withoutParents(plan, work.snapshot.keptPages)],
  };
}
