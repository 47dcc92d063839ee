import { Args, Flags } from '@oclif/core';
import { parseDuration } from '../../../model/units.ts';
import { freezeBudget } from '../../../operations/budgets.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { frozenText } from '../../../report/freeze-text.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { durationFlag } from '../../duration-flag.ts';
import { LimitsCommand, limitsFlags } from '../../limits-command.ts';
import { budgetNamed, limitNamed } from '../../limits-target.ts';

export default class LimitsFreeze extends LimitsCommand {
  static override readonly summary = 'Let no request leave, in any process that shares the budget.';
  static override readonly description =
    'What is under way is finished; what comes after waits, or stops its stream when the wait is longer than the budget’s `patience`. Without `redis` the next run obeys it, not one that goes on now.';
  static override readonly examples = [
    '<%= config.bin %> limits freeze shop --for 10m --reason "maintenance of the shop"',
    '<%= config.bin %> limits freeze shop --limit search --reason "asked by their support"',
  ];
  static override readonly args = {
    budget: Args.string({ description: 'Domain of the budget, or a source that has it.', required: true }),
  };
  static override readonly flags = {
    ...limitsFlags,
    limit: Flags.string({ description: 'Only what this limit binds.', helpValue: 'ID' }),
    for: Flags.string({
      description: 'How long, such as 10m; without it, until somebody thaws it.',
      helpValue: 'DURATION',
      parse: async (text) => durationFlag('--for', text),
    }),
    reason: Flags.string({
      description: 'Why, for whoever waits.',
      helpValue: 'TEXT',
      required: true,
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(LimitsFreeze);
    return this.budgets(flags, async ({ plan, all, limiter }) => {
      const budget = budgetNamed(all, args.budget);
      const limit = limitNamed(budget, flags.limit);
      const order = {
        reason: flags.reason,
        ...(limit !== undefined && { limit }),
        ...(flags.for !== undefined && { ms: parseDuration(flags.for) }),
      };
      const frozen = await freezeBudget(budget, order, limiter);
      const text = frozenText(frozen, { nowMs: systemClock.now(), shared: plan.redis !== undefined });
      return { exitCode: exitCodes.ok, result: frozen, diagnostics: [], text };
    });
  }
}
