import type { RangeHistory } from '../../model/estimate.ts';
import type { MappingPlan, PinnedWindow } from '../../model/plan.ts';
import type { Handle } from './handle.ts';
import { loadState } from './load-units.ts';
import type { StreamKey } from './windows.ts';

/** Windows that one statement counts. */
const windowsPerQueryMax = 100;

/** Where and among what records are counted. */
export interface Counted {
  readonly key: StreamKey;
  readonly mappings: readonly MappingPlan[];
  readonly windows: readonly PinnedWindow[];
  /** The quoted table of a mapping's staged rows. */
  tableOf(mapping: MappingPlan): string;
}

/** How many records have their newest staged version in each window, or why nobody knows. */
export async function recordsIn(handle: Handle, counted: Counted): Promise<Omit<RangeHistory, 'slices'>> {
  const { mappings, windows, tableOf } = counted;
  const [from, to] = [windows[0]?.from ?? '', windows.at(-1)?.to ?? ''];
  if (!(await isRead(handle, counted.key, from, to)))
    return { unknown: 'the range was not read from its beginning to its end before' };
  const plain = mappings.filter(({ each }) => each === undefined);
  const mapping = plain.find(({ where }) => where.length === 0) ?? plain[0];
  if (mapping === undefined) return { unknown: 'no mapping of it has one row for each record' };
  if ((await loadState(handle, mapping.name))?.hash !== mapping.hash || (await isLeftOut(handle, mapping)))
    return { unknown: `the rows of ${mapping.name} are not staged as it makes them now` };
  const share = await rowShare(handle, mapping);
  if (share === undefined) return { unknown: `${mapping.name} has kept none of its records` };
  const [, , account] = counted.key;
  const records: number[] = [];
  for (let at = 0; at < windows.length; at += windowsPerQueryMax)
    records.push(
      ...(await count(handle, tableOf(mapping), account, windows.slice(at, at + windowsPerQueryMax))),
    );
  return { records: records.map((rows) => Math.round(rows / share)), mapping: mapping.name };
}

/** Whether incremental runs have been all over a range. */
async function isRead(handle: Handle, key: StreamKey, from: string, to: string): Promise<boolean> {
  const first = await handle.first<{ least: string | null }>(
    "SELECT min(coalesce(begins_at, '')) AS least FROM pages WHERE environment = ? AND source = ? AND account = ? " +
      'AND stream = ? AND number IS NOT NULL',
    ...key,
  );
  const position = await handle.first<{ cursor: string | null }>(
    'SELECT cursor FROM positions WHERE environment = ? AND source = ? AND account = ? AND stream = ?',
    ...key,
  );
  const [least, reached] = [first?.least, position?.cursor];
  return typeof least === 'string' && least <= from && typeof reached === 'string' && reached >= to;
}

/** Whether rows of a mapping were not staged with their pages. */
async function isLeftOut(handle: Handle, { name }: MappingPlan): Promise<boolean> {
  const sql = 'SELECT 1 AS found FROM page_rows WHERE mapping = ? AND unstaged = 1 LIMIT 1';
  return (await handle.first(sql, name)) !== undefined;
}

/** Rows that a mapping makes of a record: less than one where it filters, or records are blocked. */
async function rowShare(handle: Handle, { name }: MappingPlan): Promise<number | undefined> {
  const found = await handle.first<{ rows: number | null; units: number | null }>(
    'SELECT sum(rows + deduplicated) AS rows, sum(units - tombstones) AS units FROM page_rows WHERE mapping = ? AND rows > 0',
    name,
  );
  const [rows, units] = [Number(found?.rows ?? 0), Number(found?.units ?? 0)];
  return rows > 0 && units > 0 ? rows / units : undefined;
}

async function count(
  handle: Handle,
  table: string,
  account: string,
  windows: readonly PinnedWindow[],
): Promise<readonly number[]> {
  const sums = windows.map(
    (_, at) => `sum(CASE WHEN newest >= ? AND newest < ? THEN 1 ELSE 0 END) AS w${at}`,
  );
  const found = await handle.first<{ readonly [window: string]: number | string | null }>(
    `SELECT ${sums.join(', ')} FROM (SELECT max(_cursor) AS newest FROM ${table} WHERE _op IS NULL AND _account = ? GROUP BY _account, _record) AS r`,
    ...windows.flatMap(({ from, to }) => [from, to]),
    account,
  );
  return windows.map((_, at) => Number(found?.[`w${at}`] ?? 0));
}
