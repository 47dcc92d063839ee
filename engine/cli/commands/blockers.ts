import { Flags } from '@oclif/core';
import { listText } from '../../report/blockers-text.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { systemClock } from '../../services/clock.ts';
import type { Outcome } from '../base-command.ts';
import { BlockersCommand, callSuffix, filterOf, listFlags } from '../blockers-command.ts';

export default class BlockersList extends BlockersCommand {
  static override readonly aliases = ['blockers:list'];
  static override readonly summary =
    'List what a person must decide: rows that do not fit, and steps that were stopped.';
  static override readonly description = 'Asks no API, and changes nothing.';
  static override readonly examples = [
    '<%= config.bin %> blockers',
    '<%= config.bin %> blockers --mapping order_lines --code ETL0521',
    '<%= config.bin %> blockers show 12',
    '<%= config.bin %> blockers assign 12 13 --to dana',
    '<%= config.bin %> blockers retry --mapping order_lines',
    '<%= config.bin %> blockers override 12 --set price=20.22 --expires 2026-12-31 --reason "typed wrongly"',
    '<%= config.bin %> blockers waive 12 --reason "a test order"',
  ];
  static override readonly flags = {
    ...listFlags,
    limit: Flags.integer({ char: 'n', description: 'Blockers to list.', default: 20, min: 1, max: 100_000 }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(BlockersList);
    const filter = filterOf(flags);
    return this.blockers(flags, async ({ blockers }) => {
      const total = await blockers.count(filter);
      const found = await blockers.find(filter, flags.limit);
      const more = { total, nowMs: systemClock.now(), filter, suffix: callSuffix(flags) };
      const result = { total, blockers: found };
      return { exitCode: exitCodes.ok, result, diagnostics: [], text: listText(found, more) };
    });
  }
}
