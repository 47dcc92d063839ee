import type { StreamPlan } from '../../model/plan.ts';
import type { Clock, OpenWindow, SettledPosition } from '../../model/ports.ts';
import type {
  Dropped,
  LostLoads,
  MappingState,
  PageCounts,
  Positions,
  Retention,
  StreamRef,
  StreamState,
  WarehouseUnit,
} from '../../model/state-port.ts';
import { type Candidate, droppable, settledPage } from './compaction.ts';
import type { Database } from './database.ts';
import { type Bound, type Handle, quote } from './handle.ts';
import { pullBack, recognise } from './load-units.ts';
import { leastLoaded, lostLoads, reconcile } from './lost-loads.ts';
import { madeOf } from './mapping-register.ts';
import { countParents, forgetDropped, forgetParents, waitingParents } from './parent-positions.ts';
import { openFrom } from './staging-listings.ts';

/** Responses dropped in one transaction. */
const pagesPerDropMax = 200;

export interface PositionsOptions {
  readonly environment: string;
  readonly clock: Clock;
}

/** Positions and pages of one environment, as its staging database has them. */
export class StagingPositions implements Positions {
  readonly #database: Database;
  readonly #options: PositionsOptions;

  constructor(database: Database, options: PositionsOptions) {
    this.#database = database;
    this.#options = options;
  }

  async streams(streams: readonly StreamRef[]): Promise<readonly StreamState[]> {
    return this.#database.read(async (handle) => {
      const states: StreamState[] = [];
      for (const stream of streams) states.push(await this.#streamState(handle, stream));
      return states;
    });
  }

  waitingParents(stream: StreamPlan, page: number): Promise<number> {
    const { source, account, name } = stream;
    const key = [this.#options.environment, source, account, name] as const;
    return this.#database.read((handle) => waitingParents(handle, key, stream, page));
  }

  async settled(stream: StreamRef): Promise<SettledPosition> {
    return this.#database.read((handle) => this.#settled(handle, stream));
  }

  async setCursor(stream: StreamRef, cursor: string, shape: string): Promise<void> {
    await this.#database.write((handle) =>
      handle.run(
        'INSERT INTO positions (environment, source, account, stream, cursor, "window", shape, updated_at) ' +
          'VALUES (?, ?, ?, ?, ?, NULL, ?, ?) ON CONFLICT (environment, source, account, stream) DO UPDATE SET ' +
          'cursor = excluded.cursor, "window" = NULL, shape = excluded.shape, updated_at = excluded.updated_at',
        ...this.#keyOf(stream),
        ...[cursor, shape, new Date(this.#options.clock.now()).toISOString()],
      ),
    );
  }

  async pass(stream: StreamPlan, cursor: string): Promise<void> {
    const { source, account, name, shape } = stream;
    await this.#database.write((handle) =>
      handle.run(
        'INSERT INTO positions (environment, source, account, stream, cursor, "window", shape, updated_at) ' +
          'VALUES (?, ?, ?, ?, ?, NULL, ?, ?) ON CONFLICT (environment, source, account, stream) DO UPDATE SET ' +
          'cursor = excluded.cursor, shape = excluded.shape, updated_at = excluded.updated_at ' +
          'WHERE positions."window" IS NULL AND coalesce(positions.cursor, \'\') < excluded.cursor',
        ...[this.#options.environment, source, account, name],
        ...[cursor, JSON.stringify(shape), new Date(this.#options.clock.now()).toISOString()],
      ),
    );
  }

  async reset(stream: StreamRef, pages: boolean): Promise<number> {
    const key = this.#keyOf(stream);
    return this.#database.write(async (handle) => {
      await handle.run(`DELETE FROM positions WHERE ${ofStream}`, ...key);
      await forgetParents(handle, key);
      if (!pages) return 0;
      const ids = `SELECT id FROM pages WHERE ${ofStream}`;
      for (const mapping of await madeOf(handle, fullName(stream))) {
        await handle.run(`DELETE FROM ${quote(`stg_${mapping}`)} WHERE _page IN (${ids})`, ...key);
      }
      // Pages of several accounts may be in one load: what it has loaded of these is no longer staged.
      await handle.run(
        'UPDATE loads SET forgotten = forgotten + (SELECT coalesce(sum(r.rows), 0) FROM page_rows AS r WHERE r.mapping = loads.mapping ' +
          `AND r.page BETWEEN loads.first_page AND loads.last_page AND r.page IN (${ids}))`,
        ...key,
      );
      await handle.run(`DELETE FROM page_rows WHERE page IN (${ids})`, ...key);
      await handle.run(`DELETE FROM blocker_pages WHERE page IN (${ids})`, ...key);
      await this.#resolveWithoutPages(handle);
      const { changes } = await handle.run(`DELETE FROM pages WHERE ${ofStream}`, ...key);
      await forgetDropped(handle, this.#options.environment);
      return changes;
    });
  }

  async compact(streams: readonly StreamRef[], retention: Retention, pagesMax: number): Promise<Dropped> {
    let [pages, bytes, more] = [0, 0, true];
    while (more && pages < pagesMax) {
      const allowed = Math.min(pagesPerDropMax, pagesMax - pages);
      const dropped = await this.#database.write(async (handle) => {
        const { chosen, more } = await firstOf(this.#droppable(handle, streams, retention), allowed);
        // A body of no bytes is none: what is kept is never empty.
        for (const { id } of chosen)
          await handle.run('UPDATE pages SET body = ? WHERE id = ?', new Uint8Array(), id);
        if (chosen.length > 0) await forgetDropped(handle, this.#options.environment);
        return { ...total(chosen), more };
      });
      pages += dropped.pages;
      bytes += dropped.bytes;
      more = dropped.more;
    }
    return { pages, bytes, more };
  }

  async compactable(streams: readonly StreamRef[], retention: Retention): Promise<Dropped> {
    return this.#database.read(async (handle) => {
      let [pages, bytes] = [0, 0];
      for await (const page of this.#droppable(handle, streams, retention)) {
        pages += 1;
        bytes += Number(page.bytes);
      }
      return { pages, bytes, more: false };
    });
  }

  async leastLoaded(): Promise<number> {
    return this.#database.read(leastLoaded);
  }

  async lastLoads(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.read((handle) =>
      handle.select<{ mapping: string; at: string }>(
        'SELECT m.mapping, max(l.loaded_at) AS at FROM mappings AS m JOIN loads AS l ON l.mapping = m.mapping ' +
          'WHERE m.loaded_through > 0 AND l.rows > 0 GROUP BY m.mapping',
      ),
    );
    return new Map(rows.map(({ mapping, at }) => [mapping, at]));
  }

  async lost(units: readonly WarehouseUnit[]): Promise<LostLoads | undefined> {
    return this.#database.read((handle) => lostLoads(handle, units));
  }

  async reconcile(units: readonly WarehouseUnit[]): Promise<number> {
    return this.#database.write((handle) => reconcile(handle, units));
  }

  async recognise(mapping: string, units: readonly WarehouseUnit[]): Promise<number> {
    const { environment } = this.#options;
    const inOrder = [...units].sort((a, b) => a.firstPage - b.firstPage);
    return this.#database.write((handle) => recognise(handle, environment, mapping, inOrder));
  }

  async shrink(): Promise<void> {
    await this.#database.read((handle) => this.#database.dialect.shrink(handle));
  }

  /** Of a record whose pages are gone nobody can decide anything: what pages of other streams have of it is loaded. */
  async #resolveWithoutPages(handle: Handle): Promise<void> {
    const nowMs = this.#options.clock.now();
    const at = new Date(nowMs).toISOString();
    const gone =
      "kind = 'record' AND status IN ('open', 'retried') AND NOT EXISTS " +
      '(SELECT 1 FROM blocker_pages WHERE blocker_pages.blocker = blockers.id)';
    await handle.run(
      "INSERT INTO blocker_events (blocker, at, event, actor, detail) SELECT id, ?, 'resolved', 'etl state reset', " +
        `'its pages were forgotten' FROM blockers WHERE ${gone}`,
      at,
    );
    const held = await handle.select<{ mapping: string; page: number }>(
      `SELECT mapping, min(page) AS page FROM blockers WHERE ${gone} GROUP BY mapping`,
    );
    await handle.run(`UPDATE blockers SET status = 'resolved', updated_at = ? WHERE ${gone}`, at);
    for (const { mapping, page } of held) await pullBack(handle, mapping, Number(page), nowMs);
  }

  #droppable(handle: Handle, streams: readonly StreamRef[], retention: Retention): AsyncIterable<Candidate> {
    const { environment, clock } = this.#options;
    return droppable(handle, { environment, streams, retention, nowMs: clock.now() });
  }

  async #streamState(handle: Handle, stream: StreamRef): Promise<StreamState> {
    const key = this.#keyOf(stream);
    const position = await handle.first<{ cursor: string | null; open: string | null; at: string }>(
      `SELECT cursor, "window" AS open, updated_at AS at FROM positions WHERE ${ofStream}`,
      ...key,
    );
    const pages = await handle.first<PageCounts>(
      'SELECT count(*) AS "all", coalesce(sum(CASE WHEN length(body) > 0 THEN 1 ELSE 0 END), 0) AS kept, ' +
        `coalesce(sum(length(body)), 0) AS bytes, coalesce(sum(records), 0) AS records FROM pages WHERE ${ofStream}`,
      ...key,
    );
    const parents = await countParents(handle, key);
    const mappings: MappingState[] = [];
    for (const mapping of stream.mappings) mappings.push(await mappingState(handle, mapping, stream.account));
    return {
      stream: fullName(stream),
      account: stream.account,
      fetched: {
        ...(position?.cursor != null && { cursor: position.cursor }),
        ...(position?.open != null && { open: JSON.parse(position.open) as OpenWindow }),
        ...(position !== undefined && { at: position.at }),
      },
      settled: await this.#settled(handle, stream),
      ...(parents && { parents }),
      pages: numbers(pages ?? { all: 0, kept: 0, bytes: 0, records: 0 }),
      mappings,
    };
  }

  async #settled(handle: Handle, stream: StreamRef): Promise<SettledPosition> {
    const through = await settledPage(handle, stream);
    const found = await handle.first<{ id: number; cursor: string | null }>(
      `SELECT id, cursor FROM pages WHERE ${ofStream} AND id <= ? ORDER BY id DESC LIMIT 1`,
      ...this.#keyOf(stream),
      through,
    );
    if (found === undefined) return { page: 0 };
    return { page: Number(found.id), ...(found.cursor !== null && { cursor: found.cursor }) };
  }

  #keyOf({ source, account, name }: StreamRef): readonly [string, string, string, string] {
    return [this.#options.environment, source, account, name];
  }
}

const ofStream = 'environment = ? AND source = ? AND account = ? AND stream = ?';

const fullName = ({ source, name }: StreamRef): string => `${source}.${name}`;

/** So many of them, and whether there are more. */
async function firstOf(
  pages: AsyncIterable<Candidate>,
  most: number,
): Promise<{ readonly chosen: readonly Candidate[]; readonly more: boolean }> {
  const chosen: Candidate[] = [];
  for await (const page of pages) {
    if (chosen.length === most) return { chosen, more: true };
    chosen.push(page);
  }
  return { chosen, more: false };
}

const total = (pages: readonly Candidate[]) => ({
  pages: pages.length,
  bytes: pages.reduce((sum, { bytes }) => sum + Number(bytes), 0),
});

async function mappingState(handle: Handle, mapping: string, account: string): Promise<MappingState> {
  const count = async <T>(sql: string, ...bound: Bound[]): Promise<T | undefined> =>
    handle.first<T>(sql, ...bound);
  const through = await count<{ page: number }>(
    'SELECT loaded_through AS page FROM mappings WHERE mapping = ?',
    mapping,
  );
  const loadedThrough = Number(through?.page ?? 0);
  const pending = await count<{ pages: number; rows: number }>(
    'SELECT count(*) AS pages, coalesce(sum(rows), 0) AS rows FROM page_rows JOIN pages ON pages.id = page ' +
      'WHERE mapping = ? AND page > ? AND account = ?',
    mapping,
    loadedThrough,
    account,
  );
  const blocked = await count<{ rows: number }>(
    "SELECT count(*) AS rows FROM blockers WHERE mapping = ? AND account = ? AND kind = 'record' AND status = 'open'",
    mapping,
    account,
  );
  const heldFrom = await openFrom(handle, mapping, account);
  return {
    mapping,
    ...(heldFrom !== undefined && { heldFrom }),
    loadedThrough,
    pendingPages: Number(pending?.pages ?? 0),
    pendingRows: Number(pending?.rows ?? 0),
    blocked: Number(blocked?.rows ?? 0),
  };
}

/** Some drivers give counts as texts. */
const numbers = ({ all, kept, bytes, records }: PageCounts): PageCounts => ({
  all: Number(all),
  kept: Number(kept),
  bytes: Number(bytes),
  records: Number(records),
});
