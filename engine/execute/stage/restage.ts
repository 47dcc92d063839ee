import type { MappedRows } from '../../model/batch.ts';
import type { StreamPlan } from '../../model/plan.ts';
import type { KeptPage, Staging } from '../../model/ports.ts';

/** Maps the kept pages of a stream again, in order, and stages their rows. Returns the number of rows. */
export async function restage(
  stream: StreamPlan,
  staging: Staging,
  remap: (page: KeptPage) => Promise<readonly MappedRows[]>,
): Promise<number> {
  let rows = 0;
  for await (const page of staging.pages(stream)) {
    for (const mapped of await remap(page)) {
      await staging.restage(page.id, mapped);
      rows += mapped.count;
    }
  }
  return rows;
}
