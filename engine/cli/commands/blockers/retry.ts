import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { retry, run } from '../../../engine.ts';
import type { Blocker } from '../../../model/blocker.ts';
import type { RunReport } from '../../../model/run-report.ts';
import { pagesByMapping } from '../../../operations/blockers.ts';
import { retriedText } from '../../../report/blockers-text.ts';
import { runExitCode } from '../../../report/exit-code.ts';
import { noMetrics } from '../../../services/metrics/no-metrics.ts';
import { runArtifacts } from '../../../services/run-artifacts.ts';
import type { Outcome } from '../../base-command.ts';
import { actor, BlockersCommand, callSuffix, changeFlags } from '../../blockers-command.ts';
import { type PlannedProject, planned } from '../../planned.ts';
import { silentProgress } from '../../progress.ts';
import { runIdentity } from '../../run-identity.ts';
import { type Interruption, interruption } from '../../signals.ts';
import { closeServices, wire } from '../../wire.ts';

export default class BlockersRetry extends BlockersCommand {
  static override readonly summary = 'Map rows again that did not fit, from the pages that are kept.';
  static override readonly description =
    'Asks no API. A row that fits the mapping as it is now is staged, and the next run loads it; with --load it is loaded at once.';
  static override readonly usage = 'blockers retry [ID…]';
  static override readonly examples = [
    '<%= config.bin %> blockers retry 12',
    '<%= config.bin %> blockers retry --mapping order_lines --load',
  ];
  static override readonly strict = false;
  static override readonly flags = {
    ...changeFlags,
    load: Flags.boolean({ description: 'Load what fits at once, with all that is staged of its mapping.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(BlockersRetry);
    const checked = await this.project(flags);
    const work = await planned(checked, flags.lab);
    const stop = interruption('stopping');
    try {
      const { blockers } = work.staging;
      await work.staging.migrate();
      const chosen = await this.chosen(blockers, argv as string[], flags);
      const report = await mapAgain(work, chosen, flags, stop);
      await markSteps(work, chosen);
      const ids = chosen.map(({ id }) => id);
      const now = (await blockers.find({ ids }, ids.length)).toReversed();
      return {
        exitCode: report === undefined ? 0 : runExitCode(report, stop.received()),
        result: { run: report?.run ?? null, blockers: now, report: report ?? null },
        diagnostics: report?.diagnostics ?? [],
        text: retriedText(now, {
          suffix: callSuffix(flags),
          loaded: flags.load,
          mappings: Object.keys(work.plan.mappings),
        }),
      };
    } finally {
      stop.stop();
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }
}

/** Maps the pages of Blockers of records again; undefined where there are none. */
async function mapAgain(
  work: PlannedProject,
  chosen: readonly Blocker[],
  { load, lab }: { readonly load: boolean; readonly lab: boolean },
  stop: Interruption,
): Promise<RunReport | undefined> {
  const rows = chosen.filter(({ kind, status }) => kind === 'record' && status !== 'resolved');
  const pages = await pagesByMapping(work.staging.blockers, rows);
  const plan = retry(work.plan, { pages, load });
  if (plan.steps.length === 0) return undefined;
  const runId = runIdentity(new Date());
  const services = await wire({
    project: work.project,
    plan,
    databases: work,
    runId,
    artifacts: runArtifacts(join(work.project.folder, '.etl', 'runs', runId)),
    progress: () => silentProgress,
    metrics: noMetrics,
    signal: stop.signal,
    // Nothing is asked there: it only says where references come from.
    ...(lab && { lab: 'http://127.0.0.1' }),
  });
  try {
    return await run(plan, services);
  } finally {
    await closeServices(services);
  }
}

/** What has stopped a step is tried by the next run: nothing of it is kept here. */
async function markSteps({ staging }: PlannedProject, chosen: readonly Blocker[]): Promise<void> {
  const steps = chosen.filter(({ kind, status }) => kind !== 'record' && status === 'open');
  const change = { event: 'retried', detail: 'the next run tries it' } as const;
  await staging.blockers.change(
    steps.map(({ id }) => id),
    change,
    actor(),
  );
}
