import { Flags } from '@oclif/core';
import { exitCodes } from '../../report/exit-code.ts';
import { planText } from '../../report/plan-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { fromLedgerFlag } from '../from-ledger.ts';
import { planned } from '../planned.ts';

export default class PlanCommand extends BaseCommand {
  static override readonly summary = 'Show what a run will do, step by step; nothing is fetched or changed.';
  static override readonly description =
    'The list is the very one that `etl run` performs. It holds no secret: references stay as written.';
  static override readonly examples = [
    '<%= config.bin %> plan',
    '<%= config.bin %> plan --sql',
    '<%= config.bin %> plan --lab --json',
    '<%= config.bin %> plan --from-ledger',
  ];
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Plan a run in the lab.' }),
    'from-ledger': fromLedgerFlag,
    sql: Flags.boolean({ description: 'Show the SQL of every step.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(PlanCommand);
    const { plan, diagnostics, staging, warehouse } = await planned(
      await this.project(flags),
      flags.lab,
      flags['from-ledger'],
    );
    await Promise.all([staging.close(), warehouse.close()]);
    return { exitCode: exitCodes.ok, result: plan, diagnostics, text: planText(plan, flags.sql) };
  }
}
