import type { ErasedPage } from '../../model/forget.ts';
import type { Dialect } from './dialect.ts';
import type { Handle } from './handle.ts';

/** How many rows of a page are gone, and how many Blockers say nothing any more. */
export interface Erased {
  readonly rows: number;
  readonly blockers: number;
}

/** Takes the records of one person out of a page. What was made of them counts as filtered from now on. */
export async function erasePage(handle: Handle, dialect: Dialect, page: ErasedPage): Promise<Erased> {
  if (page.body !== undefined)
    await handle.run('UPDATE pages SET body = ? WHERE id = ?', page.body, page.page);
  const mappings = await handle.select<{ mapping: string }>(
    'SELECT mapping FROM page_rows WHERE page = ?',
    page.page,
  );
  let [rows, blockers] = [0, 0];
  for (const { mapping } of mappings) {
    const gone = await deleteRows(handle, dialect.table({ name: mapping, properties: [] }).name, page);
    const open = await redactBlockers(handle, mapping, page);
    await handle.run(
      'UPDATE page_rows SET rows = rows - ?, blocked = blocked - ?, filtered = filtered + ? WHERE mapping = ? AND page = ?',
      gone,
      open,
      gone + open,
      mapping,
      page.page,
    );
    await noteLoads(handle, mapping, page.page, gone);
    rows += gone;
    blockers += open;
  }
  return { rows, blockers };
}

async function deleteRows(handle: Handle, table: string, { page, ordinals }: ErasedPage): Promise<number> {
  let gone = 0;
  for (const ordinal of ordinals) {
    const sql = `DELETE FROM ${table} WHERE _page = ? AND _ordinal = ?`;
    gone += (await handle.run(sql, page, ordinal)).changes;
  }
  return gone;
}

/** The Blockers stay, as resolved: what they said of the record goes. */
async function redactBlockers(handle: Handle, mapping: string, page: ErasedPage): Promise<number> {
  let open = 0;
  for (const ordinal of page.ordinals) {
    const where = 'mapping = ? AND page = ? AND ordinal = ?';
    const place = [mapping, page.page, ordinal] as const;
    const sql = `SELECT count(*) AS found FROM blocked_rows WHERE ${where} AND status = 'open'`;
    open += Number((await handle.first<{ found: number }>(sql, ...place))?.found ?? 0);
    await handle.run(
      "UPDATE blocked_rows SET reason = 'forgotten', value = '', status = 'resolved', record = coalesce(?, record) " +
        `WHERE ${where}`,
      page.records.get(ordinal) ?? null,
      ...place,
    );
  }
  return open;
}

/** The load that brought the rows says how many of them are gone, so that its counts still agree with what is staged. */
async function noteLoads(handle: Handle, mapping: string, page: number, gone: number): Promise<void> {
  const newest =
    'SELECT l.id FROM loads AS l JOIN mappings AS m ON m.mapping = l.mapping WHERE l.mapping = ? AND l.first_page <= ? ' +
    'AND l.last_page >= ? AND m.loaded_through >= ? ORDER BY l.epoch DESC, l.loaded_at DESC, l.last_page DESC LIMIT 1';
  const sql = `UPDATE loads SET forgotten = forgotten + ? WHERE id = (${newest})`;
  await handle.run(sql, gone, mapping, page, page, page);
}
