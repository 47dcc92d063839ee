import { graph, plan } from '../../engine.ts';
import { RefusedError } from '../../model/errors.ts';
import { emptyState } from '../../model/snapshot.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { nodesText } from '../../report/graph-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { version } from '../package.ts';

export default class Ls extends BaseCommand {
  static override readonly summary = 'List the sources, streams, mappings and tables of the project.';
  static override readonly description =
    'Offline and without secrets. The names are those that `--select` of `plan` and `run` takes.';
  static override readonly examples = ['<%= config.bin %> ls', '<%= config.bin %> ls --json'];
  static override readonly flags = commonFlags;

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Ls);
    const checked = await this.project(flags);
    const compiled = plan(checked, checked.project, version, emptyState);
    if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
    const nodes = graph(checked.project, compiled.plan);
    return {
      exitCode: exitCodes.ok,
      result: nodes,
      diagnostics: compiled.diagnostics,
      text: nodesText(nodes),
    };
  }
}
