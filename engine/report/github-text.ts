import type { Diagnostic } from '../model/diagnostic.ts';
import type { CaseOutcome } from './junit-text.ts';

/** GitHub shows so many annotations of a severity in a step, and drops the rest without a word. */
const annotationsMax = 10;

const message = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

function annotation(
  { code, severity, summary, place, help }: Diagnostic,
  pathOf: (file: string) => string,
): string {
  const where =
    place === undefined
      ? ''
      : `file=${property(pathOf(place.file))},line=${place.line},col=${place.column},endColumn=${place.endColumn},`;
  return `::${severity} ${where}title=${property(code)}::${message([summary, ...help].join('\n'))}`;
}

/** A case that failed, where it stands. Without a place it is told by a diagnostic, or in the text alone. */
const failed = ({ suite, name, failures, place }: CaseOutcome): readonly Diagnostic[] =>
  place === undefined || failures.length === 0
    ? []
    : [{ code: suite, severity: 'error', summary: name, place, help: failures }];

/** Diagnostics and failed cases as annotations of a GitHub workflow, errors first; those beyond its limit are counted. */
export function githubText(
  diagnostics: readonly Diagnostic[],
  pathOf: (file: string) => string = (file) => file,
  cases: readonly CaseOutcome[] = [],
): string {
  const found = [...cases.flatMap(failed), ...diagnostics];
  const lines = (['error', 'warning'] as const).flatMap((severity) => {
    const all = found.filter((one) => one.severity === severity);
    const more = all.length - annotationsMax;
    return [
      ...all.slice(0, annotationsMax).map((one) => annotation(one, pathOf)),
      ...(more > 0 ? [`${more} more of severity ${severity} are in the log of this step.`] : []),
    ];
  });
  return lines.join('\n');
}
