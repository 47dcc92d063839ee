import { streamName } from '../model/accounts.ts';
import type { MappedRows, PageFacts, ReceivedPage } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import type { ExtractStep, MappingPlan, Plan } from '../model/plan.ts';

export interface Preview {
  readonly mapping: MappingPlan;
  readonly facts: PageFacts;
  readonly rows: MappedRows;
}

/** The steps that read the stream of a mapping, one for each account. */
export const readsOf = ({ mappings, steps }: Plan, name: string): readonly ExtractStep[] =>
  steps.filter(
    (one): one is ExtractStep => one.kind === 'extract' && streamName(one.stream) === mappings[name]?.stream,
  );

/** What a mapping makes of the first of these pages. No other one is asked for, and nothing is stored. */
export async function preview(
  { mappings }: Pick<Plan, 'mappings'>,
  name: string,
  pages: AsyncIterable<ReceivedPage>,
): Promise<Preview> {
  const mapping = mappings[name];
  assert(mapping, `the plan has the mapping ${name}`);
  for await (const { facts, mapped } of pages) {
    const rows = (await mapped).rows.find((one) => one.mapping === name);
    assert(rows, `the page has rows of ${name}`);
    return { mapping, facts, rows };
  }
  throw new Error('Assertion failed: a listing has at least one page');
}
