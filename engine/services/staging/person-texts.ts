import type { ChildRedaction, Redaction } from '../../model/forget.ts';
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
  await redactBlockers(handle, stream, { isIt: (one) => isAbout(one, redaction), ...redaction });
  for (const { id, request } of await changedRequests(handle, stream, redaction.request))
    await handle.run('UPDATE pages SET request = ? WHERE id = ?', request, id);
  await redactWindows(handle, stream, redaction.request);
}

/** The same of a stream that was asked for with their records: Blockers and the window that is open. */
export async function redactChildTexts(
  handle: Handle,
  stream: StreamName,
  { says, without, request }: ChildRedaction,
): Promise<void> {
  const isIt = ({ reason, value, note }: BlockerTexts) => [reason, value, note].some(says);
  await redactBlockers(handle, stream, { isIt, without });
  await redactWindows(handle, stream, request);
}

/** Pages that were asked for with their records, with what is left of the request. */
export const childPages = (
  handle: Handle,
  stream: StreamName,
  { request }: ChildRedaction,
): Promise<readonly ChangedRequest[]> => changedRequests(handle, stream, request);

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
  { isIt, without }: Pick<Redaction, 'without'> & { readonly isIt: (blocker: BlockerTexts) => boolean },
): Promise<void> {
  const blockers = await handle.select<BlockerTexts>(
    'SELECT id, kind, code, record, reason, value, note FROM blockers WHERE source = ? AND account = ? AND stream = ?',
    source,
    account,
    name,
  );
  for (const blocker of blockers.filter(isIt)) {
    // Its identity would tell who knows the record that it is this one.
    await handle.run(
      "UPDATE blockers SET identity = ?, record = ?, reason = 'forgotten', value = '', note = '' WHERE id = ?",
      `forgotten ${blocker.id}`,
      without(blocker.record),
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

interface ChangedRequest {
  readonly id: number;
  readonly request: string;
}

async function changedRequests(
  handle: Handle,
  { environment, source, account, name }: StreamName,
  without: (text: string) => string,
): Promise<readonly ChangedRequest[]> {
  const sql =
    'SELECT id, request FROM pages WHERE environment = ? AND source = ? AND account = ? AND stream = ? ' +
    'AND id > ? ORDER BY id LIMIT ?';
  const changed: ChangedRequest[] = [];
  for (let after = 0; ; ) {
    const key = [environment, source, account, name];
    const rows = await handle.select<ChangedRequest>(sql, ...key, after, pagesPerQuery);
    for (const { id, request } of rows) {
      const left = without(request);
      if (left !== request) changed.push({ id, request: left });
    }
    if (rows.length < pagesPerQuery) return changed;
    after = rows.at(-1)?.id ?? 0;
  }
}

/** A window whose next request names the person is read again from its beginning. */
async function redactWindows(
  handle: Handle,
  { environment, source, account, name }: StreamName,
  without: (text: string) => string,
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
