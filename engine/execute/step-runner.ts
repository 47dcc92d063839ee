import { type Diagnostic, hasErrors } from '../model/diagnostic.ts';
import { ExplainedError, RefusedError, TerminalError } from '../model/errors.ts';
import type { MappingPlan, Plan, Step } from '../model/plan.ts';
import type { StepResult } from '../model/run-report.ts';
import { redacted } from './findings.ts';
import { sideBySide } from './grouping.ts';
import type { RunLedger } from './run-ledger.ts';
import type { RunLocks } from './run-locks.ts';
import type { RunServices } from './run-services.ts';
import { keepResult } from './state.ts';
import { decided } from './step-blockers.ts';

/** What every step of a run is performed with. */
export interface StepRun {
  readonly plan: Plan;
  readonly services: RunServices;
  readonly ledger: RunLedger;
  readonly locks: RunLocks;
  /** Does what a step says, until the signal is aborted. */
  perform(step: Step, signal: AbortSignal): Promise<readonly Diagnostic[]>;
}

export const timestamp = ({ clock }: RunServices): string => new Date(clock.now()).toISOString();

/**
 * Makes the tables of all mappings, and reconciles staging with the warehouse where they differ. What is changed here must not
 * be loaded by another run meanwhile.
 */
export async function prepareAll(run: StepRun): Promise<void> {
  try {
    await prepareMappings(run);
  } catch (error) {
    // Then every step says so itself.
    if (run.services.signal.aborted) return;
    if (!(error instanceof ExplainedError) || error.diagnostic.code !== 'ETL0630') throw error;
    throw new RefusedError('refused', [error.diagnostic]);
  }
}

async function prepareMappings(run: StepRun): Promise<void> {
  const { plan, services, locks, ledger } = run;
  const known = await services.staging.mappingHashes();
  // One that has not changed is made anew by nobody, also where another run stages rows of it.
  const isFree = ({ name, hash, stream }: MappingPlan): boolean =>
    known.get(name) === hash || !locks.isRefused(stream);
  const mappings = Object.values(plan.mappings).filter(isFree);
  for (const mapping of Object.values(plan.mappings)) if (!isFree(mapping)) locks.leave(mapping.stream);
  const reconciling = plan.steps.filter(({ kind }) => kind === 'reconcile');
  const renaming = plan.steps.filter(({ kind }) => kind === 'rename');
  const changes =
    reconciling.length + renaming.length > 0 || mappings.some(({ name, hash }) => known.get(name) !== hash);
  if (changes) await locks.loading(services.signal);
  for (const step of renaming) await performStep(run, step, services.signal);
  // What was to be renamed must not be made anew beside it.
  if (ledger.isHalted) return locks.releaseLoading();
  for (const mapping of mappings) await services.staging.prepare(mapping);
  for (const step of reconciling) await performStep(run, step, services.signal);
  if (changes) await locks.releaseLoading();
}

/**
 * Performs steps side by side, so many of them as `sideBySide` lets. A bug in one stops the others, which may be waiting for
 * an hour.
 */
export async function performGroup(run: StepRun, group: readonly Step[]): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.services.signal, stop.signal]);
  let bug: { readonly error: unknown } | undefined;
  await sideBySide(group, (step) =>
    performStep(run, step, signal).catch((error: unknown) => {
      bug ??= { error };
      stop.abort(error);
    }),
  );
  if (bug !== undefined) throw bug.error;
}

async function performStep(run: StepRun, step: Step, signal: AbortSignal): Promise<void> {
  const { services, ledger } = run;
  const startedAt = timestamp(services);
  const finish = async (status: StepResult['status'], found: readonly Diagnostic[]): Promise<void> => {
    const diagnostics = found.map((diagnostic) => redacted(diagnostic, services.references));
    ledger.finished(step, status, diagnostics);
    await keepResult(services, {
      step: step.id,
      status,
      startedAt,
      finishedAt: timestamp(services),
      diagnostics,
    });
    services.progress.update({ kind: 'step', step: step.id, state: status });
  };
  if (signal.aborted) return finish('interrupted', []);
  if (ledger.blocked(step)) return finish('skipped', []);
  services.progress.update({ kind: 'step', step: step.id, state: 'started' });
  try {
    const diagnostics = await performAdmitted(run, step, signal);
    await decided(run.plan, services, step, diagnostics);
    await finish(hasErrors(diagnostics) ? 'failed' : 'succeeded', diagnostics);
  } catch (error) {
    if (signal.aborted) return finish('interrupted', []);
    if (!(error instanceof ExplainedError)) throw error;
    if (error instanceof TerminalError) await decided(run.plan, services, step, [error.diagnostic]);
    const help = [`In step: ${step.id}.`, ...error.diagnostic.help];
    await finish('failed', [{ ...error.diagnostic, help }]);
  }
}

/** Performs a step under its lock; when that is lost, the step ends. */
async function performAdmitted(
  run: StepRun,
  step: Step,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  const lost = await run.locks.admit(step, signal);
  return run.perform(step, AbortSignal.any([signal, lost]));
}
