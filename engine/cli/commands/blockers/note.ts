import { Errors } from '@oclif/core';
import type { Outcome } from '../../base-command.ts';
import { BlockersCommand, changeFlags } from '../../blockers-command.ts';

export default class BlockersNote extends BlockersCommand {
  static override readonly summary = 'Note what you have found out.';
  static override readonly usage = 'blockers note [ID…] TEXT';
  static override readonly examples = [
    '<%= config.bin %> blockers note 12 "asked the shop, ticket 815"',
    '<%= config.bin %> blockers note --code ETL0523 "their clock has no zone"',
  ];
  static override readonly strict = false;
  static override readonly flags = changeFlags;

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(BlockersNote);
    const words = argv as string[];
    const note = words.at(-1);
    if (note === undefined || note.trim() === '')
      throw new Errors.CLIError('the last word is the note, in quotes');
    return this.changed(flags, words.slice(0, -1), { event: 'noted', note });
  }
}
