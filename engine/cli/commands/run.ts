import { Flags } from '@oclif/core';
import { parityFindings } from '../../engine.ts';
import { RefusedError } from '../../model/errors.ts';
import type { ParityGate } from '../../model/evidence.ts';
import type { SavedPlan } from '../../model/saved-plan.ts';
import { systemClock } from '../../services/clock.ts';
import { backfillFlags, backfillWanted } from '../backfill-flags.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { parityGate } from '../evidence-files.ts';
import { evidenceFlag } from '../evidence-flag.ts';
import { fromLedgerFlag } from '../from-ledger.ts';
import { labUrl } from '../lab-url.ts';
import { performRun } from '../perform-run.ts';
import { environmentOf, readPlanFile, stalenessOf } from '../plan-file.ts';
import { closingOnFailure, type PlannedProject, planned } from '../planned.ts';
import { changesSinceLast, chosen, isPart, selectFlags } from '../selection.ts';

export default class Run extends BaseCommand {
  static override readonly summary =
    'Fetch what changed, stage it, check it, and load it into the warehouse.';
  static override readonly description =
    'Compiles the project and performs the plan. Interrupted or failed runs lose nothing: the next one goes on where this one stopped.';
  static override readonly examples = [
    '<%= config.bin %> run --lab',
    '<%= config.bin %> run --env production',
    '<%= config.bin %> run --select shop.orders+ --exclude tag:slow',
    '<%= config.bin %> run --plan plan.json',
    '<%= config.bin %> run --from-ledger',
    '<%= config.bin %> run --backfill shop.orders --from 2025-01-01 --to 2025-07-01 --share 50%',
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
    plan: Flags.string({
      description:
        'Perform just the plan that `etl plan --out` has saved; exit code 4, naming what has moved, where that cannot be.',
      helpValue: 'FILE',
      exclusive: ['select', 'exclude', 'backfill'],
    }),
    evidence: evidenceFlag,
    'from-ledger': fromLedgerFlag,
    ...selectFlags,
    ...backfillFlags,
    quiet: Flags.boolean({ char: 'q', description: 'No progress.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Run);
    const saved = flags.plan === undefined ? undefined : readPlanFile(flags.plan);
    const env = saved === undefined ? flags.env : environmentOf(saved, flags.env);
    const checked = await this.project({ ...flags, env });
    const inLab = flags.lab || flags['lab-url'] !== undefined;
    const fromLedger = flags['from-ledger'] || saved?.fromLedger === true;
    const backfill = backfillWanted(flags) ?? saved?.backfill;
    const gate = inLab ? undefined : parityGate(checked, flags.evidence);
    const work = await planned(checked, inLab, { fromLedger, backfill });
    const quiet = flags.quiet || flags.json;
    const how = { lab: flags.lab, labUrl: flags['lab-url'], env, quiet };
    if (saved !== undefined) return performRun(await asSaved(work, saved, gate), how, saved);
    const part = await closingOnFailure(work, async () => {
      await requireParity(work, gate);
      return chosen(work, flags);
    });
    const isWhole = !fromLedger && backfill === undefined && !isPart(flags);
    return performRun(part, how, isWhole ? { once: false } : undefined);
  }
}

/** The saved plan, where it is as good as when it was made. @throws RefusedError (exit 4) with what has moved */
const asSaved = (
  work: PlannedProject,
  saved: SavedPlan,
  gate: ParityGate | undefined,
): Promise<PlannedProject> =>
  closingOnFailure(work, async () => {
    const moved = await stalenessOf(saved, work, gate);
    if (moved.length > 0) throw new RefusedError('refused', moved);
    return { ...work, plan: saved.plan };
  });

/**
 * A run without a saved plan may go on as before; one that would change mappings or tables needs the evidence that a plan would.
 * @throws RefusedError (exit 4) without it
 */
async function requireParity(work: PlannedProject, gate: ParityGate | undefined): Promise<void> {
  if (gate === undefined) return;
  const { nodes, work: asked } = await changesSinceLast(work);
  if (nodes.length + asked.length === 0) return;
  const lacking = parityFindings(gate, gate.newest, systemClock.now());
  if (lacking.length > 0) throw new RefusedError('refused', lacking);
}
