import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checked, changedFixtures, map } from '../engine.ts';
import type { MappedRows } from '../model/batch.ts';
import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import type { CaseChange } from '../model/fixture.ts';
import type { MappingPlan, Plan } from '../model/plan.ts';
import type { SourceDocument } from '../model/project.ts';
import { acceptedCase, type CaseResult, compareCase } from '../operations/fixtures.ts';

export interface TestResult {
  readonly test: string;
  readonly cases: readonly CaseResult[];
}

export interface FixtureTests {
  readonly results: readonly TestResult[];
  /** Files that `--update` has changed. */
  readonly written: readonly string[];
}

/** Runs all fixtures of a project. With `update`, those that differ expect then what was found. */
export async function testFixtures(
  { files }: Checked,
  plan: Plan,
  tests: readonly config.Test[],
  update: boolean,
): Promise<FixtureTests> {
  const results: TestResult[] = [];
  const written: string[] = [];
  for (const test of tests) {
    const { mapping, made } = await mapped(plan, test);
    const { nodes } = documentOf(files.documents, test);
    const cases = test.cases.map((one, at): CaseResult => {
      const place = nodes.get(`/cases/${at}/name`)?.value;
      return { ...compareCase(mapping, one, rowsAt(made, at)), ...(place && { place }) };
    });
    const failed = cases.some(({ passed }) => !passed);
    if (update && failed) written.push(accept(files, test, changesOf(mapping, test, made)));
    const now = update ? cases.map((one) => ({ ...one, passed: true, differences: [] })) : cases;
    results.push({ test: test.name, cases: now });
  }
  return { results, written };
}

async function mapped(
  plan: Plan,
  test: config.Test,
): Promise<{ readonly mapping: MappingPlan; readonly made: readonly MappedRows[] }> {
  const mapping = plan.mappings[test.mapping];
  assert(mapping, `the plan has the mapping ${test.mapping}`);
  const records = test.cases.map((one) => one.records);
  return { mapping, made: await map(plan, test.mapping, records) };
}

function rowsAt(made: readonly MappedRows[], at: number): MappedRows {
  const rows = made[at];
  assert(rows, 'every case was mapped');
  return rows;
}

const changesOf = (
  mapping: MappingPlan,
  { cases }: config.Test,
  made: readonly MappedRows[],
): ReadonlyMap<number, CaseChange> =>
  new Map(cases.map((one, at) => [at, acceptedCase(mapping, one, rowsAt(made, at))]));

function accept(
  { folder, documents }: Checked['files'],
  test: config.Test,
  changes: ReadonlyMap<number, CaseChange>,
): string {
  const { file } = documentOf(documents, test);
  const path = join(folder, file);
  writeFileSync(path, changedFixtures(readFileSync(path, 'utf8'), changes));
  return file;
}

function documentOf(documents: readonly SourceDocument[], test: config.Test): SourceDocument {
  const found = documents.find(({ value }) => {
    const own = value as { readonly kind?: unknown; readonly name?: unknown } | null;
    return own?.kind === 'test' && own.name === test.name;
  });
  assert(found, `the test ${test.name} stands in a file`);
  return found;
}
