import { randomUUID } from 'node:crypto';
import { Flags } from '@oclif/core';
import { parityFindings, savePlan } from '../../engine.ts';
import type { PlanEstimate } from '../../model/estimate.ts';
import type { PlanState } from '../../model/saved-plan.ts';
import { parseDuration, parsePercent } from '../../model/units.ts';
import { estimatePlan } from '../../operations/estimate/estimate.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { planMarkdown } from '../../report/plan-markdown.ts';
import { planText } from '../../report/plan-text.ts';
import { backfillFlags, backfillWanted, percentFlag } from '../backfill-flags.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { parityGate } from '../evidence-files.ts';
import { evidenceFlag } from '../evidence-flag.ts';
import { factsOf } from '../facts.ts';
import { fromLedgerFlag } from '../from-ledger.ts';
import { planStateOf, writePlanFile } from '../plan-file.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { changesSinceLast, chosen, selectFlags } from '../selection.ts';

export default class PlanCommand extends BaseCommand {
  static override readonly summary =
    'Show what a run will do, step by step, and what it costs; nothing is fetched or changed.';
  static override readonly description =
    'The list is the very one that `etl run` performs. It holds no secret: references stay as written. With `--out` it is saved: `etl run --plan` performs just that, or refuses and says what has moved.';
  static override readonly examples = [
    '<%= config.bin %> plan',
    '<%= config.bin %> plan --sql',
    '<%= config.bin %> plan --select +order_lines tag:finance',
    '<%= config.bin %> plan --out plan.json --expires 8h',
    '<%= config.bin %> plan --detailed-exitcode --format markdown > comment.md',
    '<%= config.bin %> plan --lab --json',
    '<%= config.bin %> plan --from-ledger',
    '<%= config.bin %> plan --backfill shop.orders --from 2025-01-01 --to 2025-07-01 --share 50% --out plan.json',
  ];
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Plan a run in the lab.' }),
    'from-ledger': fromLedgerFlag,
    ...selectFlags,
    ...backfillFlags,
    sql: Flags.boolean({ description: 'Show the SQL of every step.' }),
    evidence: evidenceFlag,
    out: Flags.string({
      description: 'Save the plan for `etl run --plan`.',
      helpValue: 'FILE',
      exclusive: ['select', 'exclude'],
    }),
    expires: Flags.string({
      description: 'How long a saved plan is good.',
      default: '24h',
      helpValue: 'DURATION',
      parse: async (text) => durationFlag('--expires', text),
    }),
    'allow-over': Flags.string({
      description:
        'How much more than estimated a stream of a saved plan may ask for; 50% unless `plans.allowOver` says otherwise.',
      helpValue: 'PERCENT',
      dependsOn: ['out'],
      parse: async (text) => percentFlag('--allow-over', text),
    }),
    'detailed-exitcode': Flags.boolean({
      description: 'Exit with 2 where a run does more than to read and load what is declared as before.',
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(PlanCommand);
    const checked = await this.project(flags);
    const gate = flags.lab ? undefined : parityGate(checked, flags.evidence);
    const wanted = { fromLedger: flags['from-ledger'], backfill: backfillWanted(flags) };
    const work = await planned(checked, flags.lab, wanted);
    const { staging, warehouse } = work;
    try {
      const { plan, diagnostics } = await chosen(work, flags);
      const facts = await factsOf(work);
      const estimate = estimatePlan(plan, facts);
      const changes = await changesSinceLast(work);
      const text = [planText(plan, flags.sql, { estimate, changes })];
      if (flags.out !== undefined)
        text.push('', save(work, planStateOf(work, facts, gate), { ...flags, out: flags.out }, estimate));
      const lacking = parityFindings(gate, gate?.newest, facts.nowMs);
      const isChange = changes.nodes.length + changes.work.length > 0;
      return {
        exitCode: flags['detailed-exitcode'] && isChange ? exitCodes.changes : exitCodes.ok,
        result: { ...plan, estimate, changes },
        // Whether a plan may be performed is said when it is: until then there is time to compare.
        diagnostics: [...diagnostics, ...lacking.map((one) => ({ ...one, severity: 'warning' as const }))],
        text: text.join('\n'),
        summary: planMarkdown(plan, estimate, changes),
      };
    } finally {
      await Promise.all([staging.close(), warehouse.close()]);
    }
  }
}

interface SaveFlags {
  readonly out: string;
  readonly expires: string;
  readonly 'allow-over'?: string | undefined;
}

/** Saves a plan, and says so. */
function save(
  { scope, project }: PlannedProject,
  state: PlanState,
  flags: SaveFlags,
  estimate: PlanEstimate,
): string {
  const saved = savePlan(state, {
    nonce: randomUUID(),
    expiresMs: parseDuration(flags.expires),
    fromLedger: scope.fromLedger === true,
    ...(scope.backfill && { backfill: scope.backfill }),
    allowOver: parsePercent(flags['allow-over'] ?? project.plans?.allowOver ?? '50%'),
    estimate,
  });
  writePlanFile(flags.out, saved);
  return `Saved as ${flags.out}, good until ${saved.expiresAt}: \`etl run --plan ${flags.out}\` performs it.`;
}
