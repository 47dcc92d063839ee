import { map } from '../engine.ts';
import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { type CaseResult, compareCase } from '../operations/fixtures.ts';

export interface TestResult {
  readonly test: string;
  readonly cases: readonly CaseResult[];
}

/** Runs the fixtures of one file. */
export async function testFixtures(plan: Plan, test: config.Test): Promise<TestResult> {
  const mapping = plan.mappings[test.mapping];
  assert(mapping, `the plan has the mapping ${test.mapping}`);
  const made = await map(
    plan,
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
