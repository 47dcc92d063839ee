import { join } from 'node:path';
import { Args, Errors, Flags } from '@oclif/core';
import { planAudit, stageRows } from '../../engine.ts';
import type { AskedScope } from '../../model/audit.ts';
import { parsePercent } from '../../model/units.ts';
import { auditLedger } from '../../operations/audit/audit.ts';
import { auditText } from '../../report/audit-text.ts';
import { auditExitCode } from '../../report/exit-code.ts';
import { systemClock } from '../../services/clock.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { labUrl } from '../lab-url.ts';
import { mappingsNamed, streamsNamed } from '../mapping-names.ts';
import { type PlannedProject, planned } from '../planned.ts';
import { referencesOf } from '../references-of.ts';
import { runIdentity } from '../run-identity.ts';
import { sourceAudit } from '../source-audit.ts';
import { whileNobodyLoads } from '../while-nobody-loads.ts';

export default class Audit extends BaseCommand {
  static override readonly summary =
    'Account for every unit received: ledger, loads and tables against each other.';
  static override readonly description =
    'Asks no API, except with --source, and changes nothing. Exit code 5 when less is accounted for than `audit.threshold` of etl.yml says, 6 when a mapping cannot be audited.';
  static override readonly examples = [
    '<%= config.bin %> audit',
    '<%= config.bin %> audit order_lines --json',
    '<%= config.bin %> audit --run 20260131-081500-a1b2c3',
    '<%= config.bin %> audit --window 2026-01-01..2026-02-01',
    '<%= config.bin %> audit --source --share 10%',
    '<%= config.bin %> audit --source shop.orders --window 2026-01-01..',
  ];
  static override readonly strict = false;
  static override readonly args = {
    mapping: Args.string({
      description: 'Mappings to audit, or with --source streams, as SOURCE.STREAM; all when none is named.',
    }),
  };
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Audit what runs in the lab have brought.' }),
    'lab-url': Flags.string({
      description: 'Read from a lab that is already running (`etl lab`), with --source.',
      helpValue: 'URL',
      parse: async (text) => labUrl('--lab-url', text),
      exclusive: ['lab'],
      dependsOn: ['source'],
    }),
    source: Flags.boolean({
      description:
        'Read the keys and hashes of streams again from the API, and compare them with the warehouse.',
      exclusive: ['run'],
    }),
    share: Flags.string({
      description:
        'Share of every limit that --source may use; `audit.share` of etl.yml unless said otherwise.',
      helpValue: 'PERCENT',
      parse: async (text) => percentText(text),
      dependsOn: ['source'],
    }),
    run: Flags.string({ description: 'Only the pages of this run.', helpValue: 'RUN' }),
    window: Flags.string({
      description:
        'Only windows that begin in this range of the cursor; either side may be left out. With --source, FROM.. is where the listing begins.',
      helpValue: 'FROM..TO',
      parse: async (text) => rangeText(text),
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Audit);
    const work = await planned(await this.project(flags), flags.lab || flags['lab-url'] !== undefined);
    try {
      if (flags.source) return await this.#source(work, argv.map(String), flags);
      const names = mappingsNamed(work.plan, argv.map(String));
      const scope = {
        ...(flags.run !== undefined && { run: flags.run }),
        ...(flags.window !== undefined && { window: flags.window }),
      };
      return await whileNobodyLoads(work, flags.json, (signal) =>
        audited(work, names, scope, { isLab: flags.lab, signal }),
      );
    } finally {
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }

  #source(work: PlannedProject, names: readonly string[], flags: SourceFlags): Promise<Outcome> {
    const [from, to] = flags.window?.split('..') ?? [];
    if (to !== undefined && to !== '')
      throw new Errors.CLIError('--window takes FROM.. with --source: few APIs can end a listing.');
    const { lab, env, share, 'lab-url': url } = flags;
    return sourceAudit(work, streamsNamed(work.plan, names), {
      lab,
      env,
      ...(url !== undefined && { labUrl: url }),
      ...(share !== undefined && { share: parsePercent(share) }),
      ...(from !== undefined && { from }),
    });
  }
}

interface SourceFlags {
  readonly lab: boolean;
  readonly 'lab-url'?: string | undefined;
  readonly env?: string | undefined;
  readonly share?: string | undefined;
  readonly window?: string | undefined;
}

async function audited(
  work: PlannedProject,
  names: readonly string[],
  scope: AskedScope,
  { isLab, signal }: { readonly isLab: boolean; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { plan, project, staging, warehouse } = work;
  const runId = runIdentity(new Date());
  const found = (await staging.exists()) ? { staging } : {};
  const services = {
    staging,
    forgetting: work.forgetting,
    references: referencesOf(project.folder, isLab),
    clock: systemClock,
    runId,
    signal,
  };
  // Where rows are left out of staging, those to compare are made of the pages first.
  if ('staging' in found) for (const name of names) await stageRows(plan, services, name);
  const folder = join(project.folder, '.etl', 'load', runId);
  const report = await auditLedger(plan, planAudit(project, plan), names, scope, {
    ...found,
    warehouse,
    folder,
    signal,
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

/** @throws CLIError (exit 64) for anything but a percentage above 0 and up to 100 */
function percentText(text: string): string {
  if (/^\d+(\.\d+)?%$/.test(text) && parsePercent(text) > 0 && parsePercent(text) <= 1) return text;
  throw new Errors.CLIError(
    `--share takes a percentage above 0% and up to 100%, such as 10%, not \`${text}\``,
  );
}
