import type { MappingPlan } from '../../model/plan.ts';
import type { LoadUnit, StagedRow } from '../../model/ports.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';
import { holds, isHeld } from './held-rows.ts';
import { groupPages, type PendingPage } from './load-units.ts';
import type { StagedTable } from './staged-table.ts';

const rowsPerBatchMax = 1000;

/**
 * Rows of a unit in page order, without those held. Each query reads whole pages, as many as make a batch, and is done before the batch is
 * handed out: memory is bounded by a page, and no read transaction stays open that would keep the WAL from being emptied.
 */
export async function* readRows(
  database: Database,
  mapping: MappingPlan,
  unit: LoadUnit,
): AsyncGenerator<readonly StagedRow[]> {
  const table = database.dialect.table(mapping);
  const pages = await database.read((handle) => pagesOf(handle, unit));
  const open = await database.read((handle) => holds(handle, unit.mapping));
  for (const group of groupPages(pages, rowsPerBatchMax)) {
    const rows = await database.read((handle) =>
      rowsOf(handle, table, group, open ? unit.mapping : undefined),
    );
    for (let at = 0; at < rows.length; at += rowsPerBatchMax) yield rows.slice(at, at + rowsPerBatchMax);
  }
}

const pagesOf = (handle: Handle, { mapping, firstPage, lastPage }: LoadUnit): Promise<PendingPage[]> =>
  handle.select(
    `SELECT page, rows, marks, '' AS "bodyHash" FROM page_rows WHERE mapping = ? AND page BETWEEN ? AND ? ORDER BY page`,
    mapping,
    firstPage,
    lastPage,
  );

async function rowsOf(
  handle: Handle,
  table: StagedTable,
  pages: readonly PendingPage[],
  holding: string | undefined,
): Promise<readonly StagedRow[]> {
  const range = [pages[0]?.page ?? 0, pages.at(-1)?.page ?? 0] as const;
  const held = holding === undefined ? undefined : isHeld(holding);
  return table.rows(handle, ...range, held && { ...held, sql: `NOT ${held.sql}` });
}
