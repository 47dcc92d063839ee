import type { KeptPages } from '../../model/ports.ts';
import type { Handle } from './handle.ts';

/** How many pages there are of each stream of an environment, and of how many the response is kept. */
export async function keptPages(
  handle: Handle,
  environment: string,
): Promise<ReadonlyMap<string, KeptPages>> {
  const rows = await handle.select<{ stream: string; kept: number; pages: number; records: number }>(
    "SELECT sum(CASE WHEN length(body) > 0 THEN records ELSE 0 END) AS records, source || '.' || stream AS stream, sum(CASE WHEN length(body) > 0 THEN 1 ELSE 0 END) AS kept, " +
      'count(*) AS pages FROM pages WHERE environment = ? GROUP BY source, stream',
    environment,
  );
  return new Map(
    rows.map(({ stream, kept, pages, records }) => [
      stream,
      { kept: Number(kept), dropped: Number(pages) - Number(kept), records: Number(records) },
    ]),
  );
}
