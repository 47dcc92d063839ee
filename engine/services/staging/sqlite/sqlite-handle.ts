import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Bound, Handle } from '../handle.ts';
import { compareDecimals } from './decimals.ts';

type Statement = ReturnType<DatabaseSyncInstance['prepare']>;

export interface HandleOptions {
  /** How long a statement waits for a lock of another process. */
  readonly busyTimeoutMs: number;
}

/**
 * Durability: WAL never leaves a damaged or half-written database, whatever dies. With `synchronous = NORMAL` a commit
 * survives the death of the process at once, but a power failure may take back the last few. They are taken back whole
 * (rows, page and position belong to one transaction), so what was lost is fetched again. What the warehouse is told
 * is made durable first: see `pendingUnits`.
 */
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA journal_size_limit = 67108864;`;

const statementsMax = 200;

/**
 * One connection to SQLite. Every call is done when it returns, and its promise is settled; statements are prepared once
 * and kept.
 */
export class SqliteHandle implements Handle {
  readonly #database: DatabaseSyncInstance;
  /** The library frees a statement only when it is collected as garbage: few are made, and used again. */
  readonly #statements = new Map<string, Statement>();
  #busyTimeoutMs: number;

  constructor(filename: string, { busyTimeoutMs }: HandleOptions) {
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#database = new DatabaseSync(filename, { timeout: busyTimeoutMs });
    try {
      this.#database.exec(settings);
      this.#database.function('compare_decimals', { deterministic: true }, compareDecimals);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get isTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Changes how long a statement waits for a lock of another process. */
  waitUpTo(busyTimeoutMs: number): void {
    if (busyTimeoutMs === this.#busyTimeoutMs) return;
    this.#database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Runs statements without parameters, before it returns. */
  execNow(sql: string): void {
    this.#database.exec(sql);
  }

  async exec(sql: string): Promise<void> {
    this.#database.exec(sql);
  }

  async run(sql: string, ...bound: Bound[]): Promise<{ readonly changes: number }> {
    return this.#prepare(sql).run(...bound);
  }

  async select<T>(sql: string, ...bound: Bound[]): Promise<T[]> {
    return this.#prepare(sql).all(...bound) as T[];
  }

  async first<T>(sql: string, ...bound: Bound[]): Promise<T | undefined> {
    return this.#prepare(sql).get(...bound) as T | undefined;
  }

  async arrays(sql: string, ...bound: Bound[]): Promise<Bound[][]> {
    const statement = this.#prepare(sql);
    statement.setReturnArrays(true);
    return statement.all(...bound) as Bound[][];
  }

  /** Prepares a statement that is not kept, since its text will hardly come again. */
  prepareOnce(sql: string): Statement {
    return this.#database.prepare(sql);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= statementsMax) this.#statements.clear();
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
