import type { WindowRecord } from '../../model/estimate.ts';
import type { Handle } from './handle.ts';

/** Pages of a stream that are looked at, the newest first. */
export const pagesMax = 50_000;
/** Those whose rows are counted: how many rows a record makes changes little. */
const countedMax = 1000;

/** Environment, source, account and stream. */
export type StreamKey = readonly [string, string, string, string];

/** Never the bodies: they are most of the table. */
const recent =
  'SELECT id, run, staged_at, begins_at, "cursor", records, number, total, is_last FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? ' +
  'AND number IS NOT NULL ORDER BY id DESC LIMIT ?';

/** Pages in order, each with the number of its window. */
export const numbered =
  'SELECT id, run, staged_at, begins_at, "cursor", records, number, total, is_last, ' +
  `sum(CASE WHEN number = 1 THEN 1 ELSE 0 END) OVER (ORDER BY id) AS place FROM (${recent}) p`;

const grouped =
  'SELECT max(run) AS run, min(staged_at) AS "startedAt", max(staged_at) AS "endedAt", min(begins_at) AS "from", ' +
  'max("cursor") AS reached, sum(records) AS records, count(*) AS pages, max(records) AS largest, max(total) AS total, ' +
  `max(is_last) AS ended FROM (${numbered}) w WHERE place > 0 GROUP BY place ORDER BY max(id) DESC LIMIT ?`;

interface Row extends Pick<WindowRecord, 'run' | 'startedAt' | 'endedAt'> {
  readonly from: string | null;
  readonly reached: string | null;
  readonly records: number;
  readonly pages: number;
  readonly largest: number;
  readonly total: number | null;
  readonly ended: number;
}

/** The last windows of a stream, newest first. */
export async function windows(
  handle: Handle,
  key: StreamKey,
  limit: number,
): Promise<readonly WindowRecord[]> {
  const rows = await handle.select<Row>(grouped, ...key, pagesMax, limit);
  return rows.map(({ run, startedAt, endedAt, ...row }) => ({
    run,
    startedAt,
    endedAt,
    ...(row.from !== null && { from: row.from }),
    ...(row.reached !== null && { reached: row.reached }),
    records: Number(row.records),
    pages: Number(row.pages),
    largest: Number(row.largest),
    ...(row.total !== null && { total: Number(row.total) }),
    ended: Number(row.ended) === 1,
  }));
}

/** Rows that each mapping has made of one record of a stream, on average. */
export async function rowsPerRecord(handle: Handle, key: StreamKey): Promise<ReadonlyMap<string, number>> {
  const rows = await handle.select<{ mapping: string; rows: number; records: number }>(
    'SELECT r.mapping, sum(r.rows) AS rows, sum(p.records) AS records ' +
      `FROM (${recent}) p JOIN page_rows r ON r.page = p.id GROUP BY r.mapping HAVING sum(p.records) > 0`,
    ...key,
    countedMax,
  );
  return new Map(rows.map(({ mapping, rows, records }) => [mapping, Number(rows) / Number(records)]));
}
