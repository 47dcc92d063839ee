import { type Checked, type PlanScope, plan } from '../engine.ts';
import { accountsOf } from '../model/accounts.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { RefusedError, TransientError } from '../model/errors.ts';
import { holderText, loadLock } from '../model/locks.ts';
import type { Plan } from '../model/plan.ts';
import type { Project, SourceDocument } from '../model/project.ts';
import { emptyState, type StateSnapshot } from '../model/snapshot.ts';
import type { LockView } from '../model/state-port.ts';
import { systemClock } from '../services/clock.ts';
import { type BackfillWanted, withEnd } from './backfill-flags.ts';
import { inLab } from './in-lab.ts';
import { version } from './package.ts';
import { type Databases, databases, snapshot } from './state.ts';

const loadPollMs = 1000;

/** A project with a plan, whatever that was compiled against. */
export interface OpenedProject extends Databases {
  readonly project: Project;
  readonly plan: Plan;
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface PlannedProject extends OpenedProject {
  /** What the plan was compiled against. */
  readonly snapshot: StateSnapshot;
  /** What of the project it is. */
  readonly scope: PlanScope;
}

/** What is to be planned, where it is not all of a project. */
export interface PlanWanted {
  /** Whether everything is made of kept pages. */
  readonly fromLedger?: boolean;
  readonly backfill?: BackfillWanted | undefined;
}

type Valid = Checked & { readonly project: Project };

/** The plan of a project as it is declared, whatever its databases hold. @throws RefusedError (exit 3) when it has none */
export function declared(
  checked: Valid,
  project: Project = checked.project,
): Pick<OpenedProject, 'plan' | 'diagnostics'> {
  const made = plan(checked, project, version, emptyState);
  if (made.plan === undefined) throw new RefusedError('invalid', made.diagnostics);
  return { plan: made.plan, diagnostics: made.diagnostics };
}

/** Closes the databases where this fails: a connection that stays open keeps the process from ending. */
export async function closingOnFailure<T>(
  { staging, warehouse }: Databases,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await Promise.all([staging.close(), warehouse.close()]);
    throw error;
  }
}

/** Compiles a valid project against what its databases hold. @throws RefusedError (exit 3) when it cannot be. */
export async function planned(
  checked: Valid,
  lab: boolean,
  wanted: PlanWanted = {},
): Promise<PlannedProject> {
  const project = lab ? inLab(checked.project) : checked.project;
  const opened = await databases(project);
  return closingOnFailure(opened, () => plannedIn(checked, project, opened, wanted));
}

/** The same in databases that are open already. */
export async function plannedIn(
  checked: Valid,
  project: Project,
  opened: Databases,
  wanted: PlanWanted = {},
): Promise<PlannedProject> {
  const state = await patiently(opened, () => snapshot(project, opened));
  const scope = await scopeOf(wanted, project, opened);
  const compiled = plan(checked, project, version, state, scope);
  if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
  const { documents } = checked;
  const { diagnostics } = compiled;
  return { ...opened, project, plan: compiled.plan, scope, snapshot: state, documents, diagnostics };
}

/** Another part of a project that is planned already. @throws RefusedError (exit 3) when it cannot be */
export function replanned(checked: Checked, { project, snapshot }: PlannedProject, scope: PlanScope): Plan {
  const compiled = plan(checked, project, version, snapshot, scope);
  if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
  return compiled.plan;
}

/** What is planned: the end of a backfill may depend on where the stream stands. */
async function scopeOf(
  { backfill, fromLedger = false }: PlanWanted,
  project: Project,
  { staging }: Databases,
): Promise<PlanScope> {
  if (backfill === undefined) return { fromLedger };
  const typeOf = (full: string) => {
    const [source, stream = ''] = full.split('.');
    const declared = project.sources.find(({ name }) => name === source);
    return declared?.streams[stream]?.cursor?.type ?? 'timestamp';
  };
  const accountsIn = (full: string): readonly string[] => {
    const declared = project.sources.find(({ name }) => name === full.split('.')[0]);
    return declared === undefined ? [] : accountsOf(project, declared).map(({ account }) => account);
  };
  return { fromLedger, backfill: await withEnd(backfill, staging, { typeOf, accountsIn }) };
}

/** A run that loads has the warehouse open: it is waited for, as long as it goes on. */
async function patiently<T>(databases: Databases, work: () => Promise<T>): Promise<T> {
  for (let told = false; ; told = true) {
    const result = await work().catch((error: unknown) => ({ failure: error }));
    if (typeof result !== 'object' || result === null || !('failure' in result)) return result;
    const holder = await loading(databases, result.failure);
    if (!told)
      process.stderr.write(`waiting to plan: run ${holder.run} (${holderText(holder)}) is ${holder.what}\n`);
    await systemClock.sleep(loadPollMs);
  }
}

/** The run that has the warehouse open. @throws what has failed, when that is not the reason */
async function loading({ staging, state }: Databases, failure: unknown): Promise<LockView> {
  if (!(failure instanceof TransientError) || failure.diagnostic.code !== 'ETL0703') throw failure;
  await staging.migrate();
  const holder = (await state.locks.all()).find(({ name, free }) => name === loadLock && !free);
  if (holder === undefined) throw failure;
  return holder;
}
