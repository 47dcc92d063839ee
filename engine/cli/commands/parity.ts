import { resolve } from 'node:path';
import { Args, Errors, Flags } from '@oclif/core';
import { parseDuration } from '../../model/units.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { againstEnvironment, againstWarehouse, type ParityFlags } from '../parity-run.ts';

const samplesMax = 1000;

export default class Parity extends BaseCommand {
  static override readonly summary =
    'Compare tables key by key: what is staged with the warehouse, or one environment with another.';
  static override readonly description =
    'Checksums are worked out where the tables are; only rows of keys that differ are read. Changes nothing. Exit code 5 when something differs, 6 when a table cannot be compared.';
  static override readonly examples = [
    '<%= config.bin %> parity',
    '<%= config.bin %> parity --against production --lag 15m',
    '<%= config.bin %> parity orders --env test --against production --baseline parity-baseline.json',
    '<%= config.bin %> parity --against production --baseline parity-baseline.json --accept',
    '<%= config.bin %> parity --against production --out evidence.json --json',
  ];
  static override readonly strict = false;
  static override readonly args = {
    mapping: Args.string({ description: 'Mappings to compare; all when none is named.' }),
  };
  static override readonly flags = {
    ...commonFlags,
    against: Flags.string({
      description:
        'The environment whose tables must be the same; without it, those of the warehouse must be what is staged.',
      helpValue: 'ENV',
    }),
    lab: Flags.boolean({ description: 'Compare what runs in the lab have brought.', exclusive: ['against'] }),
    lag: Flags.string({
      description:
        'Leave out rows whose cursor is newer than this before the newest that both sides have, such as 5m.',
      helpValue: 'DURATION',
      parse: async (text) => durationFlag('--lag', text, 0),
    }),
    samples: Flags.integer({
      description: 'Rows to show of each table.',
      default: 10,
      min: 0,
      max: samplesMax,
    }),
    baseline: Flags.string({
      description: 'File of differences that are accepted: only others fail.',
      helpValue: 'FILE',
    }),
    accept: Flags.boolean({
      description: 'Write what differs now to the baseline.',
      dependsOn: ['baseline'],
    }),
    out: Flags.string({ description: 'Write the report to a file, with its hash.', helpValue: 'FILE' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Parity);
    const checked = await this.project(flags);
    const { against, lag } = flags;
    if (against === checked.project.environment)
      throw new Errors.CLIError(`--against names ${against}, the environment that is compared with it`);
    const wanted: ParityFlags = {
      json: flags.json,
      lab: flags.lab,
      accept: flags.accept,
      samples: flags.samples,
      ...(lag !== undefined && { lagMs: parseDuration(lag) }),
      ...(flags.baseline !== undefined && { baseline: resolve(flags.baseline) }),
      ...(flags.out !== undefined && { out: resolve(flags.out) }),
    };
    const names = argv.map(String);
    return against === undefined
      ? againstWarehouse(checked, names, wanted)
      : againstEnvironment(checked, against, names, wanted);
  }
}
