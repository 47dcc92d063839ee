import { Flags } from '@oclif/core';
import type { Outcome } from '../../base-command.ts';
import { BlockersCommand, changeFlags } from '../../blockers-command.ts';

export default class BlockersAssign extends BlockersCommand {
  static override readonly summary = 'Say who takes care of Blockers.';
  static override readonly usage = 'blockers assign [ID…] --to NAME';
  static override readonly examples = [
    '<%= config.bin %> blockers assign 12 13 --to dana',
    '<%= config.bin %> blockers assign --stream shop.orders --to "shop team"',
  ];
  static override readonly strict = false;
  static override readonly flags = {
    ...changeFlags,
    to: Flags.string({
      description: 'The owner; an empty name for nobody.',
      helpValue: 'NAME',
      required: true,
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(BlockersAssign);
    return this.changed(flags, argv as string[], { event: 'assigned', owner: flags.to });
  }
}
