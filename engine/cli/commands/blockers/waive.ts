import { Flags } from '@oclif/core';
import type { Outcome } from '../../base-command.ts';
import { BlockersCommand, changeFlags } from '../../blockers-command.ts';

export default class BlockersWaive extends BlockersCommand {
  static override readonly summary = 'Leave rows out for good; what waited behind them is loaded.';
  static override readonly description =
    'The row stays out of the table for as long as its value is the same. Later versions of its record no longer wait: the next run loads them.';
  static override readonly usage = 'blockers waive [ID…] --reason TEXT';
  static override readonly examples = [
    '<%= config.bin %> blockers waive 12 --reason "a test order"',
    '<%= config.bin %> blockers waive --mapping order_lines --code ETL0520 --reason "lines without a price are gifts"',
  ];
  static override readonly strict = false;
  static override readonly flags = {
    ...changeFlags,
    reason: Flags.string({ description: 'Why.', helpValue: 'TEXT', required: true }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(BlockersWaive);
    return this.changed(flags, argv as string[], { event: 'waived', reason: flags.reason });
  }
}
