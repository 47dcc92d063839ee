import { neededReferences } from '../compile/needed-references.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Plan, StreamPlan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';
import type { SourceDocument } from '../model/project.ts';

/** A diagnostic for every reference of the plan that has no value now; with `streams` those that reading them needs. */
export function missingReferences(
  plan: Plan,
  references: References,
  documents: readonly SourceDocument[],
  streams?: readonly StreamPlan[],
): readonly Diagnostic[] {
  const needed = streams === undefined ? plan.references : neededReferences(plan, streams);
  return needed.flatMap(({ reference, at }): readonly Diagnostic[] => {
    try {
      references.resolve(reference);
      return [];
    } catch (error) {
      if (!(error instanceof ExplainedError)) throw error;
      const place = placeOf(at, reference, documents);
      return [{ ...error.diagnostic, place, label: 'asked for here' }];
    }
  });
}

/** The place that a plan names, with the line as it stands in the file. */
function placeOf(at: string, reference: string, documents: readonly SourceDocument[]): Place {
  const [, file = at, line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
  const start = Number(column);
  const nodes = documents.find((document) => document.file === file)?.nodes.values() ?? [];
  const node = [...nodes].find(({ value }) => value.line === Number(line));
  return {
    file,
    line: Number(line),
    column: start,
    endColumn: start + reference.length,
    text: node?.value.text ?? reference,
  };
}
