import type { Checked } from '../engine.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import { coverageText } from '../report/coverage-text.ts';
import { exitCodes } from '../report/exit-code.ts';
import type { Outcome } from './base-command.ts';
import { declared } from './planned.ts';
import { testCoverage } from './test-coverage.ts';
import { type TestResult, testFixtures } from './test-fixtures.ts';
import { projectRecordings, testRecordings } from './test-recordings.ts';

export interface TestFlags {
  readonly update: boolean;
  readonly coverage: boolean;
  /** Percent. */
  readonly min?: number | undefined;
  readonly signal: AbortSignal;
}

/** Runs all fixtures and recordings of a project, once. */
export async function testProject(
  checked: Checked & { readonly project: Project },
  flags: TestFlags,
): Promise<Outcome> {
  const { project } = checked;
  const { plan, diagnostics } = declared(checked);
  const recorded = projectRecordings(project.folder);
  const fixtures = await testFixtures(checked, plan, project.tests, flags.update);
  const replayed = await testRecordings(checked, plan, recorded, flags);
  const coverage = flags.coverage ? await testCoverage(plan, project.tests, recorded) : undefined;
  const tooLittle = coverage === undefined ? [] : belowMin(coverage, flags.min ?? 0);
  const tests = [...fixtures.results, ...replayed.results];
  const written = [...fixtures.written, ...replayed.written];
  const failed = failedOf(tests);
  return {
    exitCode: failed > 0 || tooLittle.length > 0 ? exitCodes.mismatch : exitCodes.ok,
    result: { tests, written, ...(coverage && { coverage }) },
    diagnostics: [...diagnostics, ...replayed.diagnostics, ...tooLittle],
    text: textOf(tests, written, coverage),
    cases: [...tests.flatMap(casesOf), ...coverageCases(coverage, flags.min, tooLittle)],
  };
}

const failedOf = (tests: readonly TestResult[]): number =>
  tests.flatMap(({ cases }) => cases).filter(({ passed }) => !passed).length;

type Cases = NonNullable<Outcome['cases']>;

const casesOf = ({ test, cases }: TestResult): Cases =>
  cases.map(({ name, differences, place }) => ({
    suite: test,
    name,
    failures: differences,
    ...(place && { place }),
  }));

/** A bound is a case of its own where somebody counts cases. */
const coverageCases = (
  coverage: Coverage | undefined,
  min: number | undefined,
  tooLittle: readonly Diagnostic[],
): Cases =>
  coverage === undefined || min === undefined
    ? []
    : [
        {
          suite: 'coverage',
          name: `at least ${min} %`,
          failures: tooLittle.map(({ code, summary }) => `${code}: ${summary}`),
        },
      ];

function belowMin({ percent, points, covered }: Coverage, min: number): readonly Diagnostic[] {
  if (percent >= min) return [];
  return [
    complaint(
      'ETL0990',
      `the tests cover ${percent} % of the mappings (${covered} of ${points} points), and ${min} % are wanted`,
      'The report names what was never seen. `etl test --create MAPPING --record KEY` makes a fixture of a record that shows it.',
    ),
  ];
}

function textOf(
  tests: readonly TestResult[],
  written: readonly string[],
  coverage: Coverage | undefined,
): string {
  const total = tests.reduce((sum, { cases }) => sum + cases.length, 0);
  return [
    ...tests.map(resultText),
    ...written.map((file) => `wrote ${file}`),
    ...(coverage === undefined ? [] : [coverageText(coverage)]),
    total === 0
      ? 'There are no tests: `etl test --create MAPPING` and `etl record SOURCE.STREAM` make some.'
      : `${total - failedOf(tests)} of ${total} cases passed.`,
  ].join('\n');
}

const resultText = ({ test, cases }: TestResult): string =>
  [
    test,
    ...cases.flatMap(({ name, passed, differences }) => [
      `  ${passed ? '✓' : '✗'} ${name}`,
      ...differences.map((line) => `      ${line}`),
    ]),
  ].join('\n');
