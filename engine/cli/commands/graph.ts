import { Flags } from '@oclif/core';
import { graph } from '../../engine.ts';
import { withoutAccounts } from '../../model/graph.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { dotText, lineageText, mermaidText } from '../../report/graph-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { declared } from '../planned.ts';

const texts = { text: lineageText, dot: dotText, mermaid: mermaidText };

export default class Graph extends BaseCommand {
  static override readonly summary = 'Show what is made of what, from the sources to the tables.';
  static override readonly description = 'Offline and without secrets.';
  static override readonly examples = [
    '<%= config.bin %> graph',
    '<%= config.bin %> graph --format mermaid',
    '<%= config.bin %> graph --format dot | dot -Tsvg > graph.svg',
  ];
  static override readonly flags = {
    ...commonFlags,
    format: Flags.option({
      options: ['text', 'dot', 'mermaid'] as const,
      default: 'text',
      description: 'A tree, a graph for Graphviz, or a diagram for Markdown.',
    })(),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Graph);
    const checked = await this.project(flags);
    const { plan, diagnostics } = declared(checked);
    const nodes = withoutAccounts(graph(checked.project, plan));
    return {
      exitCode: exitCodes.ok,
      result: nodes,
      diagnostics,
      text: texts[flags.format](nodes),
    };
  }
}
