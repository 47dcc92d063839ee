import { Args, Errors, Flags } from '@oclif/core';
import type { CheckedConnector } from '../../../model/connector-check.ts';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { complaint } from '../../../model/errors.ts';
import { connectorCheckText } from '../../../report/connector-text.ts';
import { exitCodes } from '../../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../../base-command.ts';
import { checkConnector } from '../../check-connector.ts';
import { connectorOf, packagedNames } from '../../packaged-connectors.ts';

export default class ConnectorCheck extends BaseCommand {
  static override readonly summary =
    'Check a connector: what it says, and what comes of its examples in the lab.';
  static override readonly description =
    'Reads the examples through the whole engine into DuckDB, once from the start and twice with changes, under the declared limits; compares every record, classifies the example replies, and looks for secrets in every file of the runs. Needs no account. Exit code 5 when something is not right.';
  static override readonly examples = [
    '<%= config.bin %> connector check shopify',
    '<%= config.bin %> connector check ./connectors/erp',
    '<%= config.bin %> connector check --all --json',
  ];
  static override readonly args = {
    connector: Args.string({
      description: 'Name of a packaged connector, or a folder of the project: `./connectors/erp`.',
    }),
  };
  static override readonly flags = {
    project: commonFlags.project,
    json: commonFlags.json,
    format: commonFlags.format,
    all: Flags.boolean({
      description: 'All connectors that come with the package.',
      default: false,
    }),
  };

  protected override async perform(): Promise<Outcome> {
    const { args, flags } = await this.parse(ConnectorCheck);
    const named = args.connector === undefined ? [] : [args.connector];
    if (flags.all === named.length > 0)
      throw new Errors.CLIError('name a connector, or say --all: one of the two');
    const checked = await checkedAll(flags.all ? packagedNames() : named, flags.project);
    const passed = checked.filter((one) => one.passed).length;
    return {
      exitCode: passed === checked.length ? exitCodes.ok : exitCodes.mismatch,
      result: { checked, connectors: checked.length, passed },
      diagnostics: checked.flatMap(findingsOf),
      text: checked.map(connectorCheckText).join('\n\n'),
    };
  }
}

/** Each waits for its own limits most of the time: a few are checked at once. */
const atOnceMax = 3;

async function checkedAll(names: readonly string[], project: string): Promise<readonly CheckedConnector[]> {
  const checked = new Map<string, CheckedConnector>();
  const left = [...names];
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      checked.set(name, await checkConnector(await connectorOf(name, project)));
  };
  await Promise.all(Array.from({ length: atOnceMax }, work));
  return names.flatMap((name) => checked.get(name) ?? []);
}

const findingsOf = ({ connector, checks }: CheckedConnector): readonly Diagnostic[] =>
  checks.flatMap(({ name, findings }) =>
    findings.map((finding) =>
      complaint(
        'ETL0276',
        `${connector} does not pass \`${name}\`: ${finding}`,
        'docs/connectors.md says what is checked.',
      ),
    ),
  );
