import { allLost } from '../../model/lost-loads.ts';
import type { LostLoads, WarehouseUnit } from '../../model/state-port.ts';
import type { Handle } from './handle.ts';
import {
  epochOf,
  type LoadState,
  loadState,
  noteLoad,
  type PendingPage,
  pendingPages,
} from './load-units.ts';

export async function leastLoaded(handle: Handle): Promise<number> {
  const sql = 'SELECT coalesce(min(loaded_through), 0) AS page FROM mappings';
  return Number((await handle.first<{ page: number }>(sql))?.page ?? 0);
}

/**
 * A unit that staging does not know and whose last page it does not have was loaded by a staging database that is gone. One
 * that ends with a page of ours is another case: a crash between the warehouse's commit and ours.
 */
export async function lostLoads(
  handle: Handle,
  units: readonly WarehouseUnit[],
): Promise<LostLoads | undefined> {
  const lost: WarehouseUnit[] = [];
  for (const unit of await unknownUnits(handle, units)) {
    const sql = 'SELECT id FROM pages WHERE id = ?';
    if ((await handle.first(sql, unit.lastPage)) === undefined) lost.push(unit);
  }
  return allLost(lost);
}

export async function reconcile(handle: Handle, units: readonly WarehouseUnit[]): Promise<number> {
  const unknown = await unknownUnits(handle, units);
  const next = Math.max(0, ...units.map(({ lastPage }) => lastPage)) + 1;
  await handle.run("UPDATE sequences SET next = ? WHERE name = 'page' AND next < ?", next, next);
  let loaded = 0;
  for (const mapping of new Set(unknown.map((unit) => unit.mapping))) {
    const theirs = unknown.filter((unit) => unit.mapping === mapping);
    loaded += await reconcileMapping(handle, mapping, theirs);
  }
  return loaded;
}

async function unknownUnits(
  handle: Handle,
  units: readonly WarehouseUnit[],
): Promise<readonly WarehouseUnit[]> {
  const unknown: WarehouseUnit[] = [];
  for (const unit of units) {
    const known = await handle.first('SELECT id FROM loads WHERE id = ?', unit.id);
    if (known === undefined) unknown.push(unit);
  }
  return unknown;
}

/**
 * Moves a mapping on over the pages that the warehouse has loaded, and notes its units: gives how many pages there were. A
 * unit of which only a part is here moves nothing: that part is loaded again, and its rows change nothing that is newer.
 */
async function reconcileMapping(
  handle: Handle,
  mapping: string,
  units: readonly WarehouseUnit[],
): Promise<number> {
  const state = await loadState(handle, mapping);
  const pages = state === undefined ? [] : await pendingPages(handle, mapping, state);
  const isOwn = (unit: WarehouseUnit): boolean =>
    epochOf(unit.id) === Number(state?.epoch) && rowsWithin(unit, pages) === unit.counts.staged;
  const own = units.filter(isOwn);
  const uncovered = pages.findIndex(({ page }) => !own.some((unit) => isWithin(unit, page)));
  const covered = pages.slice(0, uncovered === -1 ? pages.length : uncovered);
  const last = covered.at(-1);
  if (last !== undefined)
    await handle.run('UPDATE mappings SET loaded_through = ? WHERE mapping = ?', last.page, mapping);
  for (const unit of units) {
    const isLoaded = own.includes(unit) && unit.lastPage <= Number(last?.page ?? 0);
    await note(handle, unit, isLoaded ? state : undefined);
  }
  return covered.length;
}

const isWithin = ({ firstPage, lastPage }: WarehouseUnit, page: number): boolean =>
  firstPage <= Number(page) && Number(page) <= lastPage;

const rowsWithin = (unit: WarehouseUnit, pages: readonly PendingPage[]): number =>
  pages.filter(({ page }) => isWithin(unit, page)).reduce((sum, { rows }) => sum + Number(rows), 0);

/** The unit is known from now on. One of pages that are not here belongs to no version of the mapping that is here. */
const note = (handle: Handle, unit: WarehouseUnit, state: LoadState | undefined): Promise<void> =>
  noteLoad(handle, {
    ...unit,
    counts: { ...unit.counts, held: 0 },
    elapsedMs: 0,
    hash: state?.hash ?? '',
    epoch: Number(state?.epoch ?? 0),
  });
