import { accountStream } from '../../model/accounts.ts';
import type { ApiRequest } from '../../model/batch.ts';
import type { KeptPage, KeptPages, PageChoice } from '../../model/ports.ts';
import type { KeptExchange } from '../../model/state-port.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';
import type { StreamKey } from './windows.ts';

interface KeptRow {
  readonly source: string;
  readonly account: string;
  readonly name: string;
  readonly kept: number;
  readonly pages: number;
  readonly records: number;
}

/** How many pages there are of each stream of each account of an environment, and of how many the response is kept. */
export async function keptPages(
  handle: Handle,
  environment: string,
): Promise<ReadonlyMap<string, KeptPages>> {
  const rows = await handle.select<KeptRow>(
    'SELECT sum(CASE WHEN length(body) > 0 THEN records ELSE 0 END) AS records, source, account, stream AS name, sum(CASE WHEN length(body) > 0 THEN 1 ELSE 0 END) AS kept, ' +
      'count(*) AS pages FROM pages WHERE environment = ? GROUP BY source, account, stream',
    environment,
  );
  return new Map(
    rows.map(({ kept, pages, records, ...stream }) => [
      accountStream(stream),
      { kept: Number(kept), dropped: Number(pages) - Number(kept), records: Number(records) },
    ]),
  );
}

const ofStream = 'FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? ';

interface Stream {
  readonly environment: string;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
}

/** Kept pages of a stream in order, one at a time. */
export async function* chosenPages(
  database: Database,
  { environment, source, account, stream }: Stream,
  only?: PageChoice,
): AsyncGenerator<KeptPage> {
  const where = [environment, source, account, stream];
  const after = (id: number): Promise<KeptPage | undefined> =>
    database.read((handle) =>
      handle.first<KeptPage>(
        `SELECT id, run, body ${ofStream} AND length(body) > 0 AND id > ? ORDER BY id LIMIT 1`,
        ...where,
        id,
      ),
    );
  if (only !== undefined && 'length' in only) {
    yield* pagesWith([...only], after);
    return;
  }
  const first = await firstOf(database, where, only);
  let page = await after(first - 1);
  while (page !== undefined) {
    yield page;
    page = await after(page.id);
  }
}

async function* pagesWith(
  ids: number[],
  after: (id: number) => Promise<KeptPage | undefined>,
): AsyncGenerator<KeptPage> {
  for (const id of ids.sort((a, b) => a - b)) {
    const page = await after(id - 1);
    if (page?.id === id) yield page;
  }
}

/** The first that is chosen. */
async function firstOf(
  database: Database,
  where: readonly string[],
  only: Exclude<PageChoice, readonly number[]> | undefined,
): Promise<number> {
  if (only === undefined) return 1;
  if ('from' in only) return only.from;
  const sql = `SELECT id ${ofStream} AND length(body) > 0 ORDER BY id DESC LIMIT 1 OFFSET ?`;
  const found = await database.read((handle) =>
    handle.first<{ id: number }>(sql, ...where, Math.max(0, only.newest - 1)),
  );
  return Number(found?.id ?? 1);
}

interface ExchangeRow {
  readonly id: number;
  readonly number: number;
  readonly is_last: number | null;
  readonly begins_at: string | null;
  readonly request: string;
  readonly status: number;
  readonly staged_at: string;
  readonly body: Uint8Array;
}

/** The first pages of the newest window, of a run or at all, that is kept from its beginning and has records. */
export async function keptExchanges(
  handle: Handle,
  key: StreamKey,
  limit: number,
  run?: string,
): Promise<readonly KeptExchange[]> {
  const first = await handle.first<{ id: number }>(
    `SELECT id ${ofStream} AND number = 1 AND records > 0 AND length(body) > 0 ` +
      `${run === undefined ? '' : 'AND run = ? '}ORDER BY id DESC LIMIT 1`,
    ...key,
    ...(run === undefined ? [] : [run]),
  );
  if (first === undefined) return [];
  const rows = await handle.select<ExchangeRow>(
    `SELECT id, number, is_last, begins_at, request, status, staged_at, body ${ofStream} ` +
      'AND id >= ? AND number IS NOT NULL ORDER BY id LIMIT ?',
    ...key,
    first.id,
    limit,
  );
  // Numbers begin anew where the next window does.
  const end = rows.findIndex(({ number, body }, at) => Number(number) !== at + 1 || body.length === 0);
  return (end === -1 ? rows : rows.slice(0, end)).map(exchangeOf);
}

const exchangeOf = ({
  id,
  is_last,
  begins_at,
  request,
  status,
  staged_at,
  body,
}: ExchangeRow): KeptExchange => ({
  id: Number(id),
  isLast: Number(is_last) === 1,
  ...(begins_at !== null && { from: begins_at }),
  request: JSON.parse(request) as ApiRequest,
  status: Number(status),
  stagedAt: staged_at,
  body,
});
