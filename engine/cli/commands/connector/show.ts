import { Args } from '@oclif/core';
import { connectorText } from '../../../report/connector-text.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../../base-command.ts';
import { connectorOf } from '../../packaged-connectors.ts';

export default class ConnectorShow extends BaseCommand {
  static override readonly summary = 'Say what a connector reads, what it needs, and its limits.';
  static override readonly examples = [
    '<%= config.bin %> connector show shopify',
    '<%= config.bin %> connector show ./connectors/erp',
  ];
  static override readonly args = {
    connector: Args.string({
      description: 'Name of a packaged connector, or a folder of the project: `./connectors/erp`.',
      required: true,
    }),
  };
  static override readonly flags = {
    project: commonFlags.project,
    json: commonFlags.json,
    format: commonFlags.format,
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(ConnectorShow);
    const { name, document, config } = await connectorOf(args.connector, flags.project);
    return {
      exitCode: exitCodes.ok,
      result: document.value,
      diagnostics: [],
      text: connectorText(name, config),
    };
  }
}
