import type { AuditScope, OddWindow, WindowLedger } from '../../model/audit.ts';
import type { StreamPlan } from '../../model/plan.ts';
import { type AuditedPages, scoped } from './audit-pages.ts';
import type { Bound } from './handle.ts';

/** Windows of a stream that are named. */
const windowsShownMax = 10;

/** Pages in order, each with the number of its window; those whose window began before the ledger are in none. */
const numbered =
  'SELECT p.id, p.run, p.account, p.records, p.number, p.is_last, p.total, p.outside, p.begins_at, ' +
  'sum(CASE WHEN p.number = 1 THEN 1 ELSE 0 END) OVER (PARTITION BY p.account ORDER BY p.id) AS place ' +
  'FROM pages p WHERE p.environment = ? AND p.source = ? AND p.stream = ? AND p.number IS NOT NULL';

const grouped =
  'SELECT min(p.account) AS account, min(p.id) AS first, max(p.id) AS last, min(p.run) AS run, min(p.begins_at) AS begins_at, ' +
  'sum(p.records) AS received, max(CASE WHEN p.is_last = 1 THEN p.total END) AS total, sum(p.outside) AS outside, ' +
  'max(CASE WHEN p.is_last = 0 THEN p.records END) AS largest, max(p.is_last) AS ended, ' +
  `max(p.number) - count(*) AS lost FROM (${numbered}) p WHERE p.place > 0`;

interface WindowRow {
  readonly account: string;
  readonly first: number;
  readonly last: number;
  readonly run: string;
  readonly begins_at: string | null;
  readonly received: number;
  readonly total: number | null;
  readonly outside: number;
  readonly largest: number | null;
  readonly lost: number;
}

/** What the windows of a stream brought, beside what was asked for and announced. */
export async function windowLedger(
  { handle, environment, stream }: AuditedPages,
  scope: AuditScope,
): Promise<WindowLedger> {
  const size = isOneListing(stream) ? (stream.paginate.size ?? 0) : 0;
  const { sql, bound } = scoped(scope);
  const windows = `${grouped}${sql} GROUP BY p.account, p.place`;
  const parameters: Bound[] = [environment, stream.source, stream.name, ...bound];
  const counts = await handle.first<{ windows: number; announced: number }>(
    `SELECT count(*) AS windows, count(CASE WHEN ended = 1 THEN total END) AS announced FROM (${windows}) w`,
    ...parameters,
  );
  const rows = await handle.select<WindowRow>(
    `SELECT * FROM (${windows}) w WHERE outside > 0 OR (ended = 1 AND received < total) OR (largest > 0 AND largest < ?) OR lost > 0 ` +
      `ORDER BY first DESC LIMIT ${windowsShownMax}`,
    ...parameters,
    size,
  );
  return {
    windows: Number(counts?.windows ?? 0),
    announced: Number(counts?.announced ?? 0),
    odd: rows.map((row) => oddWindow(row, size)),
  };
}

/** Whether every page of a window but the last one should be full: a window of several listings has a last page of each. */
const isOneListing = ({ parent, partitions, cursor }: StreamPlan): boolean =>
  parent === undefined && partitions.length <= 1 && cursor?.stepMs === undefined;

/** `size`: records of a page that are asked for; 0 where that says nothing of its pages. */
function oddWindow(row: WindowRow, size: number): OddWindow {
  const received = Number(row.received);
  const total = row.total === null ? undefined : Number(row.total);
  const largest = row.largest === null ? undefined : Number(row.largest);
  return {
    account: row.account,
    pages: { first: Number(row.first), last: Number(row.last) },
    run: row.run,
    ...(row.begins_at !== null && { from: row.begins_at }),
    received,
    ...(total !== undefined && received < total && { total }),
    outside: Number(row.outside),
    ...(largest !== undefined && largest > 0 && largest < size && { clamped: largest }),
    lostPages: Number(row.lost),
  };
}
