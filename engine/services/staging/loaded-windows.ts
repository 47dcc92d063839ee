import type { LoadedWindow } from '../../model/freshness.ts';
import type { Handle } from './handle.ts';
import { numbered, pagesMax, type StreamKey } from './windows.ts';

const grouped =
  'SELECT min(id) AS first, max(id) AS last, min(staged_at) AS "startedAt", max(staged_at) AS "endedAt", ' +
  'max("cursor") AS reached, sum(records) AS records, max(is_last) AS ended ' +
  `FROM (${numbered}) w WHERE place > 0 GROUP BY place ORDER BY max(id) DESC LIMIT ?`;

interface WindowRow extends Pick<LoadedWindow, 'startedAt' | 'endedAt'> {
  readonly first: number;
  readonly last: number;
  readonly reached: string | null;
  readonly records: number;
  readonly ended: number;
}

/** What of a mapping is loaded. */
interface Loaded {
  readonly through: number;
  /** Pages that have rows, in order. */
  readonly pages: readonly number[];
  readonly loads: readonly { readonly first: number; readonly last: number; readonly at: string }[];
}

/** The last windows of a stream, oldest first, each with when it was loaded into the tables of these mappings. */
export async function loadedWindows(
  handle: Handle,
  key: StreamKey,
  mappings: readonly string[],
  limit: number,
): Promise<readonly LoadedWindow[]> {
  const rows = (await handle.select<WindowRow>(grouped, ...key, pagesMax, limit)).reverse();
  const from = Number(rows[0]?.first ?? 0);
  const loaded: Loaded[] = [];
  for (const mapping of mappings) loaded.push(await loadedOf(handle, mapping, from));
  return rows.map((row) => windowOf(row, loaded));
}

async function loadedOf(handle: Handle, mapping: string, from: number): Promise<Loaded> {
  const state = await handle.first<{ through: number }>(
    'SELECT loaded_through AS through FROM mappings WHERE mapping = ?',
    mapping,
  );
  const pages = await handle.select<{ page: number }>(
    'SELECT page FROM page_rows WHERE mapping = ? AND page >= ? AND (rows > 0 OR marks > 0) ORDER BY page',
    ...[mapping, from],
  );
  const loads = await handle.select<{ first: number; last: number; at: string }>(
    'SELECT first_page AS first, last_page AS last, loaded_at AS at FROM loads WHERE mapping = ? AND last_page >= ?',
    ...[mapping, from],
  );
  return {
    through: Number(state?.through ?? 0),
    pages: pages.map(({ page }) => Number(page)),
    loads: loads.map(({ first, last, at }) => ({ first: Number(first), last: Number(last), at })),
  };
}

function windowOf(row: WindowRow, loaded: readonly Loaded[]): LoadedWindow {
  const { startedAt, endedAt, reached } = row;
  const times = loaded.map((one) => loadedAt(row, one));
  const isLoaded = !times.includes(undefined);
  return {
    ...{ startedAt, endedAt, records: Number(row.records), ended: Number(row.ended) === 1 },
    ...(reached !== null && { reached }),
    ...(isLoaded && { loadedAt: [endedAt, ...times].reduce<string>(later, endedAt) }),
  };
}

const later = (one: string, other: string | undefined): string =>
  other !== undefined && other > one ? other : one;

/** When the last rows of a window were loaded first; undefined while they are not. A load before its end has held them. */
function loadedAt(
  { first, last, endedAt }: WindowRow,
  { through, pages, loads }: Loaded,
): string | undefined {
  const page = pages.findLast((one) => one >= Number(first) && one <= Number(last));
  if (page === undefined) return endedAt;
  if (page > through) return undefined;
  const times = loads
    .filter((load) => load.first <= page && page <= load.last && load.at >= endedAt)
    .map(({ at }) => at);
  return times.sort()[0] ?? endedAt;
}
