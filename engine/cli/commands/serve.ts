import { Flags } from '@oclif/core';
import { exitCodes } from '../../report/exit-code.ts';
import { serveText } from '../../report/serve-text.ts';
import { systemClock } from '../../services/clock.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { startLabProcess } from '../in-lab.ts';
import { labUrl } from '../lab-url.ts';
import { serveProject } from '../serve-project.ts';
import { interruption, stoppedCode } from '../signals.ts';
import { colored } from '../terminal.ts';

export default class Serve extends BaseCommand {
  static override readonly summary =
    'Run what is due, stream by stream, until it is stopped; only what was applied.';
  static override readonly description =
    'Goes by `schedule` of the streams, under the structure that was applied last: it changes no table that no applied plan changes. Missed moments are made up for by one run. Ctrl-C and SIGTERM save what was received, and print what was served. `etl state show` says how fresh the tables are.';
  static override readonly examples = [
    '<%= config.bin %> serve --env production',
    '<%= config.bin %> serve --lab',
    '<%= config.bin %> serve --json > served.json',
  ];
  static override readonly flags = {
    ...commonFlags,
    lab: Flags.boolean({ description: 'Read from the lab instead of the real APIs.' }),
    'lab-url': Flags.string({
      description: 'Read from a lab that is already running (`etl lab`).',
      helpValue: 'URL',
      parse: async (text) => labUrl('--lab-url', text),
      exclusive: ['lab'],
    }),
    quiet: Flags.boolean({ char: 'q', description: 'Only what goes wrong, and when it is over.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Serve);
    const stop = interruption('saving what was received');
    const { project } = await this.project(flags);
    const lab = flags.lab ? await startLabProcess(project.folder, flags.env) : undefined;
    const url = lab?.url ?? flags['lab-url'];
    try {
      const report = await serveProject({
        read: () => this.project(flags),
        isLab: url !== undefined,
        ...(url !== undefined && { lab: url }),
        ...{ clock: systemClock, random: Math.random, signal: stop.signal },
        write: (text) => void process.stderr.write(text),
        ...{ isQuiet: flags.quiet, colored: colored(process.stderr) },
      });
      const exitCode = stop.received() === undefined ? exitCodes.ok : stoppedCode(stop.received());
      return { exitCode, result: report, diagnostics: [], text: serveText(report) };
    } finally {
      stop.stop();
      await lab?.close();
    }
  }
}
