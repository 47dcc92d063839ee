import type { Diagnostic, Place } from '../model/diagnostic.ts';

/** Something that was looked at, and what is wrong with it. */
export interface CaseOutcome {
  readonly suite: string;
  readonly name: string;
  /** Empty when it passed. */
  readonly failures: readonly string[];
  /** Where it stands in the project; absent where no file is about it. */
  readonly place?: Place;
}

const marks: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** What XML 1.0 cannot hold at all becomes a mark. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"\n\t]/g, (character) => marks[character] ?? '');

function caseText({ suite, name, failures }: CaseOutcome): string {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}"`;
  if (failures.length === 0) return `${head}/>`;
  const told = failures.map(
    (failure) =>
      `      <failure message="${escaped(failure.split('\n')[0] ?? '')}">${escaped(failure)}</failure>`,
  );
  return [`${head}>`, ...told, '    </testcase>'].join('\n');
}

/** JUnit's XML, as GitLab, Jenkins and Azure read it. */
export function junitText(command: string, cases: readonly CaseOutcome[]): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))];
  const failed = (of: readonly CaseOutcome[]): number =>
    of.filter(({ failures }) => failures.length > 0).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(`etl ${command}`)}" tests="${cases.length}" failures="${failed(cases)}">`,
    ...suites.flatMap((suite) => {
      const own = cases.filter((one) => one.suite === suite);
      return [
        `  <testsuite name="${escaped(suite)}" tests="${own.length}" failures="${failed(own)}">`,
        ...own.map(caseText),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
  ].join('\n');
}

/** A command that has no cases of its own is one, and each of its errors a failure. */
export const commandCase = (
  command: string,
  exitCode: number,
  diagnostics: readonly Diagnostic[],
): CaseOutcome => {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(failureText);
  const failures = errors.length > 0 || exitCode === 0 ? errors : [`it ended with exit code ${exitCode}`];
  return { suite: 'etl', name: command, failures };
};

/** A case for each file, and one for what stands in none. */
export function fileCases(
  files: readonly string[],
  diagnostics: readonly Diagnostic[],
): readonly CaseOutcome[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return [...new Set([...files, ...errors.map(({ place }) => place?.file ?? 'project')])].map((name) => ({
    suite: 'validate',
    name,
    failures: errors.filter(({ place }) => (place?.file ?? 'project') === name).map(failureText),
  }));
}

const failureText = ({ code, summary, place, help }: Diagnostic): string =>
  [
    `${code}: ${summary}`,
    ...(place === undefined ? [] : [`${place.file}:${place.line}:${place.column}`]),
    ...help,
  ].join('\n');
