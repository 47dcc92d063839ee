import { cursorValue } from '../../model/batch.ts';
import type { OpenWindow } from '../../model/ports.ts';
import type { Retention, StreamRef } from '../../model/state-port.ts';
import type { Condition, Handle } from './handle.ts';
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
 * children, and too old or beyond the size. Of streams that the project does not read any more go what was loaded of them; a
 * mapping that is gone, too, has kept nothing back that it had loaded.
 */
export async function* droppable(handle: Handle, question: Question): AsyncGenerator<Candidate> {
  const { retention, nowMs } = question;
  const settled = await settledStreams(handle, question);
  if (settled.length === 0) return;
  const before = new Date(nowMs - retention.ageMs).toISOString();
  let old = 0;
  for await (const page of settledPages(handle, question, settled, {
    sql: 'p.staged_at < ?',
    bound: [before],
  })) {
    old += Number(page.bytes);
    yield page;
  }
  const { bytesMax } = retention;
  if (bytesMax === undefined) return;
  let kept = (await bytesKept(handle)) - old;
  const rest = { sql: 'p.staged_at >= ?', bound: [before] };
  for await (const page of settledPages(handle, question, settled, rest)) {
    if (kept <= bytesMax) return;
    kept -= Number(page.bytes);
    yield page;
  }
}

/** A stream, and the last page of it that nobody needs any more. */
type Settled = readonly [source: string, account: string, stream: string, through: number];

async function settledStreams(
  handle: Handle,
  { environment, streams }: Question,
): Promise<readonly Settled[]> {
  const found: Settled[] = [];
  for (const stream of [...streams, ...(await strangers(handle, environment, streams))])
    found.push([stream.source, stream.account, stream.name, await doneThrough(handle, environment, stream)]);
  return found;
}

const doneThrough = async (handle: Handle, environment: string, stream: StreamRef): Promise<number> =>
  Math.min(await settledPage(handle, stream), await readFor(handle, environment, stream));

const pagesPerSelect = 1000;

/** Some at a time: a ledger may have millions of pages. */
async function* settledPages(
  handle: Handle,
  { environment }: Question,
  settled: readonly Settled[],
  when: Condition,
): AsyncGenerator<Candidate> {
  const values = settled.map(() => '(?, ?, ?, CAST(? AS BIGINT))').join(', ');
  const sql =
    `WITH settled (source, account, stream, through) AS (VALUES ${values}) ` +
    'SELECT p.id, length(p.body) AS bytes FROM pages AS p JOIN settled AS s ' +
    'ON p.source = s.source AND p.account = s.account AND p.stream = s.stream AND p.id <= s.through ' +
    `WHERE p.environment = ? AND length(p.body) > 0 AND ${when.sql} AND p.id > ? AND p.id NOT IN (SELECT bp.page ` +
    "FROM blocker_pages AS bp JOIN blockers AS b ON b.id = bp.blocker WHERE b.status IN ('open', 'retried')) " +
    `ORDER BY p.id LIMIT ${pagesPerSelect}`;
  for (let after = 0; ; ) {
    const bound = [...settled.flat(), environment, ...when.bound, after];
    const pages = await handle.select<Candidate>(sql, ...bound);
    yield* pages;
    const last = pages.at(-1);
    if (last === undefined || pages.length < pagesPerSelect) return;
    after = Number(last.id);
  }
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
