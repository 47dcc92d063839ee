import { hash } from 'node:crypto';
import type { ParentValues } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { StreamPlan } from '../../model/plan.ts';
import type { ParentPosition, StagedPage } from '../../model/ports.ts';
import type { ParentCounts } from '../../model/state-port.ts';
import type { Handle } from './handle.ts';

/** Parents that one statement asks for. */
const parentsPerSelectMax = 500;

const ofStream = 'environment = ? AND source = ? AND account = ? AND stream = ?';

/** Environment, source, account and stream. */
type StreamKey = readonly [string, string, string, string];

/**
 * What a parent is known by: what requests say of it, hashed, so that nobody is named. A stream that asks for something else
 * knows nothing of the positions of the one before.
 */
const parentKey = ({ shape }: StreamPlan, values: ParentValues): string =>
  hash('sha256', JSON.stringify([shape.asked, Object.entries(values).sort()]), 'base64url');

/** Where a stream stands with each of these parents, in their order. */
export async function parentPositions(
  handle: Handle,
  environment: string,
  stream: StreamPlan,
  values: readonly ParentValues[],
): Promise<readonly (ParentPosition | undefined)[]> {
  const { source, account, name } = stream;
  const keys = values.map((one) => parentKey(stream, one));
  const found = new Map<string, ParentPosition>();
  for (let at = 0; at < keys.length; at += parentsPerSelectMax) {
    const some = keys.slice(at, at + parentsPerSelectMax);
    const rows = await handle.select<{
      parent: string;
      window: number;
      cursor: string | null;
      gone: number;
    }>(
      `SELECT parent, "window", cursor, gone FROM parent_positions WHERE ${ofStream} ` +
        `AND parent IN (${some.map(() => '?').join(', ')})`,
      ...[environment, source, account, name],
      ...some,
    );
    for (const { parent, window, cursor, gone } of rows)
      found.set(parent, {
        window: Number(window),
        ...(cursor !== null && { cursor }),
        ...(Number(gone) > 0 && { gone: Number(gone) }),
      });
  }
  return keys.map((one) => found.get(one));
}

/** Notes where a stream stands with the parents that a page ends, in the transaction of the page. */
export async function writeParents(
  handle: Handle,
  key: StreamKey,
  stream: StreamPlan,
  { parents, window }: StagedPage,
): Promise<void> {
  const { parent } = stream;
  if (parent?.kept === undefined) return;
  if (window?.number === 1) await forgetOtherShapes(handle, key, stream);
  if (parents === undefined) return;
  for (const values of parents.values)
    await handle.run(
      'INSERT INTO parent_positions (environment, source, account, stream, parent, parent_stream, "window", cursor, gone) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, source, account, stream, parent) DO UPDATE SET ' +
        '"window" = excluded."window", cursor = excluded.cursor, gone = excluded.gone',
      ...key,
      parentKey(stream, values),
      parent.stream,
      parents.window,
      parents.cursor ?? null,
      parents.gone ?? 0,
    );
  // A window of all parents has seen each that is kept: of the others none is left. Those that are gone are not asked for.
  if (parent.all && window?.isLast)
    await handle.run(
      `DELETE FROM parent_positions WHERE ${ofStream} AND "window" < ? AND gone = 0`,
      ...key,
      parents.window,
    );
}

/** Positions that a stream has left which asked for something else. */
async function forgetOtherShapes(handle: Handle, key: StreamKey, { shape }: StreamPlan): Promise<void> {
  const found = await handle.first<{ shape: string | null }>(
    `SELECT shape FROM positions WHERE ${ofStream}`,
    ...key,
  );
  if (found === undefined || found.shape?.includes(JSON.stringify(shape.asked))) return;
  await handle.run(`DELETE FROM parent_positions WHERE ${ofStream}`, ...key);
}

export const forgetParents = async (handle: Handle, key: StreamKey): Promise<void> => {
  await handle.run(`DELETE FROM parent_positions WHERE ${ofStream}`, ...key);
};

/** Forgets parents of a stream whose records are erased. */
export async function eraseParents(
  handle: Handle,
  key: StreamKey,
  stream: StreamPlan,
  values: readonly ParentValues[],
): Promise<void> {
  for (const one of values)
    await handle.run(
      `DELETE FROM parent_positions WHERE ${ofStream} AND parent = ?`,
      ...key,
      parentKey(stream, one),
    );
}

/** Forgets positions of parents that no kept page has any more: they were last asked for before the oldest of them. */
export async function forgetDropped(handle: Handle, environment: string): Promise<void> {
  const all = await handle.select<{ source: string; account: string; stream: string; parent: string }>(
    'SELECT DISTINCT source, account, stream, parent_stream AS parent FROM parent_positions WHERE environment = ?',
    environment,
  );
  for (const { source, account, stream, parent } of all) {
    const kept = await handle.first<{ id: number | null }>(
      `SELECT min(id) AS id FROM pages WHERE ${ofStream} AND length(body) > 0`,
      ...[environment, source, account, parent],
    );
    await handle.run(
      `DELETE FROM parent_positions WHERE ${ofStream} AND parent_stream = ? AND "window" < ?`,
      ...[environment, source, account, stream, parent],
      kept?.id ?? Number.MAX_SAFE_INTEGER,
    );
  }
}

/** How many parents a stream knows, and between which cursors it stands with them; undefined where it knows none. */
export async function countParents(handle: Handle, key: StreamKey): Promise<ParentCounts | undefined> {
  const found = await handle.first<{
    known: number;
    gone: number | null;
    least: string | null;
    greatest: string | null;
  }>(
    'SELECT count(*) AS known, sum(CASE WHEN gone > 0 THEN 1 ELSE 0 END) AS gone, min(cursor) AS least, max(cursor) AS greatest ' +
      `FROM parent_positions WHERE ${ofStream}`,
    ...key,
  );
  assert(found, 'a count has a row');
  const { known, gone, least, greatest } = found;
  if (Number(known) === 0) return undefined;
  return {
    known: Number(known),
    gone: Number(gone ?? 0),
    ...(least !== null && { least }),
    ...(greatest !== null && { greatest }),
  };
}

/** How many parents wait for a stream, as far as kept pages tell: records that are not counted out by `where`. */
export async function waitingParents(
  handle: Handle,
  key: StreamKey,
  { parent }: StreamPlan,
  page: number,
): Promise<number> {
  const [environment, source, account] = key;
  const newer = async (id: number): Promise<number> => {
    const found = await handle.first<{ records: number | null }>(
      `SELECT sum(records) AS records FROM pages WHERE ${ofStream} AND length(body) > 0 AND id > ?`,
      ...[environment, source, account, parent?.stream ?? '', id],
    );
    return Number(found?.records ?? 0);
  };
  if (!parent?.all) return newer(page);
  const known = await handle.first<{ parents: number; window: number | null }>(
    `SELECT count(*) AS parents, max("window") AS "window" FROM parent_positions WHERE ${ofStream} AND gone = 0`,
    ...key,
  );
  return Number(known?.parents ?? 0) + (await newer(Number(known?.window ?? 0)));
}
