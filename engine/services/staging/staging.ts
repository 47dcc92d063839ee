import { accountStream, defaultAccount } from '../../model/accounts.ts';
import type { AuditScope, MappingLedger } from '../../model/audit.ts';
import type { MappedRows } from '../../model/batch.ts';
import type { Blockers } from '../../model/blocker.ts';
import { assert } from '../../model/errors.ts';
import type { Forgetting } from '../../model/forget.ts';
import { extractLock } from '../../model/locks.ts';
import type { CheckPlan, MappingPlan, StreamPlan, StreamShape } from '../../model/plan.ts';
import type {
  AccountPage,
  CheckOutcome,
  Clock,
  KeptPage,
  KeptPages,
  ListingBegun,
  Listings,
  LoadCounts,
  LoadTime,
  LoadTimes,
  LoadUnit,
  Memory,
  OpenWindow,
  PageChoice,
  Position,
  RunRecord,
  StagedPage,
  StagedRow,
  Staging,
  Unseen,
} from '../../model/ports.ts';
import type { State } from '../../model/state-port.ts';
import { auditMapping } from './audit.ts';
import { runCheck } from './checks.ts';
import { CurrentRows } from './current-rows.ts';
import { type Database, lent } from './database.ts';
import { foreignEnvironment } from './failures.ts';
import { heldLines } from './held-rows.ts';
import { chosenPages, keptPages } from './kept-pages.ts';
import * as units from './load-units.ts';
import { mappedHashes, otherEnvironment, prepare } from './mapping-register.ts';
import { migrateUp, schemaVersion } from './migrate.ts';
import { PageWriter, type Prepared } from './page-writer.ts';
import { parentPositions } from './parent-positions.ts';
import { readRows } from './row-reader.ts';
import { SqliteDatabase } from './sqlite/sqlite-database.ts';
import { StagingBlockers } from './staging-blockers.ts';
import { StagingForgetting } from './staging-forgetting.ts';
import { StagingListings } from './staging-listings.ts';
import { StagingLocks } from './staging-locks.ts';
import { StagingMemory } from './staging-memory.ts';
import { StagingPositions } from './staging-positions.ts';
import { StagingRenames } from './staging-renames.ts';
import { StagingRuns } from './staging-runs.ts';
import { unseen } from './unseen.ts';

/** Where the ledger is kept, and whose it is. */
export interface StagingOptions {
  /** Absolute path of the SQLite file, or `:memory:`. The file and its folder are made when they are needed. */
  readonly storage: string;
  readonly environment: string;
  readonly clock: Clock;
  /** How long to wait for a lock of another process. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

/** The staging database of one environment, which is also where its small texts are kept. */
export interface OpenStaging extends Staging {
  readonly memory: Memory;
  readonly forgetting: Forgetting;
  readonly state: State;
  /** Whether there is a database already. Makes nothing. */
  exists(): Promise<boolean>;
  /** The same database for another run in this process, with locks of its own. Closing it leaves the database open. */
  beside(): OpenStaging;
}

/** Staging in an SQLite file. Nothing is opened before the first call. */
export const openStaging = ({ storage, busyTimeoutMs = 5000, ...options }: StagingOptions): OpenStaging =>
  stagingOn(new SqliteDatabase({ storage, busyTimeoutMs }), options);

export type LedgerOptions = Pick<StagingOptions, 'environment' | 'clock'>;

/** Staging in any database. */
export const stagingOn = (database: Database, options: LedgerOptions): OpenStaging =>
  new LedgerStaging(database, options);

class LedgerStaging implements OpenStaging {
  readonly memory: Memory;
  readonly state: State;
  readonly blockers: Blockers;
  readonly listings: Listings;
  readonly forgetting: Forgetting;
  readonly #environment: string;
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #locks: StagingLocks;
  readonly #prepared = new Map<string, Prepared>();
  /** What the last check has found out: the next ones of the same mapping use it. */
  #current: CurrentRows | undefined;

  constructor(database: Database, { environment, clock }: LedgerOptions) {
    [this.#environment, this.#clock, this.#database] = [environment, clock, database];
    this.blockers = new StagingBlockers(this.#database, clock);
    this.listings = new StagingListings(this.#database, clock);
    this.memory = new StagingMemory(this.#database, { environment, clock, migrate: () => this.migrate() });
    this.forgetting = new StagingForgetting(this.#database, { environment, clock });
    this.#locks = new StagingLocks(this.#database, clock);
    this.state = {
      schema: schemaVersion,
      locks: this.#locks,
      runs: new StagingRuns(this.#database, { environment, clock }),
      positions: new StagingPositions(this.#database, { environment, clock }),
      renames: new StagingRenames(this.#database, { environment }),
    };
  }

  exists = (): Promise<boolean> => this.#database.exists();

  async migrate(): Promise<void> {
    await migrateUp(this.#database);
    const theirs = await this.#database.read((handle) => otherEnvironment(handle, this.#environment));
    if (theirs !== undefined) throw foreignEnvironment(this.#database, theirs, this.#environment);
  }

  async startRun({ id, plan, environment, startedAt }: RunRecord): Promise<void> {
    const run = { id, plan, environment, started_at: startedAt, status: 'running' };
    const { runs } = this.#database.models;
    await this.#database.write((_handle, transaction) => runs.create(run, { transaction }));
  }

  async finishRun(run: string, status: string, finishedAt: string): Promise<void> {
    const change = { status, finished_at: finishedAt };
    const { runs } = this.#database.models;
    const where = { id: run };
    await this.#database.write((_handle, transaction) => runs.update(change, { where, transaction }));
  }

  async prepare(mapping: MappingPlan): Promise<void> {
    const table = this.#database.dialect.table(mapping);
    await this.#database.write((handle) => prepare(handle, mapping, table, this.#context()));
    this.#prepared.set(mapping.name, { table, hash: mapping.hash });
  }

  async mappingHashes(): Promise<ReadonlyMap<string, string>> {
    return this.#database.read(mappedHashes);
  }

  async position(stream: StreamPlan): Promise<Position> {
    const found = await this.#database.read(() =>
      this.#database.models.positions.findOne({ where: this.#where(stream) }),
    );
    const { cursor, window, shape } = found?.get() ?? { cursor: null, window: null, shape: null };
    return {
      ...(cursor !== null && { cursor }),
      ...(window !== null && { open: JSON.parse(window) as OpenWindow }),
      ...(shape !== null && { shape: JSON.parse(shape) as StreamShape }),
    };
  }

  parents: Staging['parents'] = (stream, values) =>
    this.#database.read((handle) => parentPositions(handle, this.#environment, stream, values));

  async reached(stream: string, accounts: readonly string[] = [defaultAccount]): Promise<string | undefined> {
    const sql =
      'SELECT min(cursor) AS least, count(cursor) AS known FROM positions ' +
      "WHERE environment = ? AND source || '.' || stream = ? " +
      `AND account IN (${accounts.map(() => '?').join(', ')})`;
    const found = await this.#database.read((handle) =>
      handle.first<{ least: string | null; known: number }>(sql, this.#environment, stream, ...accounts),
    );
    return Number(found?.known ?? 0) < accounts.length ? undefined : (found?.least ?? undefined);
  }

  async shapes(): Promise<ReadonlyMap<string, StreamShape>> {
    const sql =
      'SELECT source, account, stream AS name, shape FROM positions WHERE environment = ? AND shape IS NOT NULL';
    const rows = await this.#database.read((handle) =>
      handle.select<{ source: string; account: string; name: string; shape: string }>(sql, this.#environment),
    );
    return new Map(rows.map(({ shape, ...of }) => [accountStream(of), JSON.parse(shape) as StreamShape]));
  }

  async loadedMappings(): Promise<ReadonlySet<string>> {
    const sql = 'SELECT mapping FROM mappings WHERE loaded_through > 0';
    const rows = await this.#database.read((handle) => handle.select<{ mapping: string }>(sql));
    return new Set(rows.map(({ mapping }) => mapping));
  }

  async rewind(mapping: string): Promise<void> {
    await this.#database.write((handle) => units.rewind(handle, mapping, this.#clock.now()));
  }

  async reservePages(count: number): Promise<number> {
    return this.#database.write(async (handle) => {
      const sql = "UPDATE sequences SET next = next + ? WHERE name = 'page' RETURNING next";
      const reserved = await handle.first<{ next: number }>(sql, count);
      assert(reserved, 'the sequence of pages exists');
      return reserved.next - count;
    });
  }

  async commit(stream: StreamPlan, pages: readonly StagedPage[]): Promise<void> {
    await this.#database.write(async (handle) => {
      await this.#locks.fence(handle, extractLock(stream));
      const writer = new PageWriter(handle, this.#context());
      let last: StagedPage | undefined;
      for (const page of pages) if (await writer.page(stream, page)) last = page;
      // A page that is committed again must not take back the position that later ones have reached.
      if (last !== undefined && last === pages.at(-1)) await writer.position(stream, last);
    });
  }

  async restage(page: number, rows: MappedRows, run: string): Promise<void> {
    await this.#database.write((handle) => new PageWriter(handle, this.#context()).restage(page, rows, run));
  }

  pages(stream: Parameters<Staging['pages']>[0], only?: PageChoice): AsyncIterable<KeptPage> {
    return chosenPages(this.#database, this.#where(stream), only);
  }

  async *unstagedPages(mapping: string, unit?: LoadUnit): AsyncGenerator<AccountPage> {
    const sql =
      'SELECT id, run, account, body FROM page_rows JOIN pages ON pages.id = page_rows.page ' +
      'WHERE mapping = ? AND unstaged = 1 AND length(body) > 0 AND page > ? AND page <= ? ORDER BY page LIMIT 1';
    const { firstPage = 1, lastPage = Number.MAX_SAFE_INTEGER } = unit ?? {};
    const after = (id: number) =>
      this.#database.read((handle) => handle.first<AccountPage>(sql, mapping, id, lastPage));
    for (let page = await after(firstPage - 1); page !== undefined; page = await after(page.id)) yield page;
  }

  async keptPages(): Promise<ReadonlyMap<string, KeptPages>> {
    return this.#database.read((handle) => keptPages(handle, this.#environment));
  }

  async pendingUnits(mapping: MappingPlan, rowsMax: number): Promise<readonly LoadUnit[]> {
    return this.#database.read(async (handle) => {
      // What the warehouse keeps must not be lost here, or its pages' numbers would be given to others.
      await this.#database.dialect.settle(handle);
      return units.pendingUnits(handle, this.#environment, mapping, rowsMax);
    });
  }

  rows(mapping: MappingPlan, unit: LoadUnit): AsyncIterable<readonly StagedRow[]> {
    return readRows(this.#database, mapping, unit);
  }

  async unseen(mapping: MappingPlan, account: string, since: ListingBegun, limit: number): Promise<Unseen> {
    const { name: table } = this.#database.dialect.table(mapping);
    const query = { mapping: mapping.name, table, account, ...since, limit };
    return this.#database.read((handle) => unseen(handle, query));
  }

  async markLoaded(unit: LoadUnit, run: string, counts: LoadCounts, time: LoadTime): Promise<void> {
    await this.#database.write((handle) => units.markLoaded(handle, unit, run, counts, time));
  }

  async loadTimes(mapping: string, since: string): Promise<LoadTimes> {
    return this.#database.read((handle) => units.loadTimes(handle, mapping, since));
  }

  async check(mapping: MappingPlan, check: CheckPlan, nowMs: number): Promise<CheckOutcome> {
    return this.#database.read(async (handle) => {
      const { dialect } = this.#database;
      if (!(await this.#current?.isOf(handle, mapping)))
        this.#current = await CurrentRows.of(handle, dialect, mapping);
      assert(this.#current, 'the current rows are known');
      return runCheck(this.#current, check, nowMs);
    });
  }

  async held(mapping: MappingPlan, unit: LoadUnit): Promise<Pick<LoadUnit, 'rows' | 'marks'>> {
    return this.#database.read((handle) => heldLines(handle, this.#database.dialect.table(mapping), unit));
  }

  async ledger(mapping: MappingPlan, stream: StreamPlan, scope: AuditScope): Promise<MappingLedger> {
    const table = this.#database.dialect.table(mapping).name;
    const found = { environment: this.#environment, mapping, stream, table };
    return this.#database.read((handle) => auditMapping({ handle, ...found }, scope));
  }

  beside(): OpenStaging {
    return new LedgerStaging(lent(this.#database), { environment: this.#environment, clock: this.#clock });
  }

  close = (): Promise<void> => this.#database.close();

  #where({ source, account, name }: Pick<StreamPlan, 'source' | 'account' | 'name'>) {
    return { environment: this.#environment, source, account, stream: name };
  }

  #context() {
    const nowMs = this.#clock.now();
    return {
      environment: this.#environment,
      nowMs,
      now: new Date(nowMs).toISOString(),
      prepared: this.#prepared,
    };
  }
}
