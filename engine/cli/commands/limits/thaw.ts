import { Args, Flags } from '@oclif/core';
import { thawBudget } from '../../../operations/budgets.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { thawedText } from '../../../report/freeze-text.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { LimitsCommand, limitsFlags } from '../../limits-command.ts';
import { budgetNamed, limitNamed } from '../../limits-target.ts';

export default class LimitsThaw extends LimitsCommand {
  static override readonly summary = 'End the freezes of a budget, or of one of its limits.';
  static override readonly description =
    'A ban and a freeze by hand without --for last until this. What the API asked for is ended, too: do that only when you know that it is over.';
  static override readonly examples = [
    '<%= config.bin %> limits thaw shop',
    '<%= config.bin %> limits thaw shop --limit search',
  ];
  static override readonly args = {
    budget: Args.string({ description: 'Domain of the budget, or a source that has it.', required: true }),
  };
  static override readonly flags = {
    ...limitsFlags,
    limit: Flags.string({ description: 'Only the freezes of this limit.', helpValue: 'ID' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(LimitsThaw);
    return this.budgets(flags, async ({ plan, all, limiter }) => {
      const budget = budgetNamed(all, args.budget);
      const thawed = await thawBudget(budget, limitNamed(budget, flags.limit), limiter);
      const text = thawedText(thawed, { nowMs: systemClock.now(), shared: plan.redis !== undefined });
      return { exitCode: exitCodes.ok, result: thawed, diagnostics: [], text };
    });
  }
}
