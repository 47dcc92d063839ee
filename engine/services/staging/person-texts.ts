import type { Redaction } from '../../model/forget.ts';
import type { Handle } from './handle.ts';

/** A stream of one account in one environment. */
export interface StreamName {
  readonly environment: string;
  readonly source: string;
  readonly account: string;
  readonly name: string;
}

/** Takes the words that say something of a person out of what the ledger has noted of a stream. */
export async function redactTexts(handle: Handle, stream: StreamName, redaction: Redaction): Promise<void> {
  await redactBlockers(handle, stream, redaction);
  await redactRequests(handle, stream, redaction);
  await redactWindows(handle, stream, redaction);
}

interface BlockerTexts {
  readonly id: number;
  readonly kind: string;
  readonly code: string;
  readonly record: string;
  readonly reason: string;
  readonly value: string;
  readonly note: string;
}

async function redactBlockers(
  handle: Handle,
  { source, account, name }: StreamName,
  redaction: Redaction,
): Promise<void> {
  const blockers = await handle.select<BlockerTexts>(
    'SELECT id, kind, code, record, reason, value, note FROM blockers WHERE source = ? AND account = ? AND stream = ?',
    source,
    account,
    name,
  );
  for (const blocker of blockers.filter((one) => isAbout(one, redaction))) {
    // Its identity would tell who knows the record that it is this one.
    await handle.run(
      "UPDATE blockers SET identity = ?, record = ?, reason = 'forgotten', value = '', note = '' WHERE id = ?",
      `forgotten ${blocker.id}`,
      redaction.without(blocker.record),
      blocker.id,
    );
    await handle.run("UPDATE blocker_events SET detail = '' WHERE blocker = ?", blocker.id);
  }
}

/** What stopped a page may quote what was received, and was never stored. */
const isAbout = (
  { kind, code, record, reason, value, note }: BlockerTexts,
  { keys, says }: Redaction,
): boolean =>
  keys.has(record) || [reason, value, note].some(says) || (kind !== 'record' && code.startsWith('ETL05'));

const pagesPerQuery = 1000;

async function redactRequests(
  handle: Handle,
  { environment, source, account, name }: StreamName,
  { without }: Redaction,
): Promise<void> {
  const sql =
    'SELECT id, request FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? ' +
    'AND id > ? ORDER BY id LIMIT ?';
  for (let after = 0; ; ) {
    const rows = await handle.select<{ id: number; request: string }>(
      sql,
      environment,
      source,
      account,
      name,
      after,
      pagesPerQuery,
    );
    for (const { id, request } of rows) {
      const changed = without(request);
      if (changed !== request) await handle.run('UPDATE pages SET request = ? WHERE id = ?', changed, id);
    }
    if (rows.length < pagesPerQuery) return;
    after = rows.at(-1)?.id ?? 0;
  }
}

/** A window whose next request names the person is read again from its beginning. */
async function redactWindows(
  handle: Handle,
  { environment, source, account, name }: StreamName,
  { without }: Redaction,
): Promise<void> {
  const where = 'environment = ? AND source = ? AND account = ? AND stream = ?';
  const rows = await handle.select<{ window: string }>(
    `SELECT "window" FROM positions WHERE ${where} AND "window" IS NOT NULL`,
    environment,
    source,
    account,
    name,
  );
  for (const { window } of rows.filter((one) => without(one.window) !== one.window))
    await handle.run(
      `UPDATE positions SET "window" = NULL WHERE ${where} AND "window" = ?`,
      environment,
      source,
      account,
      name,
      window,
    );
}
