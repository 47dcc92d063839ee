import { Flags } from '@oclif/core';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { fromLedgerFlag } from '../from-ledger.ts';
import { labUrl } from '../lab-url.ts';
import { performRun } from '../perform-run.ts';
import { planned } from '../planned.ts';

export default class Run extends BaseCommand {
  static override readonly summary =
    'Fetch what changed, stage it, check it, and load it into the warehouse.';
  static override readonly description =
    'Compiles the project and performs the plan. Interrupted or failed runs lose nothing: the next one goes on where this one stopped.';
  static override readonly examples = [
    '<%= config.bin %> run --lab',
    '<%= config.bin %> run --env production',
    '<%= config.bin %> run --from-ledger',
    '<%= config.bin %> run --json > report.json',
  ];
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({
      description: 'Read from the lab instead of the real APIs: no account, no quota, no secrets.',
    }),
    'lab-url': Flags.string({
      description: 'Read from a lab that is already running (`etl lab`).',
      helpValue: 'URL',
      parse: async (text) => labUrl('--lab-url', text),
      exclusive: ['lab'],
    }),
    'from-ledger': fromLedgerFlag,
    quiet: Flags.boolean({ char: 'q', description: 'No progress.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Run);
    const checked = await this.project(flags);
    const inLab = flags.lab || flags['lab-url'] !== undefined;
    const work = await planned(checked, inLab, flags['from-ledger']);
    return performRun(work, {
      lab: flags.lab,
      labUrl: flags['lab-url'],
      env: flags.env,
      quiet: flags.quiet || flags.json,
    });
  }
}
