import { Args, Errors, Flags } from '@oclif/core';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { planned } from '../planned.ts';
import { recordKept, recordLive } from '../record-streams.ts';
import { refuseRecorded, streamsToRecord, writeRecordings } from '../recording-files.ts';
import { interruption, stoppedCode } from '../signals.ts';

const pagesMax = 100;

export default class Record extends BaseCommand {
  static override readonly summary = 'Record the first pages of streams, for `etl test` to replay offline.';
  static override readonly description =
    'Asks as a first run would, within the budget, and writes what came to `recordings/`: without what `redact` and `pii` keep away, and without the value of any reference. Stages and loads nothing.';
  static override readonly examples = [
    '<%= config.bin %> record marketplace.orders',
    '<%= config.bin %> record marketplace crm.contacts --pages 2 --lab',
    '<%= config.bin %> record marketplace.orders --from-ledger --force',
  ];
  static override readonly strict = false;
  static override readonly args = {
    stream: Args.string({ description: 'Streams (`source.stream`), or sources with all of theirs.' }),
  };
  static override readonly flags = {
    ...commonFlags,
    pages: Flags.integer({
      description: 'Pages of each stream, at most. Where there are more, an empty page ends the recording.',
      default: 3,
      min: 1,
      max: pagesMax,
    }),
    lab: Flags.boolean({ description: 'Record the lab instead of the real APIs.' }),
    'from-ledger': Flags.boolean({
      description: 'Record pages that staging keeps: no request is made.',
    }),
    run: Flags.string({
      description: 'The run whose pages are recorded; without it the newest window that is kept.',
      helpValue: 'ID',
      dependsOn: ['from-ledger'],
    }),
    force: Flags.boolean({ description: 'Replace recordings that there are.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { argv, flags } = await this.parse(Record);
    if (argv.length === 0)
      throw new Errors.CLIError('name what to record: `etl record SOURCE` or `etl record SOURCE.STREAM`');
    const checked = await this.project(flags);
    const work = await planned(checked, flags.lab);
    const stop = interruption('stopping, nothing is written');
    try {
      const streams = streamsToRecord(work.plan, argv.map(String));
      refuseRecorded(work.project.folder, streams, flags.force);
      const { run, env, lab, pages } = flags;
      const found = flags['from-ledger']
        ? await recordKept(work, streams, { pages, lab, run })
        : await recordLive(work, streams, { pages, lab, env }, stop.signal);
      const files = writeRecordings(work, found);
      const text = [
        ...found.map(({ stream, exchanges }) => {
          const received = exchanges.filter(({ ending }) => !ending).length;
          const cut = received < exchanges.length ? '; the listing goes on behind them' : '';
          return `recorded ${received} ${received === 1 ? 'page' : 'pages'} of ${stream} in recordings/${stream}${cut}`;
        }),
        '',
        'Next: `etl test --update` writes down what they become; `etl test` compares.',
      ].join('\n');
      return { exitCode: exitCodes.ok, result: { files }, diagnostics: work.diagnostics, text };
    } catch (error) {
      if (stop.received() === undefined) throw error;
      return { exitCode: stoppedCode(stop.received()), result: null, diagnostics: [], text: '' };
    } finally {
      stop.stop();
      await Promise.all([work.staging.close(), work.warehouse.close()]);
    }
  }
}
