import type { StagedValue } from '../../model/batch.ts';
import type {
  ChildRedaction,
  ErasedPage,
  ForgetCounts,
  Forgetting,
  Forgotten,
  ForgottenEntry,
  RecordPlaces,
  Redaction,
  StagedPlaces,
  SubjectRows,
} from '../../model/forget.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import type { Clock, KeptPage } from '../../model/ports.ts';
import type { Database } from './database.ts';
import { erasePage } from './erase-page.ts';
import type { Handle } from './handle.ts';
import { pullBack } from './load-units.ts';
import { eraseParents } from './parent-positions.ts';
import { childPages, redactChildTexts, redactTexts } from './person-texts.ts';
import { subjectRows } from './subject-rows.ts';

interface ForgettingOptions {
  readonly environment: string;
  readonly clock: Clock;
}

interface EntryRow extends ForgetCounts {
  readonly stream: string;
  readonly hash: string;
  readonly salt: string;
  readonly status: ForgottenEntry['status'];
  readonly askedBy: string;
  readonly askedAt: string;
  readonly finishedAt: string | null;
}

const entryColumns =
  'stream, hash, salt, status, asked_by AS "askedBy", asked_at AS "askedAt", finished_at AS "finishedAt", ' +
  'pages, records, staged AS "rows", blockers, loaded';

/** Tombstones of persons in the staging database, and how persons are erased there. */
export class StagingForgetting implements Forgetting {
  readonly #database: Database;
  readonly #environment: string;
  readonly #clock: Clock;

  constructor(database: Database, { environment, clock }: ForgettingOptions) {
    this.#database = database;
    this.#environment = environment;
    this.#clock = clock;
  }

  async known(): Promise<Forgotten | undefined> {
    if (!(await this.#database.exists())) return undefined;
    const rows = await this.#rows();
    const salt = rows[0]?.salt;
    if (salt === undefined) return undefined;
    const hashes: { [stream: string]: string[] } = {};
    for (const { stream, hash, status } of rows) {
      if (status !== 'lifted') hashes[stream] = [...(hashes[stream] ?? []), hash];
    }
    return { salt, hashes };
  }

  async entries(): Promise<readonly ForgottenEntry[]> {
    return (await this.#rows()).map(({ stream, hash, status, askedBy, askedAt, finishedAt, ...row }) => {
      const { pages, records, rows, blockers, loaded } = row;
      const counts = { pages, records, rows, blockers, loaded };
      return { stream, hash, status, by: askedBy, at: askedAt, finishedAt, counts };
    });
  }

  async begin(
    salt: string,
    marks: readonly { readonly stream: string; readonly hash: string }[],
    by: string,
  ): Promise<void> {
    const now = this.#now();
    await this.#database.write(async (handle) => {
      for (const { stream, hash } of marks) {
        await handle.run(
          'INSERT INTO forgotten (environment, stream, hash, salt, status, asked_by, asked_at) ' +
            "VALUES (?, ?, ?, ?, 'erasing', ?, ?) ON CONFLICT (environment, stream, hash) DO UPDATE SET " +
            'status = excluded.status, asked_by = excluded.asked_by, asked_at = excluded.asked_at, finished_at = NULL',
          this.#environment,
          stream,
          hash,
          salt,
          by,
          now,
        );
      }
    });
  }

  lift(hashes: readonly string[]): Promise<number> {
    return this.#mark('lifted', hashes);
  }

  async finish(hashes: readonly string[]): Promise<void> {
    await this.#mark('done', hashes);
  }

  async places(
    { source, account, name }: StreamPlan,
    mapping: MappingPlan,
    column: string,
    values: readonly StagedValue[],
  ): Promise<readonly StagedPlaces[]> {
    const table = this.#database.dialect.table(mapping);
    const sql =
      `SELECT DISTINCT t._page AS page, t._ordinal AS ordinal, t._record AS "key" FROM ${table.name} AS t ` +
      'JOIN pages AS p ON p.id = t._page WHERE p.environment = ? AND p.source = ? AND p.account = ? AND p.stream = ? ' +
      `AND t.${table.column(column)} = ?`;
    const pages = new Map<number, { readonly page: number; ordinals: number[]; keys: string[] }>();
    for (const value of values) {
      const rows = await this.#database.read((handle) =>
        handle.select<{ page: number; ordinal: number; key: string }>(
          sql,
          ...[this.#environment, source, account, name, value],
        ),
      );
      for (const { page, ordinal, key } of rows) {
        const known = pages.get(page) ?? { page, ordinals: [], keys: [] };
        known.ordinals.push(ordinal);
        known.keys.push(key);
        pages.set(page, known);
      }
    }
    return [...pages.values()];
  }

  rows(mapping: MappingPlan, places: readonly RecordPlaces[]): Promise<SubjectRows> {
    return this.#database.read((handle) => subjectRows(handle, this.#database.dialect, mapping, places));
  }

  async redact({ source, account, name }: StreamPlan, redaction: Redaction): Promise<void> {
    const stream = { environment: this.#environment, source, account, name };
    await this.#database.write((handle) => redactTexts(handle, stream, redaction));
  }

  async redactChild({ source, account, name }: StreamPlan, redaction: ChildRedaction): Promise<void> {
    const stream = { environment: this.#environment, source, account, name };
    await this.#database.write((handle) => redactChildTexts(handle, stream, redaction));
    const pages = await this.#database.read((handle) => childPages(handle, stream, redaction));
    for (const { id, request } of pages) {
      const kept = await this.page(id);
      const body = kept && (await redaction.body(kept.body, id));
      await this.#database.write(async (handle) => {
        if (body !== undefined) await handle.run('UPDATE pages SET body = ? WHERE id = ?', body, id);
        await handle.run('UPDATE pages SET request = ? WHERE id = ?', request, id);
      });
    }
  }

  page(id: number): Promise<KeptPage | undefined> {
    return this.#database.read((handle) =>
      handle.first<KeptPage>('SELECT id, run, body FROM pages WHERE id = ?', id),
    );
  }

  async erase(stream: string, hash: string, page: ErasedPage): Promise<void> {
    await this.#database.write(async (handle) => {
      const { rows, blockers } = await erasePage(handle, this.#database.dialect, page, this.#now());
      for (const { stream: child, values } of page.parents ?? [])
        await eraseParents(
          handle,
          [this.#environment, child.source, child.account, child.name],
          child,
          values,
        );
      const sql =
        'UPDATE forgotten SET pages = pages + ?, records = records + ?, staged = staged + ?, blockers = blockers + ? ' +
        'WHERE environment = ? AND stream = ? AND hash = ?';
      const pages = page.body === undefined ? 0 : 1;
      await handle.run(sql, pages, page.ordinals.length, rows, blockers, this.#environment, stream, hash);
    });
  }

  async reload(mapping: string, fromPage: number): Promise<void> {
    await this.#database.write((handle) => pullBack(handle, mapping, fromPage, this.#clock.now()));
  }

  async countLoaded(stream: string, hash: string, rows: number): Promise<void> {
    const sql = 'UPDATE forgotten SET loaded = loaded + ? WHERE environment = ? AND stream = ? AND hash = ?';
    await this.#database.write((handle) => handle.run(sql, rows, this.#environment, stream, hash));
  }

  async mappings(stream: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.read((handle) =>
      handle.select<{ mapping: string; hash: string }>(
        'SELECT mapping, hash FROM mappings WHERE stream = ?',
        stream,
      ),
    );
    return new Map(rows.map(({ mapping, hash }) => [mapping, hash]));
  }

  scrub(): Promise<void> {
    const { dialect, storage } = this.#database;
    return this.#database.read((handle) => dialect.scrub(handle, storage));
  }

  #rows(): Promise<readonly EntryRow[]> {
    return this.#database.read((handle) =>
      handle.select<EntryRow>(
        `SELECT ${entryColumns} FROM forgotten WHERE environment = ? ORDER BY asked_at, stream, hash`,
        this.#environment,
      ),
    );
  }

  async #mark(status: ForgottenEntry['status'], hashes: readonly string[]): Promise<number> {
    const sql =
      'UPDATE forgotten SET status = ?, finished_at = ? WHERE environment = ? AND hash = ? AND status <> ?';
    return this.#database.write(async (handle: Handle) => {
      let changed = 0;
      for (const hash of new Set(hashes)) {
        const { changes } = await handle.run(sql, status, this.#now(), this.#environment, hash, status);
        changed += changes;
      }
      return changed;
    });
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
