import { join } from 'node:path';
import { type RunServices, run } from '../engine.ts';
import { RefusedError } from '../model/errors.ts';
import type { Allowance } from '../model/estimate.ts';
import type { Plan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import type { SavedPlan } from '../model/saved-plan.ts';
import { sendAlerts } from '../operations/alerts/alerts.ts';
import { runExitCode } from '../report/exit-code.ts';
import { reportText } from '../report/report.ts';
import { environmentReferences } from '../services/references.ts';
import { runArtifacts } from '../services/run-artifacts.ts';
import { allowancesOf } from './allowances.ts';
import type { Outcome } from './base-command.ts';
import { withFieldPlaces } from './field-places.ts';
import { startLabProcess } from './in-lab.ts';
import { measured } from './measured.ts';
import { metricsOf } from './metrics-of.ts';
import { missingReferences } from './missing-references.ts';
import type { PlannedProject } from './planned.ts';
import { progressOn, silentProgress } from './progress.ts';
import { runIdentity } from './run-identity.ts';
import { type Interruption, interruption } from './signals.ts';
import { closeServices, wire } from './wire.ts';

export interface RunFlags {
  readonly lab: boolean;
  /** Of a lab that is running already. */
  readonly labUrl: string | undefined;
  readonly env: string | undefined;
  readonly quiet: boolean;
}

/** Of a run that performs a plan whole: the saved one, and whether it may be performed once only. */
export type WholePlan = SavedPlan | { readonly once: false };

const appliesOf = (whole: WholePlan | undefined, runId: string): Pick<RunServices, 'applies'> => {
  if (whole === undefined) return {};
  return { applies: { nonce: 'nonce' in whole ? whole.nonce : runId, once: whole.once } };
};

/**
 * Performs a plan from the command line: wires its services, watches for Ctrl-C, and closes the databases.
 * @throws RefusedError (exit 4) when its quotas are used up
 */
export async function performRun(work: PlannedProject, flags: RunFlags, whole?: WholePlan): Promise<Outcome> {
  const stop = interruption('saving what was received');
  try {
    const allowances = await allowancesOf(work, { saved: whole && 'nonce' in whole ? whole : undefined });
    const lab = flags.lab ? await startLabProcess(work.project.folder, flags.env) : undefined;
    try {
      const url = lab?.url ?? flags.labUrl;
      return await execute({ work, lab: url, quiet: flags.quiet, stop, allowances, whole });
    } finally {
      await lab?.close();
    }
  } finally {
    stop.stop();
    await Promise.all([work.staging.close(), work.warehouse.close()]);
  }
}

interface Performance {
  readonly work: PlannedProject;
  readonly lab: string | undefined;
  readonly quiet: boolean;
  readonly stop: Interruption;
  readonly allowances: ReadonlyMap<string, Allowance>;
  readonly whole: WholePlan | undefined;
}

async function execute({ work, lab, quiet, stop, allowances, whole }: Performance): Promise<Outcome> {
  const runId = runIdentity(new Date());
  const folder = join(work.project.folder, '.etl', 'runs', runId);
  const references = environmentReferences(work.project.folder, process.env);
  const metrics = await metricsOf(work.plan, runId, references);
  const services = await wire({
    project: work.project,
    plan: work.plan,
    databases: work,
    runId,
    artifacts: runArtifacts(folder),
    progress: (waiting) => (quiet ? silentProgress : progressOn(process.stderr, { waiting })),
    metrics,
    signal: stop.signal,
    allowances,
    ...appliesOf(whole, runId),
    ...(lab !== undefined && { lab }),
  });
  try {
    requireReferences(work, services.references);
    if (!quiet) process.stderr.write(note(work.plan));
    const { plan } = work;
    const report = await measured({ plan, limiter: services.limiter, metrics }, () => run(plan, services));
    const { staging, memory, http, clock, limiter, state } = services;
    const channel = {
      http,
      clock,
      memory,
      references,
      blockers: staging.blockers,
      limiter,
      runs: state.runs,
      plan,
    };
    const unsent = await sendAlerts(plan.alerts ?? [], report, channel);
    const exitCode = runExitCode(report, stop.received());
    return {
      exitCode,
      result: report,
      diagnostics: [...work.diagnostics, ...withFieldPlaces(report.diagnostics, work.documents), ...unsent],
      text: reportText(report),
    };
  } finally {
    await closeServices(services);
    await metrics.close();
  }
}

/** All missing variables and files at once, before anything is fetched. */
function requireReferences({ plan, documents }: PlannedProject, references: References): void {
  const missing = missingReferences(plan, references, documents);
  if (missing.length > 0) throw new RefusedError('invalid', missing);
}

const note = (plan: Plan): string =>
  plan.redis === undefined && Object.values(plan.sources).some(({ budget }) => budget.limits.length > 0)
    ? 'Budgets are kept by this process alone: two runs at once could exceed them together.\n'
    : '';
