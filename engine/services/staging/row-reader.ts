import type { MappingPlan } from '../../model/plan.ts';
import type { LoadUnit, StagedRow } from '../../model/ports.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';
import { groupPages, type PendingPage } from './load-units.ts';
import type { StagedTable } from './staged-table.ts';

/**
 * Holds for a row whose record has a version before it that is blocked: what is newer waits until somebody has decided.
 * Elements of one version do not wait for each other. About the row `t`; the mapping is bound.
 */
export const isHeld =
  "EXISTS (SELECT 1 FROM blockers AS b WHERE b.mapping = ? AND b.kind = 'record' AND b.status = 'open' " +
  'AND b.record = t._record AND b.account = t._account ' +
  'AND (b.page < t._page OR (b.page = t._page AND b.ordinal < t._ordinal)))';

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
  const open = await database.read((handle) => hasBlockers(handle, unit.mapping));
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
  const free = holding === undefined ? undefined : { sql: `NOT ${isHeld}`, bound: [holding] };
  return table.rows(handle, ...range, free);
}

/** Whether a record of a mapping is blocked, so that rows may be held. */
export const hasBlockers = async (handle: Handle, mapping: string): Promise<boolean> =>
  (await handle.first(
    "SELECT 1 AS found FROM blockers WHERE mapping = ? AND kind = 'record' AND status = 'open' LIMIT 1",
    mapping,
  )) !== undefined;

/** How many rows and markers of a unit are held. */
export async function heldLines(
  handle: Handle,
  table: StagedTable,
  { mapping, firstPage, lastPage }: LoadUnit,
): Promise<Pick<LoadUnit, 'rows' | 'marks'>> {
  if (!(await hasBlockers(handle, mapping))) return { rows: 0, marks: 0 };
  const found = await handle.first<{ lines: number; held: number }>(
    `SELECT count(*) AS lines, coalesce(sum(CASE WHEN t._op IS NULL THEN 1 ELSE 0 END), 0) AS held FROM ${table.name} AS t ` +
      `WHERE t._page BETWEEN ? AND ? AND ${isHeld}`,
    firstPage,
    lastPage,
    mapping,
  );
  const rows = Number(found?.held ?? 0);
  return { rows, marks: Number(found?.lines ?? 0) - rows };
}
