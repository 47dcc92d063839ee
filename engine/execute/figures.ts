import type { StagedPage } from '../model/ports.ts';
import type { StreamAccount } from './run-ledger.ts';
import type { RunServices } from './run-services.ts';

/** Tells who watches, and what measures, of a page that is staged now. */
export function tellStaged(
  { progress, metrics }: Pick<RunServices, 'progress' | 'metrics'>,
  stream: string,
  { pages, received, meter }: StreamAccount,
  page: StagedPage,
): void {
  metrics?.add('pages', 1, { stream });
  metrics?.add(
    'rows',
    page.rows.reduce((sum, { count }) => sum + count, 0),
    { stream },
  );
  progress.update({
    kind: 'stream',
    stream,
    pages,
    received,
    waitingMs: meter.waitedMs,
    ...(meter.boundBy !== undefined && { boundBy: meter.boundBy }),
  });
}

/** Counts what came of the requests of a stream that the cache could answer. */
export function countReplies(
  { metrics }: Pick<RunServices, 'metrics'>,
  stream: string,
  { cacheCounts }: StreamAccount,
): void {
  const { hits, revalidated, misses } = cacheCounts;
  for (const [result, count] of Object.entries({ hit: hits, revalidated, miss: misses }))
    if (count > 0) metrics?.add('cache', count, { stream, result });
}
