import type * as config from '../model/config.ts';
import { knownPath } from '../model/path.ts';
import type { ConditionPlan, Literal } from '../model/plan.ts';

/** The conditions of `where`, one a line: a plain value means equality. */
export const compileConditions = (where: config.Where, inEach: boolean): readonly ConditionPlan[] =>
  Object.entries(where).flatMap(([text, wanted]) => {
    const path = knownPath(text, inEach);
    const tests = isConditions(wanted) ? Object.entries(wanted) : [['eq', wanted] as const];
    return tests.map(([op, value]) => ({
      path,
      text,
      op: op as ConditionPlan['op'],
      value: value as Literal | readonly Literal[],
    }));
  });

const isConditions = (wanted: unknown): wanted is Readonly<Record<string, unknown>> =>
  typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted);
