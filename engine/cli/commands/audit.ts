import { join } from 'node:path';
import { Args, Errors, Flags } from '@oclif/core';
import { planAudit } from '../../engine.ts';
import type { AskedScope } from '../../model/audit.ts';
import { auditLedger } from '../../operations/audit/audit.ts';
import { auditText } from '../../report/audit-text.ts';
import { auditExitCode } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { mappingsNamed } from '../mapping-names.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { runIdentity } from '../run-identity.ts';

export default class Audit extends BaseCommand {
  static override readonly summary =
    'Account for every unit received: ledger, loads and tables against each other.';
  static override readonly description =
    'Asks no API and changes nothing. Exit code 5 when less is accounted for than `audit.threshold` of etl.yml says, 6 when a mapping cannot be audited.';
  static override readonly examples = [
    '<%= config.bin %> audit',
    '<%= config.bin %> audit order_lines --json',
    '<%= config.bin %> audit --run 20260131-081500-a1b2c3',
    '<%= config.bin %> audit --window 2026-01-01..2026-02-01',
  ];
  static override readonly strict = false;
  static override readonly args = {
    mapping: Args.string({ description: 'Mappings to audit; all when none is named.' }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Audit what runs in the lab have brought.' }),
    run: Flags.string({ description: 'Only the pages of this run.', helpValue: 'RUN' }),
    window: Flags.string({
      description: 'Only windows that begin in this range of the cursor; either side may be left out.',
      helpValue: 'FROM..TO',
      parse: async (text) => rangeText(text),
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Audit);
    const work = await planned(await this.project(flags), flags.lab);
    try {
      const names = mappingsNamed(work.plan, argv.map(String));
      return await audited(work, names, {
        ...(flags.run !== undefined && { run: flags.run }),
        ...(flags.window !== undefined && { window: flags.window }),
      });
    } finally {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }
}

async function audited(work: PlannedProject, names: readonly string[], scope: AskedScope): Promise<Outcome> {
  const { plan, project, staging, warehouse } = work;
  await staging.migrate();
  const folder = join(project.folder, '.etl', 'load', runIdentity(new Date()));
  const report = await auditLedger(plan, planAudit(project, plan), names, scope, {
    staging,
    warehouse,
    folder,
  });
  const { diagnostics, ...result } = report;
  return {
    exitCode: auditExitCode(report.status),
    result,
    diagnostics: [...work.diagnostics, ...diagnostics],
    text: auditText(report),
    explained: true,
  };
}

/** @throws CLIError (exit 64) for anything but two bounds with `..` between them */
function rangeText(text: string): string {
  if (/^(?!\.\.$).*\.\..*$/.test(text) && text.split('..').length === 2) return text;
  throw new Errors.CLIError(`--window takes FROM..TO, such as 2026-01-01..2026-02-01, not \`${text}\``);
}
