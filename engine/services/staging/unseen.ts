import type { ListingBegun, Unseen } from '../../model/ports.ts';
import { type Handle, quote } from './handle.ts';

/**
 * The newest line of each record of an account that is not gone, with the last page that mentions the record: `late` ones, though
 * their numbers are less, were staged behind `firstPage`.
 */
const livingRecords = (table: string, firstPage: number, late: readonly number[]): string =>
  'SELECT DISTINCT _account, _record, _cursor, last FROM (SELECT _account, _record, _cursor, _op, ' +
  'rank() OVER (PARTITION BY _account, _record ORDER BY _cursor DESC NULLS LAST, _page DESC, _ordinal DESC) AS age, ' +
  `max(${late.length === 0 ? '_page' : `CASE WHEN _page IN (${late.join()}) THEN ${firstPage} ELSE _page END`}) ` +
  `OVER (PARTITION BY _account, _record) AS last FROM ${table} WHERE _account = ?) AS lines ` +
  "WHERE age = 1 AND (_op IS NULL OR _op <> 'delete')";

/** What waits for a person's decision is not taken for gone. */
const isMissing =
  'last < ? AND NOT EXISTS (SELECT 1 FROM blockers AS b WHERE b.mapping = ? ' +
  "AND b.kind = 'record' AND b.status = 'open' AND b.account = living._account AND b.record = living._record)";

/** Records of an account in a staged table that no page has mentioned since a listing began. */
export async function unseen(
  handle: Handle,
  { mapping, table, account, firstPage, begunMs, limit }: UnseenQuery,
): Promise<Unseen> {
  const late = begunMs === undefined ? [] : await stagedSince(handle, firstPage, begunMs);
  const living = livingRecords(table, firstPage, late);
  const counts = await handle.first<{ known: number; unseen: number }>(
    `SELECT count(*) AS known, coalesce(sum(CASE WHEN ${isMissing} THEN 1 ELSE 0 END), 0) AS unseen ` +
      `FROM (${living}) AS living`,
    firstPage,
    mapping,
    account,
  );
  const records = await handle.select<{ record: string; cursor: string | null }>(
    `SELECT _record AS ${quote('record')}, _cursor AS ${quote('cursor')} FROM (${living}) AS living ` +
      `WHERE ${isMissing} ORDER BY _record LIMIT ?`,
    account,
    firstPage,
    mapping,
    limit,
  );
  return { known: Number(counts?.known ?? 0), unseen: Number(counts?.unseen ?? 0), records };
}

/** Pages before one that were staged since a time: few, since a process takes a few numbers at a time. */
async function stagedSince(handle: Handle, page: number, sinceMs: number): Promise<readonly number[]> {
  const pages = await handle.select<{ id: number }>(
    'SELECT id FROM pages WHERE id < ? AND staged_at > ?',
    page,
    new Date(sinceMs).toISOString(),
  );
  return pages.map(({ id }) => Number(id));
}

interface UnseenQuery extends ListingBegun {
  readonly mapping: string;
  /** Quoted. */
  readonly table: string;
  readonly account: string;
  readonly limit: number;
}
