import { cursorValue } from '../../model/batch.ts';
import type { OpenWindow } from '../../model/ports.ts';
import type { Retention, StreamRef } from '../../model/state-port.ts';
import type { Handle } from './handle.ts';
import { madeOf } from './mapping-register.ts';
import { openFrom } from './staging-listings.ts';

/** A page whose response may go. */
export interface Candidate {
  readonly id: number;
  readonly bytes: number;
}

interface Question {
  readonly environment: string;
  readonly streams: readonly StreamRef[];
  readonly retention: Retention;
  readonly nowMs: number;
}

/**
 * The least page that a mapping of the stream is loaded through; 0 when one is new. What waits for the end of its listing is not
 * loaded, though other accounts are. Without mappings everything is settled.
 */
export async function settledPage(handle: Handle, { mappings, account }: StreamRef): Promise<number> {
  let least = Number.MAX_SAFE_INTEGER;
  for (const mapping of mappings) {
    const sql = 'SELECT loaded_through AS page FROM mappings WHERE mapping = ?';
    const found = await handle.first<{ page: number }>(sql, mapping);
    const open = await openFrom(handle, mapping, account);
    least = Math.min(least, Number(found?.page ?? 0), open === undefined ? least : open - 1);
  }
  return least;
}

/** The least page up to which all streams that are read for each record of this one are done. */
async function readFor(
  handle: Handle,
  environment: string,
  { source, account, children = [] }: StreamRef,
): Promise<number> {
  let least = Number.MAX_SAFE_INTEGER;
  for (const child of children) {
    const position = await handle.first<{ cursor: string | null; open: string | null }>(
      'SELECT cursor, "window" AS open FROM positions WHERE environment = ? AND source = ? AND account = ? AND stream = ?',
      ...[environment, source, account, child],
    );
    const open = position?.open == null ? undefined : (JSON.parse(position.open) as OpenWindow);
    const at = open?.next.at?.parent?.page;
    const done = position?.cursor == null ? 0 : Number(cursorValue('integer', position.cursor));
    least = Math.min(least, at === undefined ? done : at - 1);
  }
  return least;
}

/**
 * Pages whose response retention lets go, the oldest first: settled, without a row that is set aside, read for by all its
 * children, and too old or beyond the size. Of streams that the project does not read any more go what was loaded of them; a mapping that is gone, too, has
 * kept nothing back that it had loaded.
 */
export async function droppable(handle: Handle, question: Question): Promise<readonly Candidate[]> {
  const { retention, nowMs } = question;
  const settled = await settledPages(handle, question);
  const before = new Date(nowMs - retention.ageMs).toISOString();
  const old = settled.filter(({ staged_at }) => staged_at < before);
  const { bytesMax } = retention;
  if (bytesMax === undefined) return old;
  let kept = (await bytesKept(handle)) - old.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const rest = settled.filter(({ staged_at }) => staged_at >= before);
  const surplus = rest.filter(({ bytes }) => {
    const isSurplus = kept > bytesMax;
    if (isSurplus) kept -= Number(bytes);
    return isSurplus;
  });
  return [...old, ...surplus];
}

async function settledPages(
  handle: Handle,
  { environment, streams }: Question,
): Promise<readonly (Candidate & { readonly staged_at: string })[]> {
  const found: (Candidate & { readonly staged_at: string })[] = [];
  for (const stream of [...streams, ...(await strangers(handle, environment, streams))]) {
    const rows = await handle.select<Candidate & { readonly staged_at: string }>(
      'SELECT id, length(body) AS bytes, staged_at FROM pages WHERE environment = ? AND source = ? AND account = ? ' +
        'AND stream = ? AND id <= ? AND length(body) > 0 AND id NOT IN (SELECT bp.page FROM blocker_pages AS bp ' +
        "JOIN blockers AS b ON b.id = bp.blocker WHERE b.status IN ('open', 'retried'))",
      ...[environment, stream.source, stream.account, stream.name],
      Math.min(await settledPage(handle, stream), await readFor(handle, environment, stream)),
    );
    found.push(...rows);
  }
  return found.sort((a, b) => Number(a.id) - Number(b.id));
}

/** Streams with pages that are not among those of the project, with the mappings that were made of them last. */
async function strangers(
  handle: Handle,
  environment: string,
  known: readonly StreamRef[],
): Promise<readonly StreamRef[]> {
  const kept = await handle.select<Omit<StreamRef, 'mappings'>>(
    'SELECT DISTINCT source, account, stream AS name FROM pages WHERE environment = ?',
    environment,
  );
  const isKnown = ({ source, account, name }: Omit<StreamRef, 'mappings'>): boolean =>
    known.some((one) => one.source === source && one.account === account && one.name === name);
  const found: StreamRef[] = [];
  for (const stream of kept.filter((one) => !isKnown(one)))
    found.push({ ...stream, mappings: await madeOf(handle, `${stream.source}.${stream.name}`) });
  return found;
}

async function bytesKept(handle: Handle): Promise<number> {
  const found = await handle.first<{ bytes: number }>(
    'SELECT coalesce(sum(length(body)), 0) AS bytes FROM pages',
  );
  return Number(found?.bytes ?? 0);
}
