import type { MappedRows } from '../../model/batch.ts';
import { assert } from '../../model/errors.ts';
import type { StreamPlan } from '../../model/plan.ts';
import type { PageWindow, StagedPage } from '../../model/ports.ts';
import { declaredName, isBackfill } from '../../model/sweep.ts';
import { BlockerLedger, type Seen } from './blocker-ledger.ts';
import { changedMapping } from './failures.ts';
import type { Bound, Handle } from './handle.ts';
import { loadState, pullBack, pullBackLoaded } from './load-units.ts';
import { writeParents } from './parent-positions.ts';
import type { StagedTable } from './staged-table.ts';

export interface WriterContext {
  readonly environment: string;
  /** ISO 8601. */
  readonly now: string;
  readonly nowMs: number;
  /** Mappings prepared by this process. */
  readonly prepared: ReadonlyMap<string, Prepared>;
}

/** A mapping as it is staged: its table, and its hash. */
export interface Prepared {
  readonly table: StagedTable;
  readonly hash: string;
}

/** Writes pages and rows on the raw connection of one transaction. */
export class PageWriter {
  readonly #handle: Handle;
  readonly #context: WriterContext;

  constructor(handle: Handle, context: WriterContext) {
    this.#handle = handle;
    this.#context = context;
  }

  /** Writes a page and its rows. False when the page was there already, and nothing was written. */
  async page(stream: StreamPlan, page: StagedPage): Promise<boolean> {
    if (!(await this.#insertPage(stream, page))) return false;
    for (const { mapping } of page.rows) await this.#unchanged(mapping);
    const { source, account, name } = stream;
    const seen = { page: page.id, run: page.run, source, account, stream: withoutBackfill(name) };
    for (const rows of page.rows) await this.rows(seen, rows);
    await writeParents(this.#handle, this.#keyOf(stream), stream, page);
    return true;
  }

  async position(stream: StreamPlan, { position }: StagedPage): Promise<void> {
    const open = position.open === undefined ? null : JSON.stringify(position.open);
    await this.#handle.run(
      'INSERT INTO positions (environment, source, account, stream, cursor, "window", shape, updated_at) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, source, account, stream) DO UPDATE SET ' +
        'cursor = excluded.cursor, "window" = excluded."window", shape = excluded.shape, updated_at = excluded.updated_at',
      ...this.#keyOf(stream),
      position.cursor ?? null,
      open,
      position.shape === undefined ? null : JSON.stringify(position.shape),
      this.#context.now,
    );
  }

  /**
   * Writes what one mapping made of one page, in place of what may be there. A row that fits now is loaded with all that
   * came after it: also where its record is blocked on a later page, since what is before that is no longer held.
   */
  async restage(page: number, rows: MappedRows, run: string): Promise<void> {
    const table = this.#tableOf(rows);
    const { mapping } = rows;
    await this.#handle.run(`DELETE FROM ${table.name} WHERE _page = ?`, page);
    const { changes } = await this.#handle.run(
      'DELETE FROM page_rows WHERE mapping = ? AND page = ?',
      mapping,
      page,
    );
    const still = await this.rows(await this.#seenAgain(page, run), rows, changes === 0);
    const ledger = new BlockerLedger(this.#handle, this.#context.now);
    if (await ledger.mappedAgain(mapping, page, new Set(still), run))
      await pullBack(this.#handle, mapping, page, this.#context.nowMs);
  }

  /** `fresh`: the mapping has not seen the page before. Gives the Blockers of rows that do not fit. */
  async rows(seen: Seen, rows: MappedRows, fresh = true): Promise<readonly number[]> {
    const { page } = seen;
    if (rows.unstaged !== true) await this.#tableOf(rows).insert(this.#handle, rows);
    const ledger = new BlockerLedger(this.#handle, this.#context.now);
    const blockers = await ledger.rows(seen, rows.blocked);
    await this.#handle.run(
      'INSERT INTO page_rows (mapping, page, units, rows, marks, tombstones, deduplicated, filtered, nulled, blocked) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      rows.mapping,
      page,
      rows.units,
      rows.count,
      rows.marks,
      rows.tombstones,
      rows.deduplicated,
      rows.filtered,
      rows.nulled,
      rows.blocked.length,
    );
    if (rows.unstaged === true) await this.#noteUnstaged(rows.mapping, page);
    // A page that a mapping gets late (mapped again after others were loaded, or staged by a process that another one has
    // overtaken) must still be loaded, and what follows it again, so that newer versions win. The new epoch makes different
    // load units of them; the warehouse would skip units that it knows.
    if (fresh) await pullBackLoaded(this.#handle, rows.mapping, page, this.#context.nowMs);
    return blockers;
  }

  async #seenAgain(page: number, run: string): Promise<Seen> {
    const kept = await this.#handle.first<Omit<Seen, 'page' | 'run'>>(
      'SELECT source, account, stream FROM pages WHERE id = ?',
      page,
    );
    assert(kept, `page ${page} is kept`);
    return { ...kept, stream: withoutBackfill(kept.stream), page, run };
  }

  async #insertPage(stream: StreamPlan, page: StagedPage): Promise<boolean> {
    const { changes } = await this.#handle.run(
      'INSERT INTO pages (id, run, environment, source, account, stream, request, status, records, body_hash, ' +
        'staged_at, number, is_last, total, outside, begins_at, body, cursor) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      page.id,
      page.run,
      ...this.#keyOf(stream),
      JSON.stringify(page.request),
      page.status,
      page.records,
      page.bodyHash,
      this.#context.now,
      ...windowValues(page.window),
      page.body,
      page.position.cursor ?? null,
    );
    if (changes === 1) return true;
    const kept = await this.#handle.first<{ body_hash: string }>(
      'SELECT body_hash FROM pages WHERE id = ?',
      page.id,
    );
    assert(kept?.body_hash === page.bodyHash, `page ${page.id} is committed again with the same body`);
    return false;
  }

  async #noteUnstaged(mapping: string, page: number): Promise<void> {
    await this.#handle.run('UPDATE page_rows SET unstaged = 1 WHERE mapping = ? AND page = ?', mapping, page);
  }

  #tableOf({ mapping }: MappedRows): StagedTable {
    return this.#prepared(mapping).table;
  }

  #prepared(mapping: string): Prepared {
    const prepared = this.#context.prepared.get(mapping);
    assert(prepared, `the mapping ${mapping} was prepared before its rows are staged`);
    return prepared;
  }

  /**
   * Another process may have prepared the mapping anew, and changed its table: a run beside a backfill, or one with another version
   * of the project that had nothing to read or map of the stream, and so did not lock it.
   */
  async #unchanged(mapping: string): Promise<void> {
    const state = await loadState(this.#handle, mapping);
    if (state?.hash !== this.#prepared(mapping).hash) throw changedMapping(mapping);
  }

  #keyOf({ source, account, name }: StreamPlan): [string, string, string, string] {
    return [this.#context.environment, source, account, name];
  }
}

/** A record that is read once more and does not fit is the same Blocker. */
const withoutBackfill = (stream: string): string => (isBackfill(stream) ? declaredName(stream) : stream);

function windowValues(window: PageWindow | undefined): Bound[] {
  if (window === undefined) return [null, null, null, null, null];
  const { number, isLast, total, outside, from } = window;
  return [number, isLast ? 1 : 0, total ?? null, outside, from ?? null];
}
