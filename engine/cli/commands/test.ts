import { map } from '../../engine.ts';
import type * as config from '../../model/config.ts';
import { assert } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import { type CaseResult, compareCase } from '../../operations/fixtures.ts';
import { exitCodes } from '../../report/exit-code.ts';
import { BaseCommand, commonFlags, type Outcome } from '../base-command.ts';
import { declared } from '../planned.ts';

interface TestResult {
  readonly test: string;
  readonly cases: readonly CaseResult[];
}

export default class Test extends BaseCommand {
  static override readonly summary = 'Run the fixtures of the mappings: records in, rows out.';
  static override readonly description =
    'Offline, without secrets and without a database. Exit code 5 when a case differs.';
  static override readonly examples = [
    '<%= config.bin %> test',
    '<%= config.bin %> test --format junit > etl-test.xml',
  ];
  static override readonly flags = commonFlags;

  protected override async perform(): Promise<Outcome> {
    const { flags } = await this.parse(Test);
    const checked = await this.project(flags);
    const { plan, diagnostics } = declared(checked);
    const results: TestResult[] = [];
    for (const test of checked.project.tests) results.push(await runTest(plan, test));
    const failed = results.flatMap(({ cases }) => cases).filter(({ passed }) => !passed).length;
    const total = results.reduce((sum, { cases }) => sum + cases.length, 0);
    return {
      exitCode: failed > 0 ? exitCodes.mismatch : exitCodes.ok,
      result: results,
      diagnostics,
      text: [...results.map(resultText), `${total - failed} of ${total} cases passed.`].join('\n'),
      cases: results.flatMap(({ test, cases }) =>
        cases.map(({ name, differences }) => ({ suite: test, name, failures: differences })),
      ),
    };
  }
}

async function runTest(compiled: Plan, test: config.Test): Promise<TestResult> {
  const mapping = compiled.mappings[test.mapping];
  assert(mapping, `the plan has the mapping ${test.mapping}`);
  const made = await map(
    compiled,
    test.mapping,
    test.cases.map(({ records }) => records),
  );
  const cases = test.cases.map((one, at): CaseResult => {
    const rows = made[at];
    assert(rows, 'every case was mapped');
    return compareCase(mapping, one, rows);
  });
  return { test: test.name, cases };
}

const resultText = ({ test, cases }: TestResult): string =>
  [
    test,
    ...cases.flatMap(({ name, passed, differences }) => [
      `  ${passed ? '✓' : '✗'} ${name}`,
      ...differences.map((line) => `      ${line}`),
    ]),
  ].join('\n');
