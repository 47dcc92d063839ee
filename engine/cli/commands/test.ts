import { Flags } from '@oclif/core';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { declared } from '../planned.ts';
import { interruption } from '../signals.ts';
import { type TestResult, testFixtures } from '../test-fixtures.ts';
import { projectRecordings, testRecordings } from '../test-recordings.ts';

export default class Test extends BaseCommand {
  static override readonly summary = 'Run the fixtures of the mappings: records in, rows out.';
  static override readonly description =
    'Offline, without secrets and without a database. Exit code 5 when a case differs.';
  static override readonly examples = [
    '<%= config.bin %> test',
    '<%= config.bin %> test --format junit > etl-test.xml',
  ];
  static override readonly flags = {
    ...commonFlags,
    update: Flags.boolean({ description: 'Accept what is found: write it down as expected.' }),
  };

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Test);
    const checked = await this.project(flags);
    const { plan, diagnostics } = declared(checked);
    const stop = interruption('stopping');
    try {
      const fixtures: TestResult[] = [];
      for (const test of checked.project.tests) fixtures.push(await testFixtures(plan, test));
      const recorded = projectRecordings(checked.project.folder);
      const replayed = await testRecordings(checked, plan, recorded, {
        update: flags.update,
        signal: stop.signal,
      });
      const results = [...fixtures, ...replayed.results];
      return outcomeOf(results, [...diagnostics, ...replayed.diagnostics], replayed.written);
    } finally {
      stop.stop();
    }
  }
}

function outcomeOf(
  results: readonly TestResult[],
  diagnostics: Outcome['diagnostics'],
  written: readonly string[],
): Outcome {
  const failed = results.flatMap(({ cases }) => cases).filter(({ passed }) => !passed).length;
  const total = results.reduce((sum, { cases }) => sum + cases.length, 0);
  return {
    exitCode: failed > 0 ? exitCodes.mismatch : exitCodes.ok,
    result: results,
    diagnostics,
    text: [
      ...results.map(resultText),
      ...written.map((file) => `wrote ${file}`),
      `${total - failed} of ${total} cases passed.`,
    ].join('\n'),
    cases: results.flatMap(({ test, cases }) =>
      cases.map(({ name, differences }) => ({ suite: test, name, failures: differences })),
    ),
  };
}

const resultText = ({ test, cases }: TestResult): string =>
  [
    test,
    ...cases.flatMap(({ name, passed, differences }) => [
      `  ${passed ? '✓' : '✗'} ${name}`,
      ...differences.map((line) => `      ${line}`),
    ]),
  ].join('\n');
