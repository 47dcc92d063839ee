import type { LoadUnit } from '../../model/ports.ts';
import type { Condition, Handle } from './handle.ts';
import type { StagedTable } from './staged-table.ts';

/**
 * Holds for a row `t` that is not loaded yet, though others of its pages are: its record has a version before it that is
 * blocked, and what is newer waits until somebody has decided (elements of one version do not wait for each other); or the
 * listing of its account was not read to its end.
 */
export const isHeld = (mapping: string): Condition => ({
  sql:
    "(EXISTS (SELECT 1 FROM blockers AS b WHERE b.mapping = ? AND b.kind = 'record' AND b.status = 'open' " +
    'AND b.record = t._record AND b.account = t._account ' +
    'AND (b.page < t._page OR (b.page = t._page AND b.ordinal < t._ordinal))) ' +
    'OR EXISTS (SELECT 1 FROM open_listings AS l WHERE l.mapping = ? AND l.account = t._account AND l.first_page <= t._page))',
  bound: [mapping, mapping],
});

/** Whether rows of a mapping may be held: a record of it is blocked, or the listing of an account is open. */
export const holds = async (handle: Handle, mapping: string): Promise<boolean> =>
  (await handle.first(
    "SELECT 1 AS found FROM blockers WHERE mapping = ? AND kind = 'record' AND status = 'open' " +
      'UNION ALL SELECT 1 FROM open_listings WHERE mapping = ? LIMIT 1',
    mapping,
    mapping,
  )) !== undefined;

/** How many rows and markers of a unit are held. */
export async function heldLines(
  handle: Handle,
  table: StagedTable,
  { mapping, firstPage, lastPage }: LoadUnit,
): Promise<Pick<LoadUnit, 'rows' | 'marks'>> {
  if (!(await holds(handle, mapping))) return { rows: 0, marks: 0 };
  const { sql, bound } = isHeld(mapping);
  const found = await handle.first<{ lines: number; held: number }>(
    `SELECT count(*) AS lines, coalesce(sum(CASE WHEN t._op IS NULL THEN 1 ELSE 0 END), 0) AS held FROM ${table.name} AS t ` +
      `WHERE t._page BETWEEN ? AND ? AND ${sql}`,
    firstPage,
    lastPage,
    ...bound,
  );
  const rows = Number(found?.held ?? 0);
  return { rows, marks: Number(found?.lines ?? 0) - rows };
}
