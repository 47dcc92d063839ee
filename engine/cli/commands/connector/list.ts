import { exitCodes } from '../../../report/exit-code.ts';
import { tableText } from '../../../report/table.ts';
import { BaseCommand, commonFlags, type Outcome } from '../../base-command.ts';
import { packagedConnector, packagedNames } from '../../packaged-connectors.ts';

export default class ConnectorList extends BaseCommand {
  static override readonly summary = 'List the connectors that come with the package.';
  static override readonly description =
    'A source reads one with `connector: NAME`; `etl init --connector NAME` makes a project of it.';
  static override readonly examples = ['<%= config.bin %> connector list'];
  static override readonly flags = { json: commonFlags.json, format: commonFlags.format };

  protected override async perform(): Promise<Outcome> {
    await this.parse(ConnectorList);
    const found = await Promise.all(packagedNames().map(packagedConnector));
    const connectors = found.map(({ name, config }) => ({
      name,
      title: config.title ?? '',
      streams: Object.keys(config.streams ?? {}),
      checked: config.checked ?? '',
    }));
    const rows = connectors.map((one) => [one.name, one.title, String(one.streams.length), one.checked]);
    return {
      exitCode: exitCodes.ok,
      result: connectors,
      diagnostics: [],
      text: tableText(['connector', 'reads', 'streams', 'limits as of'], rows, [false, false, true, false]),
    };
  }
}
