import { Args, Flags } from '@oclif/core';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { RefusedError } from '../../model/errors.ts';
import type { SavedPlan } from '../../model/saved-plan.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { planText } from '../../report/plan-text.ts';
import { BaseCommand, type CommonFlags, commonFlags, type Outcome } from '../base-command.ts';
import { parityGate } from '../evidence-files.ts';
import { environmentOf, readPlanFile, stalenessOf } from '../plan-file.ts';
import { planned } from '../planned.ts';
import { resolved } from '../resolved.ts';

export default class Show extends BaseCommand {
  static override readonly summary =
    'Show a plan that was saved, or a source or mapping with all that it takes from elsewhere.';
  static override readonly description =
    'A saved plan is shown as `etl plan` has shown it, with a warning where `etl run --plan` would refuse it. With --resolved a source or mapping is printed with its connector, defaults and variables filled in, and behind each value the file and line where it was written.';
  static override readonly examples = [
    '<%= config.bin %> show plan.json',
    '<%= config.bin %> show plan.json --sql',
    '<%= config.bin %> show --resolved shopify',
    '<%= config.bin %> show --resolved mappings/orders.yml',
  ];
  static override readonly args = {
    plan: Args.string({
      description:
        'File that `etl plan --out` has written; with --resolved, a source or mapping by name or file.',
      required: true,
    }),
  };
  static override readonly flags = {
    ...commonFlags,
    sql: Flags.boolean({ description: 'Show the SQL of every step.' }),
    resolved: Flags.boolean({
      description: 'Show a source or mapping, and where each of its values comes from.',
      default: false,
      exclusive: ['sql'],
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(Show);
    if (flags.resolved) {
      const checked = await this.project(flags);
      const { text, value } = resolved(checked, args.plan);
      return { exitCode: exitCodes.ok, result: value, diagnostics: checked.diagnostics, text };
    }
    const saved = readPlanFile(args.plan);
    const { nonce, createdAt, expiresAt, estimate, plan } = saved;
    return {
      exitCode: exitCodes.ok,
      result: saved,
      diagnostics: (await this.#staleness(saved, flags)).map(warning),
      text: `${planText(plan, flags.sql, { estimate })}\n\nMade at ${createdAt}, good until ${expiresAt}; its nonce is ${nonce}.`,
    };
  }

  async #staleness(saved: SavedPlan, flags: CommonFlags): Promise<readonly Diagnostic[]> {
    try {
      const env = environmentOf(saved, flags.env);
      const checked = await this.project({ ...flags, env });
      const inLab = saved.environment === 'lab';
      const gate = inLab ? undefined : parityGate(checked, undefined);
      const work = await planned(checked, inLab, saved);
      try {
        return await stalenessOf(saved, work, gate);
      } finally {
        await Promise.all([work.staging.close(), work.warehouse.close()]);
      }
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return error.diagnostics;
    }
  }
}

const warning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });
