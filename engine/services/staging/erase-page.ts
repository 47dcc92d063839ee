import type { ErasedPage } from '../../model/forget.ts';
import type { Dialect } from './dialect.ts';
import type { Handle } from './handle.ts';
import { pullBack } from './load-units.ts';

/** How many rows of a page are gone, and how many Blockers say nothing any more. */
export interface Erased {
  readonly rows: number;
  readonly blockers: number;
}

/** Takes the records of one person out of a page. What was made of them counts as filtered from now on. */
export async function erasePage(
  handle: Handle,
  dialect: Dialect,
  page: ErasedPage,
  at: string,
): Promise<Erased> {
  if (page.body !== undefined)
    await handle.run('UPDATE pages SET body = ? WHERE id = ?', page.body, page.page);
  const mappings = await handle.select<{ mapping: string }>(
    'SELECT mapping FROM page_rows WHERE page = ?',
    page.page,
  );
  let [rows, blockers] = [0, 0];
  for (const { mapping } of mappings) {
    const table = dialect.table({ name: mapping, properties: [] }).name;
    const gone = await deleteRows(handle, table, page);
    const closed = await closeBlockers(handle, { mapping, table }, page, at);
    await handle.run(
      'UPDATE page_rows SET rows = rows - ?, marks = marks - ?, tombstones = tombstones - ?, blocked = blocked - ?, ' +
        'filtered = filtered + ? WHERE mapping = ? AND page = ?',
      gone.rows,
      gone.marks,
      gone.tombstones,
      closed,
      gone.rows + gone.tombstones + closed,
      mapping,
      page.page,
    );
    await noteLoads(handle, mapping, page.page, gone.rows);
    rows += gone.rows;
    blockers += closed;
  }
  return { rows, blockers };
}

/** What was staged of a record: rows, markers beside them, and those of them that say that it is gone. */
interface Gone {
  readonly rows: number;
  readonly marks: number;
  readonly tombstones: number;
}

async function deleteRows(handle: Handle, table: string, { page, ordinals }: ErasedPage): Promise<Gone> {
  let [rows, marks, tombstones] = [0, 0, 0];
  for (const ordinal of ordinals) {
    const where = `FROM ${table} WHERE _page = ? AND _ordinal = ?`;
    const found = await handle.select<{ op: string | null }>(`SELECT _op AS op ${where}`, page, ordinal);
    await handle.run(`DELETE ${where}`, page, ordinal);
    rows += found.filter(({ op }) => op === null).length;
    marks += found.filter(({ op }) => op !== null).length;
    tombstones += found.filter(({ op }) => op === 'delete').length;
  }
  return { rows, marks, tombstones };
}

/** The Blockers stay, as resolved once they were seen nowhere else; what they say of the record is redacted before. */
async function closeBlockers(
  handle: Handle,
  { mapping, table }: { readonly mapping: string; readonly table: string },
  { page, ordinals, records }: ErasedPage,
  at: string,
): Promise<number> {
  let closed = 0;
  for (const ordinal of ordinals) {
    const found = await handle.select<{ id: number; record: string }>(
      'SELECT b.id, b.record FROM blockers AS b JOIN blocker_pages AS p ON p.blocker = b.id ' +
        'WHERE b.mapping = ? AND p.page = ? AND p.ordinal = ?',
      mapping,
      page,
      ordinal,
    );
    for (const { id, record } of found) {
      await handle.run(
        'DELETE FROM blocker_pages WHERE blocker = ? AND page = ? AND ordinal = ?',
        id,
        page,
        ordinal,
      );
      await closeBlocker(handle, id, records.get(ordinal), at);
      // What it has held back may be somebody else's by now: later pages are erased first.
      const held = `SELECT _page FROM ${table} WHERE _record = ? LIMIT 1`;
      if ((await handle.first(held, record)) !== undefined)
        await pullBack(handle, mapping, page, Date.parse(at));
    }
    closed += found.length;
  }
  return closed;
}

async function closeBlocker(
  handle: Handle,
  id: number,
  record: string | undefined,
  at: string,
): Promise<void> {
  if (record !== undefined) await handle.run('UPDATE blockers SET record = ? WHERE id = ?', record, id);
  const { changes } = await handle.run(
    "UPDATE blockers SET status = 'resolved', note = 'forgotten', updated_at = ? WHERE id = ? AND status <> 'resolved' " +
      'AND NOT EXISTS (SELECT 1 FROM blocker_pages WHERE blocker = ?)',
    at,
    id,
    id,
  );
  if (changes === 0) return;
  await handle.run(
    "INSERT INTO blocker_events (blocker, at, event, actor, detail) VALUES (?, ?, 'resolved', 'etl forget', 'forgotten')",
    id,
    at,
  );
}

/** The load that brought the rows says how many of them are gone, so that its counts still agree with what is staged. */
async function noteLoads(handle: Handle, mapping: string, page: number, gone: number): Promise<void> {
  const newest =
    'SELECT id FROM loads WHERE mapping = ? AND first_page <= ? AND last_page >= ? ' +
    'ORDER BY epoch DESC, loaded_at DESC, last_page DESC LIMIT 1';
  const sql = `UPDATE loads SET forgotten = forgotten + ? WHERE id = (${newest})`;
  await handle.run(sql, gone, mapping, page, page);
}
