import type { MappingPlan, Plan } from '../model/plan.ts';
import type { LoadUnit } from '../model/ports.ts';
import type { RunServices } from './run-services.ts';
import { rowsPool, rowsProgram, type WorkerPool } from './worker-pool.ts';

export type MaterialiseServices = Pick<
  RunServices,
  'staging' | 'forgetting' | 'references' | 'clock' | 'runId' | 'signal'
>;

/**
 * Stages the rows of a mapping of the pages that were staged without them, in a unit or at all. A worker is started for
 * the first such page.
 */
export async function materialise(
  plan: Plan,
  { staging, forgetting, references, clock, runId, signal }: MaterialiseServices,
  mapping: MappingPlan,
  unit?: LoadUnit,
): Promise<void> {
  let pool: WorkerPool | undefined;
  try {
    for await (const { id, account, body } of staging.unstagedPages(mapping.name, unit)) {
      signal.throwIfAborted();
      pool ??= rowsPool(plan, references, mapping, clock.now(), await forgetting?.known());
      const made = await pool.remap({ program: rowsProgram(mapping.name, account), page: id, body });
      for (const rows of made) await staging.restage(id, rows, runId);
    }
  } finally {
    await pool?.close();
  }
}
