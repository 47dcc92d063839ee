import { graph } from '../../engine.ts';
import { withAccountSources } from '../../model/graph.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { nodesText } from '../../report/graph-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { declared } from '../planned.ts';

export default class Ls extends BaseCommand {
  static override readonly summary = 'List the sources, streams, mappings and tables of the project.';
  static override readonly description =
    'Offline and without secrets. The names are those that `--select` of `plan` and `run` takes; of a stream with several accounts one is called `SOURCE.STREAM@ACCOUNT`.';
  static override readonly examples = ['<%= config.bin %> ls', '<%= config.bin %> ls --json'];
  static override readonly flags = commonFlags;

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Ls);
    const checked = await this.project(flags);
    const { plan, diagnostics } = declared(checked);
    const nodes = withAccountSources(graph(checked.project, plan));
    return {
      exitCode: exitCodes.ok,
      result: nodes,
      diagnostics,
      text: nodesText(nodes),
    };
  }
}
