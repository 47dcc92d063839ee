import type { KeptPage, KeptPages, PageChoice } from '../../model/ports.ts';
import type { Database } from './database.ts';
import type { Handle } from './handle.ts';

/** How many pages there are of each stream of an environment, and of how many the response is kept. */
export async function keptPages(
  handle: Handle,
  environment: string,
): Promise<ReadonlyMap<string, KeptPages>> {
  const rows = await handle.select<{ stream: string; kept: number; pages: number }>(
    "SELECT source || '.' || stream AS stream, sum(CASE WHEN length(body) > 0 THEN 1 ELSE 0 END) AS kept, " +
      'count(*) AS pages FROM pages WHERE environment = ? GROUP BY 1',
    environment,
  );
  return new Map(
    rows.map(({ stream, kept, pages }) => [
      stream,
      { kept: Number(kept), dropped: Number(pages) - Number(kept) },
    ]),
  );
}

interface Stream {
  readonly environment: string;
  readonly source: string;
  readonly account: string;
  readonly stream: string;
}

const ofStream =
  'FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? AND length(body) > 0 ';

/** Kept pages of a stream in order, one at a time. */
export async function* chosenPages(
  database: Database,
  { environment, source, account, stream }: Stream,
  only?: PageChoice,
): AsyncGenerator<KeptPage> {
  const where = [environment, source, account, stream];
  const after = (id: number): Promise<KeptPage | undefined> =>
    database.read((handle) =>
      handle.first<KeptPage>(`SELECT id, run, body ${ofStream} AND id > ? ORDER BY id LIMIT 1`, ...where, id),
    );
  if (only !== undefined && !('newest' in only)) {
    yield* pagesWith([...only], after);
    return;
  }
  const first = only === undefined ? 1 : await firstOf(database, where, only.newest);
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

/** The first of the newest pages. */
async function firstOf(database: Database, where: readonly string[], newest: number): Promise<number> {
  const sql = `SELECT id ${ofStream} ORDER BY id DESC LIMIT 1 OFFSET ?`;
  const found = await database.read((handle) =>
    handle.first<{ id: number }>(sql, ...where, Math.max(0, newest - 1)),
  );
  return Number(found?.id ?? 1);
}
