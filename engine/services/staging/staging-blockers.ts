import type {
  Blocker,
  BlockerChange,
  BlockerEvent,
  BlockerFilter,
  Blockers,
  Problem,
  Standing,
} from '../../model/blocker.ts';
import { BlockerLedger } from './blocker-ledger.ts';
import { blockersOf, countBlockers, selectBlockers } from './blocker-rows.ts';
import type { Database } from './database.ts';
import type { Bound, Handle } from './handle.ts';
import { pullBack } from './load-units.ts';

/** Ids in one statement, at most. */
const idsMax = 500;

interface Clocked {
  now(): number;
}

/** The Blockers of one staging database. */
export class StagingBlockers implements Blockers {
  readonly #database: Database;
  readonly #clock: Clocked;

  constructor(database: Database, clock: Clocked) {
    this.#database = database;
    this.#clock = clock;
  }

  async raise(problems: readonly Problem[], run: string): Promise<void> {
    if (problems.length === 0) return;
    await this.#write(async (ledger) => {
      for (const problem of problems) await ledger.problem(problem, run);
    });
  }

  async settle(steps: readonly string[], run: string): Promise<void> {
    // A list of nothing is none in PostgreSQL.
    if (steps.length === 0) return;
    const open = await this.#database.read((handle) =>
      handle.first<{ id: number }>(
        `SELECT id FROM blockers WHERE step IN (${steps.map(() => '?').join(', ')}) AND status IN ('open', 'retried') LIMIT 1`,
        ...steps,
      ),
    );
    if (open === undefined) return;
    await this.#write(async (ledger) => {
      for (const step of steps) await ledger.settle(step, run);
    });
  }

  async find({ ids, ...filter }: BlockerFilter, limit: number): Promise<readonly Blocker[]> {
    const found = await this.#database.read(async (handle) => {
      const rows: object[] = [];
      for (const some of chunks(ids)) {
        const { sql, bound } = selectBlockers({ ...filter, ...some }, limit);
        rows.push(...(await handle.select<object>(sql, ...bound)));
      }
      return blockersOf(rows);
    });
    return ids === undefined ? found : [...found].sort((a, b) => b.id - a.id).slice(0, limit);
  }

  async count(filter: BlockerFilter): Promise<number> {
    const { sql, bound } = countBlockers(filter);
    return (await this.#first<{ total: number }>(sql, ...bound))?.total ?? 0;
  }

  async history(id: number): Promise<readonly BlockerEvent[]> {
    const sql = 'SELECT at, event, actor, detail FROM blocker_events WHERE blocker = ? ORDER BY id';
    return this.#database.read((handle) => handle.select<BlockerEvent>(sql, id));
  }

  async pages(ids: readonly number[]): Promise<ReadonlyMap<number, readonly number[]>> {
    const sql = 'SELECT DISTINCT page FROM blocker_pages WHERE blocker = ? ORDER BY page';
    const pages = new Map<number, readonly number[]>();
    await this.#database.read(async (handle) => {
      for (const id of ids)
        pages.set(
          id,
          (await handle.select<{ page: number }>(sql, id)).map(({ page }) => page),
        );
    });
    return pages;
  }

  async change(ids: readonly number[], change: BlockerChange, actor: string): Promise<void> {
    await this.#write(async (ledger, handle) => {
      for (const id of ids) await changeOne(ledger, handle, id, change, actor);
      if (change.event === 'waived') await release(handle, ids, this.#clock.now());
    });
  }

  async standing(mapping: string): Promise<Standing> {
    const blocked =
      'SELECT count(*) FROM blocker_pages AS p JOIN blockers AS b ON b.id = p.blocker ' +
      "WHERE b.mapping = m.mapping AND b.kind = 'record' AND b.status = 'open' AND p.page > m.loaded_through";
    const open =
      "SELECT count(*) FROM blockers AS b WHERE b.mapping = m.mapping AND b.kind = 'record' AND b.status = 'open'";
    const staged =
      'SELECT CAST(coalesce(sum(r.rows), 0) AS BIGINT) FROM page_rows AS r WHERE r.mapping = m.mapping AND r.page > m.loaded_through';
    const found = await this.#first<Standing>(
      `SELECT (${open}) AS open, (${blocked}) AS "blockedRows", (${staged}) AS "stagedRows" FROM mappings AS m WHERE m.mapping = ?`,
      mapping,
    );
    return found ?? { open: 0, blockedRows: 0, stagedRows: 0 };
  }

  #first<T>(sql: string, ...bound: readonly Bound[]): Promise<T | undefined> {
    return this.#database.read((handle) => handle.first<T>(sql, ...bound));
  }

  #write(work: (ledger: BlockerLedger, handle: Handle) => Promise<void>): Promise<void> {
    const now = new Date(this.#clock.now()).toISOString();
    return this.#database.write((handle) => work(new BlockerLedger(handle, now), handle));
  }
}

/** One filter where there are no ids, otherwise as many as statements are needed for them. */
function chunks(ids: readonly number[] | undefined): readonly { readonly ids?: readonly number[] }[] {
  if (ids === undefined) return [{}];
  const count = Math.ceil(ids.length / idsMax);
  return Array.from({ length: count }, (_, at) => ({ ids: ids.slice(at * idsMax, (at + 1) * idsMax) }));
}

async function changeOne(
  ledger: BlockerLedger,
  handle: Handle,
  id: number,
  change: BlockerChange,
  actor: string,
): Promise<void> {
  switch (change.event) {
    case 'assigned':
      await handle.run('UPDATE blockers SET owner = ? WHERE id = ?', change.owner, id);
      return ledger.note(id, 'assigned', actor, change.owner);
    case 'noted':
      await handle.run('UPDATE blockers SET note = ? WHERE id = ?', change.note, id);
      return ledger.note(id, 'noted', actor, change.note);
    case 'overridden':
      return ledger.note(id, 'overridden', actor, change.detail);
    case 'retried':
      await ledger.setStatus(id, 'retried');
      return ledger.note(id, 'retried', actor, change.detail);
    case 'waived':
      await ledger.setStatus(id, 'waived');
      return ledger.note(id, 'waived', actor, change.reason);
  }
}

/** What waited behind these records is loaded by the next run, and so is all that came after. */
async function release(handle: Handle, ids: readonly number[], nowMs: number): Promise<void> {
  const first = new Map<string, number>();
  for (const id of ids) {
    const found = await handle.first<{ mapping: string; page: number }>(
      "SELECT mapping, page FROM blockers WHERE id = ? AND kind = 'record'",
      id,
    );
    if (found !== undefined)
      first.set(found.mapping, Math.min(found.page, first.get(found.mapping) ?? found.page));
  }
  for (const [mapping, page] of first) await pullBack(handle, mapping, page, nowMs);
}
