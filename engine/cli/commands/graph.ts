import { Flags } from '@oclif/core';
import { graph, plan } from '../../engine.ts';
import { RefusedError } from '../../model/errors.ts';
import { emptyState } from '../../model/snapshot.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { dotText, lineageText, mermaidText } from '../../report/graph-text.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { version } from '../package.ts';

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
    const compiled = plan(checked, checked.project, version, emptyState);
    if (compiled.plan === undefined) throw new RefusedError('invalid', compiled.diagnostics);
    const nodes = graph(checked.project, compiled.plan);
    return {
      exitCode: exitCodes.ok,
      result: nodes,
      diagnostics: compiled.diagnostics,
      text: texts[flags.format](nodes),
    };
  }
}
