import { createHash } from 'node:crypto';
import type { MappingPlan } from '../../model/plan.ts';
import type { LoadCounts, LoadTime, LoadTimes, LoadUnit } from '../../model/ports.ts';
import type { WarehouseUnit } from '../../model/state-port.ts';
import { BlockerLedger } from './blocker-ledger.ts';
import { changedMapping } from './failures.ts';
import type { Handle } from './handle.ts';

export interface PendingPage {
  readonly page: number;
  readonly rows: number;
  readonly marks: number;
  readonly bodyHash: string;
}

/** How far a mapping is loaded; `epoch` changes whenever pages must be loaded again. */
export interface LoadState {
  readonly loadedThrough: number;
  readonly epoch: number;
  /** Of the mapping that made what is staged. */
  readonly hash: string;
}

export async function loadState(handle: Handle, mapping: string): Promise<LoadState | undefined> {
  return handle.first(
    'SELECT loaded_through AS "loadedThrough", epoch, hash FROM mappings WHERE mapping = ?',
    mapping,
  );
}

/** Load units of what a mapping has staged and not loaded, in page order. */
export async function pendingUnits(
  handle: Handle,
  environment: string,
  mapping: MappingPlan,
  rowsMax: number,
): Promise<readonly LoadUnit[]> {
  const state = await loadState(handle, mapping.name);
  if (state === undefined) return [];
  if (state.hash !== mapping.hash) throw changedMapping(mapping.name);
  const pages = await pendingPages(handle, mapping.name, state);
  return groupPages(pages, rowsMax).map((group) => unitOf(environment, mapping.name, state, group));
}

/** Pages that a mapping has seen and not loaded, in order. */
export const pendingPages = (
  handle: Handle,
  mapping: string,
  { loadedThrough }: LoadState,
): Promise<readonly PendingPage[]> =>
  handle.select<PendingPage>(
    'SELECT page, rows, marks, body_hash AS "bodyHash" FROM page_rows JOIN pages ON pages.id = page ' +
      'WHERE mapping = ? AND page > ? ORDER BY page',
    mapping,
    loadedThrough,
  );

/**
 * Notes the units that the warehouse has committed and a crash has kept from being noted here. Later pages would make other
 * units of their pages; their ids say that these are what they hold. Gives how many there were.
 */
export async function recognise(
  handle: Handle,
  environment: string,
  mapping: string,
  theirs: readonly WarehouseUnit[],
): Promise<number> {
  const state = await loadState(handle, mapping);
  const pages = state === undefined ? [] : await pendingPages(handle, mapping, state);
  let recognised = 0;
  for (const { id, firstPage, lastPage, run, counts, loadedAt } of theirs) {
    const own = pages.filter(({ page }) => firstPage <= page && page <= lastPage);
    const unit = state && unitOf(environment, mapping, state, own);
    if (unit?.id !== id) continue;
    await markLoaded(
      handle,
      unit,
      run,
      { ...counts, held: unit.rows - counts.staged },
      { at: loadedAt, elapsedMs: 0 },
    );
    recognised += 1;
  }
  return recognised;
}

/** The epoch that a unit was loaded in, by its id; undefined for one of an older version. */
export function epochOf(id: string): number | undefined {
  const epoch = /\.\d+-\d+\.([0-9a-z]+)\.[0-9a-f]{8}$/.exec(id)?.[1];
  return epoch === undefined ? undefined : Number.parseInt(epoch, 36);
}

/** Consecutive pages in groups of at most `rowsMax` rows and markers; a page that has more is a group of its own. */
export function groupPages(
  pages: readonly PendingPage[],
  rowsMax: number,
): readonly (readonly PendingPage[])[] {
  const groups: PendingPage[][] = [];
  let rows = 0;
  for (const page of pages) {
    const group = groups.at(-1);
    rows += page.rows + page.marks;
    if (group !== undefined && rows <= rowsMax) {
      group.push(page);
      continue;
    }
    groups.push([page]);
    rows = page.rows + page.marks;
  }
  return groups;
}

/**
 * The id says what the unit holds, not only where: were a page's number given twice (a restored or lost database),
 * the warehouse would otherwise take new rows for known ones and skip them.
 */
function unitOf(
  environment: string,
  mapping: string,
  salt: { readonly hash: string; readonly epoch: number },
  pages: readonly PendingPage[],
): LoadUnit {
  const firstPage = pages[0]?.page ?? 0;
  const lastPage = pages.at(-1)?.page ?? 0;
  const epoch = Number(salt.epoch).toString(36);
  const hash = createHash('sha256').update(`${salt.hash} ${salt.epoch}`);
  for (const { page, bodyHash } of pages) hash.update(`\n${page} ${bodyHash}`);
  return {
    id: `${environment}.${mapping}.${firstPage}-${lastPage}.${epoch}.${hash.digest('hex').slice(0, 8)}`,
    mapping,
    firstPage,
    lastPage,
    rows: pages.reduce((sum, { rows }) => sum + rows, 0),
    marks: pages.reduce((sum, { marks }) => sum + marks, 0),
  };
}

/** When a mapping was loaded last, and for how long since a time. */
export async function loadTimes(handle: Handle, mapping: string, since: string): Promise<LoadTimes> {
  const found = await handle.first<{ last: string | null; elapsedMs: number | string | null }>(
    'SELECT max(loaded_at) AS "last", sum(CASE WHEN loaded_at >= ? THEN elapsed_ms ELSE 0 END) AS "elapsedMs" ' +
      'FROM loads WHERE mapping = ?',
    since,
    mapping,
  );
  return {
    elapsedMs: Number(found?.elapsedMs ?? 0),
    ...(typeof found?.last === 'string' && { last: found.last }),
  };
}

interface NotedLoad extends Omit<WarehouseUnit, 'counts'> {
  readonly counts: LoadCounts;
  /** How long the warehouse worked for it; 0 where nobody knows. */
  readonly elapsedMs: number;
  /** Of the mapping that made its rows; empty where nobody knows. */
  readonly hash: string;
  readonly epoch: number;
}

/** Notes a load, unless it is known. */
export async function noteLoad(handle: Handle, load: NotedLoad): Promise<void> {
  const { staged, inserted, updated, unchanged, superseded, deleted, held } = load.counts;
  await handle.run(
    'INSERT INTO loads (id, mapping, first_page, last_page, run, rows, inserted, updated, unchanged, superseded, deleted, ' +
      'held, loaded_at, elapsed_ms, hash, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ...[load.id, load.mapping, load.firstPage, load.lastPage, load.run],
    ...[staged, inserted, updated, unchanged, superseded, deleted, held],
    ...[load.loadedAt, Math.round(load.elapsedMs), load.hash, load.epoch],
  );
}

/** Notes a load, and moves the mapping on when nothing up to the unit's end is left out. Doing it again changes nothing. */
export async function markLoaded(
  handle: Handle,
  unit: LoadUnit,
  run: string,
  counts: LoadCounts,
  { at, elapsedMs }: LoadTime,
): Promise<void> {
  const state = await loadState(handle, unit.mapping);
  const epoch = epochOf(unit.id) ?? Number(state?.epoch ?? 0);
  await noteLoad(handle, { ...unit, hash: state?.hash ?? '', epoch, run, counts, loadedAt: at, elapsedMs });
  // Another process may have staged a page in between since the unit was made, or made rows pending that were held: then it
  // stays pending, and so do the rest.
  await handle.run(
    'UPDATE mappings SET loaded_through = ? WHERE mapping = ? AND loaded_through < ? AND epoch = ? AND ? = ' +
      '(SELECT coalesce(sum(rows + marks), 0) FROM page_rows WHERE page_rows.mapping = mappings.mapping ' +
      'AND page > loaded_through AND page <= ?)',
    unit.lastPage,
    unit.mapping,
    unit.lastPage,
    epoch,
    unit.rows + unit.marks,
    unit.lastPage,
  );
  await new BlockerLedger(handle, at).loaded(unit.mapping, run);
}

/** An epoch that never comes again, though the clock may stand still or go back: the time now is bound twice. */
const nextEpoch = 'CASE WHEN epoch >= ? THEN epoch + 1 ELSE ? END';

/**
 * Makes what is staged from a page on pending again. The new epoch makes different load units of it, also where the
 * warehouse has some of them and we do not know it yet.
 */
export async function pullBack(handle: Handle, mapping: string, page: number, nowMs: number): Promise<void> {
  await handle.run(
    'UPDATE mappings SET loaded_through = CASE WHEN loaded_through >= ? THEN ? ELSE loaded_through END, ' +
      `epoch = ${nextEpoch} WHERE mapping = ?`,
    page,
    page - 1,
    nowMs,
    nowMs,
    mapping,
  );
}

/** Makes what is staged from a page on pending again, if the mapping has passed it. */
export async function pullBackLoaded(
  handle: Handle,
  mapping: string,
  page: number,
  nowMs: number,
): Promise<void> {
  await handle.run(
    `UPDATE mappings SET loaded_through = ?, epoch = ${nextEpoch} WHERE mapping = ? AND loaded_through >= ?`,
    page - 1,
    nowMs,
    nowMs,
    mapping,
    page,
  );
}

/** Makes all that is staged of a mapping pending again, in units that the warehouse does not know. */
export async function rewind(handle: Handle, mapping: string, nowMs: number): Promise<void> {
  await handle.run(
    `UPDATE mappings SET loaded_through = 0, epoch = ${nextEpoch} WHERE mapping = ?`,
    nowMs,
    nowMs,
    mapping,
  );
}
