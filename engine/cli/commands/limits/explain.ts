import { Args } from '@oclif/core';
import { explainStream } from '../../../operations/explain.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { explainText } from '../../../report/explain-text.ts';
import { systemClock } from '../../../services/clock.ts';
import type { Outcome } from '../../base-command.ts';
import { LimitsCommand, limitsFlags, ownBudgetNote } from '../../limits-command.ts';
import { streamNamed } from '../../limits-target.ts';

export default class LimitsExplain extends LimitsCommand {
  static override readonly summary =
    'Say which limits bind a stream, how fast they let it be, and what it waits for.';
  static override readonly description =
    'Shows each limit as declared and as used after headroom and share, and what throttles, freezes and the use of others take away now.';
  static override readonly examples = [
    '<%= config.bin %> limits explain shop.orders',
    '<%= config.bin %> limits explain shop.orders --json',
  ];
  static override readonly args = {
    stream: Args.string({
      description: 'The stream, as SOURCE.STREAM, or SOURCE.STREAM@ACCOUNT where there are several.',
      required: true,
    }),
  };
  static override readonly flags = limitsFlags;

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(LimitsExplain);
    return this.budgets(flags, async ({ plan, all, limiter }) => {
      const { stream, budget } = streamNamed(all, args.stream);
      const explained = await explainStream(stream, budget, limiter);
      const note = plan.redis === undefined ? `\n\n${ownBudgetNote}` : '';
      const text = explainText(explained, systemClock.now()) + note;
      return { exitCode: exitCodes.ok, result: explained, diagnostics: [], text };
    });
  }
}
