import type { MappedRows, PageFacts } from '../model/batch.ts';
import { assert, ExplainedError } from '../model/errors.ts';
import type { ExtractStep, MappingPlan, Plan } from '../model/plan.ts';
import { extract } from './extract/extract.ts';
import { channels, extraction } from './extraction.ts';
import { redacted } from './findings.ts';
import { streamAccount } from './run-ledger.ts';
import type { RunServices } from './run-services.ts';
import { workerPool } from './worker-pool.ts';

export interface Preview {
  readonly mapping: MappingPlan;
  readonly facts: PageFacts;
  readonly rows: MappedRows;
}

/** Fetches the first page of a mapping's stream and maps it. One request; nothing is stored. */
export async function previewMapping(plan: Plan, name: string, services: RunServices): Promise<Preview> {
  const mapping = plan.mappings[name];
  const step = plan.steps.find(
    (one): one is ExtractStep =>
      one.kind === 'extract' && `${one.stream.source}.${one.stream.name}` === mapping?.stream,
  );
  assert(mapping && step, `the plan has the mapping ${name} and reads its stream`);
  const pool = workerPool(plan, services.references, 1, services.clock.now());
  const { signal } = services;
  const own = { signal, lookupSignal: signal, pageId: async () => 1 };
  const plumbing = { plan, services, channels: channels(plan, services), pool };
  try {
    for await (const { facts, mapped } of extract(extraction(plumbing, step, {}, streamAccount(), own))) {
      const rows = (await mapped).rows.find((one) => one.mapping === name);
      assert(rows, `the page has rows of ${name}`);
      return { mapping, facts, rows };
    }
    throw new Error('Assertion failed: a listing has at least one page');
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    throw error.said((diagnostic) => redacted(diagnostic, services.references));
  } finally {
    await pool.close();
  }
}
