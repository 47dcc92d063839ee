import { Args, Flags } from '@oclif/core';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { replayed } from '../replay-run.ts';

const pagesMax = 100_000;
const samplesMax = 1000;

export default class Replay extends BaseCommand {
  static override readonly summary =
    'Show what a change of the mappings changes in the rows: the old and the new ones, on the same kept pages.';
  static override readonly description =
    'No request is made, and nothing is stored. What the diff of a mapping’s own file does not explain (a variable, a default, the source, chance) fails with exit code 5; exit code 6 when a changed mapping has no page to try it on.';
  static override readonly examples = [
    '<%= config.bin %> replay --base origin/main --env test',
    '<%= config.bin %> replay orders --base HEAD --lab',
    '<%= config.bin %> replay --base origin/main --env test --format markdown > replay.md',
  ];
  static override readonly strict = false;
  static override readonly args = {
    mapping: Args.string({ description: 'Mappings to look at; all when none is named.' }),
  };
  static override readonly flags = {
    ...commonFlags,
    base: Flags.string({
      description:
        'Branch or commit that the change is compared with, as it was where the present commit came from it.',
      helpValue: 'REF',
      required: true,
    }),
    lab: Flags.boolean({ description: 'On what runs in the lab have brought.' }),
    pages: Flags.integer({
      description: 'Pages of each stream, the newest.',
      default: 1000,
      min: 1,
      max: pagesMax,
    }),
    samples: Flags.integer({
      description: 'Rows to show of each mapping.',
      default: 5,
      min: 0,
      max: samplesMax,
    }),
    accept: Flags.string({
      description:
        'A mapping, or a column of one (`orders.total`), that may change though its diff does not say so.',
      helpValue: 'NAME',
      multiple: true,
      default: [],
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Replay);
    return replayed(await this.project(flags), argv.map(String), flags);
  }
}
