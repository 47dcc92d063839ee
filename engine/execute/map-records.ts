import { streamName } from '../model/accounts.ts';
import type { MappedRows } from '../model/batch.ts';
import { assert } from '../model/errors.ts';
import type { ExtractStep, Plan } from '../model/plan.ts';
import { WorkerPool } from './worker-pool.ts';

const testKey = 'test';

/** Maps records as they would stand in a response, for the tests of a mapping. Tokens are made with a key of their own. */
export async function mapRecords(
  plan: Plan,
  name: string,
  cases: readonly unknown[][],
): Promise<readonly MappedRows[]> {
  const mapping = plan.mappings[name];
  const step = plan.steps.find(
    (one): one is ExtractStep => one.kind === 'extract' && streamName(one.stream) === mapping?.stream,
  );
  assert(mapping && step, `the plan has the mapping ${name} and reads its stream`);
  const { cursor: _, ...whole } = step.stream;
  // What would be looked up stands in the records.
  const stream = { ...whole, lookups: [], records: { root: 'record', segments: [] } } as const;
  const pool = new WorkerPool(
    {
      programs: [{ id: name, stream, mappings: [{ ...mapping, overrides: [] }] }],
      piiKey: testKey,
      // Records that were kept have tokens already.
      tokenised: true,
    },
    1,
  );
  try {
    const pages = cases.map((records) =>
      pool.map({ program: name, page: 1, body: Buffer.from(JSON.stringify(records)) }),
    );
    const mapped = await Promise.all(pages.map((page) => page.mapped));
    return mapped.flatMap(({ rows }) => rows);
  } finally {
    await pool.close();
  }
}
