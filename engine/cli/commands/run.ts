import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { run } from '../../engine.ts';
import { RefusedError } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import type { References } from '../../model/ports.ts';
import { sendAlerts } from '../../operations/alerts/alerts.ts';
import { runExitCode } from '../../report/exit-code.ts';
import { reportText } from '../../report/report.ts';
import { environmentReferences } from '../../services/references.ts';
import { runArtifacts } from '../../services/run-artifacts.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { startLabProcess } from '../in-lab.ts';
import { labUrl } from '../lab-url.ts';
import { measured } from '../measured.ts';
import { metricsOf } from '../metrics-of.ts';
import { missingReferences } from '../missing-references.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { progressOn, silentProgress } from '../progress.ts';
import { runIdentity } from '../run-identity.ts';
import { type Interruption, interruption } from '../signals.ts';
import { closeServices, wire } from '../wire.ts';

export default class Run extends BaseCommand {
  static override readonly summary =
    'Fetch what changed, stage it, check it, and load it into the warehouse.';
  static override readonly description =
    'Compiles the project and performs the plan. Interrupted or failed runs lose nothing: the next one goes on where this one stopped.';
  static override readonly examples = [
    '<%= config.bin %> run --lab',
    '<%= config.bin %> run --env production',
    '<%= config.bin %> run --json > report.json',
  ];
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({
      description: 'Read from the lab instead of the real APIs: no account, no quota, no secrets.',
    }),
    'lab-url': Flags.string({
      description: 'Read from a lab that is already running (`etl lab`).',
      helpValue: 'URL',
      parse: async (text) => labUrl('--lab-url', text),
      exclusive: ['lab'],
    }),
    quiet: Flags.boolean({ char: 'q', description: 'No progress.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Run);
    const checked = await this.project(flags);
    const inLab = flags.lab || flags['lab-url'] !== undefined;
    const work = await planned(checked, inLab);
    const lab = flags.lab ? await startLabProcess(checked.project.folder, flags.env) : undefined;
    const stop = interruption('saving what was received');
    try {
      return await this.#execute(work, lab?.url ?? flags['lab-url'], flags.quiet || flags.json, stop);
    } finally {
      stop.stop();
      await lab?.close();
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }

  async #execute(
    work: PlannedProject,
    lab: string | undefined,
    quiet: boolean,
    stop: Interruption,
  ): Promise<Outcome> {
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
      ...(lab !== undefined && { lab }),
    });
    try {
      requireReferences(work, services.references);
      if (!quiet) process.stderr.write(note(work.plan));
      const { plan } = work;
      const report = await measured({ plan, limiter: services.limiter, metrics }, () => run(plan, services));
      const { staging, memory, http, clock } = services;
      const channel = { http, clock, memory, references, blockers: staging.blockers };
      const unsent = await sendAlerts(plan.alerts ?? [], report, channel);
      const exitCode = runExitCode(report, stop.received());
      return {
        exitCode,
        result: report,
        diagnostics: [...work.diagnostics, ...report.diagnostics, ...unsent],
        text: reportText(report),
      };
    } finally {
      await closeServices(services);
      await metrics.close();
    }
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
