import { streamName } from '../model/accounts.ts';
import type { MappedRows, PageFacts, ReceivedPage } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import type { ExtractStep, MappingPlan, Plan } from '../model/plan.ts';

export interface Preview {
  readonly mapping: MappingPlan;
  readonly facts: PageFacts;
  readonly rows: MappedRows;
}

/** Fetches the first page of a mapping's stream and maps it. One request; nothing is stored. */
export async function previewMapping(
  plan: Plan,
  name: string,
  list: (step: ExtractStep) => AsyncIterable<ReceivedPage>,
): Promise<Preview> {
  const mapping = plan.mappings[name];
  const step = plan.steps.find(
    (one): one is ExtractStep => one.kind === 'extract' && streamName(one.stream) === mapping?.stream,
  );
  assert(mapping && step, `the plan has the mapping ${name} and reads its stream`);
  for await (const { facts, mapped } of list(step)) {
    const rows = (await mapped).rows.find((one) => one.mapping === name);
    assert(rows, `the page has rows of ${name}`);
    return { mapping, facts, rows };
  }
  throw new Error('Assertion failed: a listing has at least one page');
}
