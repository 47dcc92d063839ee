import type { Diagnostic } from '../model/diagnostic.ts';
import { ExplainedError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { References } from '../model/ports.ts';

/** A diagnostic for every reference of the plan that has no value now. */
export function missingReferences(plan: Plan, references: References): readonly Diagnostic[] {
  return plan.references.flatMap(({ reference, at }): readonly Diagnostic[] => {
    try {
      references.resolve(reference);
      return [];
    } catch (error) {
      if (!(error instanceof ExplainedError)) throw error;
      const place = placeOf(at, reference);
      return [{ ...error.diagnostic, place, label: 'asked for here' }];
    }
  });
}

function placeOf(at: string, reference: string): NonNullable<Diagnostic['place']> {
  const [, file = at, line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(at) ?? [];
  const start = Number(column);
  const text = `${' '.repeat(start - 1)}${reference}`;
  return { file, line: Number(line), column: start, endColumn: start + reference.length, text };
}
