import { Flags } from '@oclif/core';
import { viewBudgets } from '../../operations/budgets.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { limitsText } from '../../report/limits-text.ts';
import { systemClock } from '../../services/clock.ts';
import type { Outcome } from '../base-command.ts';
import { type Budgets, LimitsCommand, limitsFlags, ownBudgetNote } from '../limits-command.ts';
import { redrawnOn } from '../redrawn.ts';
import { interruption } from '../signals.ts';

/** Between two tables of `--watch`. */
const watchMs = { live: 1000, plain: 10_000 } as const;

export default class Limits extends LimitsCommand {
  static override readonly summary =
    'Show how the budgets stand: what is used, who waits, what is frozen, and why.';
  static override readonly description =
    'Asks no API. With `redis` it shows what all processes share; without it, what the last run has left behind.';
  static override readonly examples = [
    '<%= config.bin %> limits',
    '<%= config.bin %> limits --watch',
    '<%= config.bin %> limits --format markdown',
    '<%= config.bin %> limits explain shop.orders',
    '<%= config.bin %> limits freeze shop --for 10m --reason "maintenance of the shop"',
    '<%= config.bin %> limits thaw shop',
  ];
  static override readonly flags = {
    ...limitsFlags,
    watch: Flags.boolean({
      char: 'w',
      description: 'Show it again and again, each second on a terminal, until Ctrl-C.',
      exclusive: ['json'],
    }),
    format: Flags.option({
      description: 'How the table is written.',
      options: ['text', 'markdown'] as const,
      default: 'text' as const,
    })(),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Limits);
    return this.budgets(flags, async (budgets) => {
      if (flags.watch) return watch(budgets, flags.format);
      const { text, views } = await shown(budgets, flags.format);
      const result = { shared: budgets.plan.redis !== undefined, budgets: views };
      // A table is Markdown already: it stands in the comment itself.
      const said = flags.format === 'markdown' ? { summary: text, text: '' } : { text };
      return { exitCode: exitCodes.ok, result, diagnostics: [], ...said };
    });
  }
}

async function shown({ plan, all, limiter }: Budgets, format: 'text' | 'markdown') {
  const views = await viewBudgets(all, limiter);
  const table = limitsText(views, { nowMs: systemClock.now(), format });
  const note = plan.redis === undefined && views.length > 0 ? `\n\n${ownBudgetNote}` : '';
  return { views, text: table + note };
}

async function watch(budgets: Budgets, format: 'text' | 'markdown'): Promise<Outcome> {
  const stop = interruption('stopping');
  const live = process.stdout.isTTY === true;
  const draw = redrawnOn(process.stdout);
  try {
    while (!stop.signal.aborted) {
      const { text } = await shown(budgets, format);
      draw(live ? text : `${new Date(systemClock.now()).toISOString()}\n${text}\n`);
      await systemClock.sleep(live ? watchMs.live : watchMs.plain, stop.signal).catch(() => {});
    }
  } finally {
    stop.stop();
  }
  return { exitCode: exitCodes.ok, result: null, diagnostics: [], text: '' };
}
