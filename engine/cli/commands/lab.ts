import { once } from 'node:events';
import { Flags } from '@oclif/core';
import { labSources, startLab } from '../../lab/lab.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { tableText } from '../../report/table.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { labCurl } from '../lab-curl.ts';
import { interruption } from '../signals.ts';

const isFirst = (
  { name }: { readonly name: string },
  at: number,
  all: readonly { readonly name: string }[],
) => all.findIndex((one) => one.name.split('@')[0] === name.split('@')[0]) === at;

export default class Lab extends BaseCommand {
  static override readonly summary =
    'Serve the project’s own sources on this machine, as strictly as they declare.';
  static override readonly description =
    'Answers from the project’s lab data with the authentication, paging, filters and limits of each source: 401, 400 and 429 included. Stop it with Ctrl-C.';
  static override readonly examples = ['<%= config.bin %> lab', '<%= config.bin %> lab --port 8080'];
  static override readonly flags = {
    ...commonFlags,
    port: Flags.integer({
      description: 'Port on 127.0.0.1; 0 takes a free one.',
      default: 0,
      min: 0,
      max: 65535,
    }),
    gzip: Flags.boolean({
      description: 'Compress answers for those who accept that, as most APIs do.',
      default: false,
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Lab);
    const { project } = await this.project(flags);
    const lab = await startLab(project, { port: flags.port, gzip: flags.gzip });
    const stop = interruption('stopping');
    process.stderr.write(
      `${Object.entries(lab.sources)
        .map(([name, url]) => `${name}: ${url}`)
        .join('\n')}\n`,
    );
    process.stderr.write('Ask it with its own credentials, for example:\n');
    // How one account is asked is how all are.
    for (const source of labSources(project).filter(isFirst))
      process.stderr.write(`  ${labCurl(source, lab.sources[source.name] ?? lab.url)}\n`);
    process.stderr.write(`Run against it with: etl run --lab-url ${lab.url}\n`);
    await once(stop.signal, 'abort');
    stop.stop();
    const stats = lab.stats();
    await lab.close();
    const head = ['source', 'requests', 'records', 'answers'];
    const rows = Object.entries(stats).map(([source, { requests, records, statuses }]) => [
      source,
      String(requests),
      String(records),
      Object.entries(statuses)
        .map(([status, times]) => `${status} × ${times}`)
        .join(', '),
    ]);
    return {
      exitCode: exitCodes.ok,
      result: stats,
      diagnostics: [],
      text: tableText(head, rows, [false, true, true, false]),
    };
  }
}
