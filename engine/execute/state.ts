import { accountStream } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError, RefusedError } from '../model/errors.ts';
import type { Plan, ReconcileStep, RenameStep } from '../model/plan.ts';
import type { SettledPosition } from '../model/ports.ts';
import type { StepResult } from '../model/run-report.ts';
import { appliedAlready } from '../model/saved-plan.ts';
import { streamRefs } from '../model/stream-refs.ts';
import { reconciled } from './findings.ts';
import type { RunServices } from './run-services.ts';

/** Responses that a run drops at its end, at most: the next one goes on. */
const pagesDroppedMax = 2000;
/** Units of the warehouse that are looked at. */
const unitsMax = 10_000;

/** Keeps how a step ended: the files say it whatever happens to the database. */
export async function keepResult(
  { artifacts, state, runId }: RunServices,
  result: StepResult,
): Promise<void> {
  artifacts.step(result);
  await unlessItFails(() => state.runs.finishStep(runId, result));
}

/** Takes the warehouse's word for what staging has lost. */
export async function performReconcile(
  { warehouse, state }: RunServices,
  step: ReconcileStep,
  environment: string,
): Promise<readonly Diagnostic[]> {
  const after = await state.positions.leastLoaded();
  const units = await warehouse.loadedUnits(environment, after, unitsMax);
  return [reconciled(step.reason, await state.positions.reconcile(units))];
}

/**
 * Gives what is kept its new name: in the warehouse first, since staging's old name is what says that something is left to do.
 * Killed between any two of its statements, the next run finds what is left.
 */
export async function performRename(
  { warehouse, state }: RunServices,
  { rename }: RenameStep,
  environment: string,
): Promise<readonly Diagnostic[]> {
  if (rename.what === 'stream') {
    await state.renames.stream(rename);
    return [];
  }
  // Units are known by the mapping's name and hash: those that a crash has kept from being noted must be before both change.
  const units = await warehouse.loadedUnits(environment, await state.positions.leastLoaded(), unitsMax);
  for (const name of new Set([rename.from, rename.to]))
    await state.positions.recognise(
      rename.from,
      units.filter(({ mapping }) => mapping === name),
    );
  if (rename.statements.length > 0) await warehouse.define(rename.statements);
  await state.renames.mapping(rename);
  return [];
}

/** Drops what retention lets go. A run that has done its work does not fail for it. */
export async function compactAfter(
  plan: Plan,
  { state, signal, clock }: Pick<RunServices, 'state' | 'signal' | 'clock'>,
): Promise<void> {
  if (signal.aborted || plan.partial) return;
  const { keep } = plan.staging;
  await unlessItFails(async () => {
    await state.positions.compact(streamRefs(plan), keep, pagesDroppedMax);
    await state.runs.forget(new Date(clock.now() - keep.ageMs).toISOString());
  });
}

/** How far each stream is loaded, filtered or set aside, by `source.stream`. */
export async function settledPositions(
  plan: Plan,
  { state }: RunServices,
): Promise<ReadonlyMap<string, SettledPosition>> {
  const found = new Map<string, SettledPosition>();
  if (plan.partial) return found;
  await unlessItFails(async () => {
    for (const stream of streamRefs(plan))
      found.set(accountStream(stream), await state.positions.settled(stream));
  });
  return found;
}

async function unlessItFails(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof ExplainedError)) throw error;
  });
}

/** Keeps the plan of a run, and notes it as applied where it is a whole one. @throws RefusedError when it was already */
export async function keepPlan(
  plan: Plan,
  { state, runId, applies }: Pick<RunServices, 'state' | 'runId' | 'applies'>,
): Promise<void> {
  await state.runs.keepPlan(plan);
  if (applies === undefined) return;
  const { id, partial = false } = plan;
  const before = await state.runs.apply({ ...applies, plan: id, run: runId, partial });
  if (before !== undefined) throw new RefusedError('refused', [appliedAlready(before)]);
}
