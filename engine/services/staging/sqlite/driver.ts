import { type HandleOptions, SqliteHandle } from './sqlite-handle.ts';

type Row = { [column: string]: unknown };
type Parameters = readonly unknown[] | { readonly [name: string]: unknown };
type Callback = (this: Statement, error: Error | null, rows?: readonly Row[]) => void;

interface Done {
  readonly statement: Statement;
  readonly rows?: readonly Row[];
}

/** The context of a callback, as the package sqlite3 has it: Sequelize looks for these names. */
class Statement {
  readonly lastID: number;
  readonly changes: number;

  constructor(lastID = 0, changes = 0) {
    this.lastID = lastID;
    this.changes = changes;
  }
}

/**
 * The open handles of one file. Sequelize opens and closes a connection for each transaction; a handle that it closes is
 * kept for the next one, with its prepared statements. The library would not free it anyway before they are collected.
 */
class HandlePool {
  /** How long a handle that is taken waits for a lock of another process. */
  busyTimeoutMs: number;
  readonly #spare: SqliteHandle[] = [];

  constructor({ busyTimeoutMs }: HandleOptions) {
    this.busyTimeoutMs = busyTimeoutMs;
  }

  take(filename: string): SqliteHandle {
    const { busyTimeoutMs } = this;
    const handle = this.#spare.pop() ?? new SqliteHandle(filename, { busyTimeoutMs });
    handle.waitUpTo(busyTimeoutMs);
    return handle;
  }

  give(handle: SqliteHandle): void {
    if (handle.isTransaction) handle.execNow('ROLLBACK');
    this.#spare.push(handle);
  }

  close(): void {
    // Closing would empty the WAL, if the library freed its statements in time. When it cannot be done now, because
    // another process is reading, one that opens the file later does it.
    attempt(() => this.#spare[0]?.execNow('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)'));
    for (const handle of this.#spare.splice(0)) handle.close();
  }
}

/** One connection with the part of sqlite3's API that Sequelize uses. Callbacks are called before a call returns. */
export class Connection {
  readonly filename: string;
  /** Set by Sequelize while a transaction owns the connection. */
  uuid?: string | undefined;
  readonly #pool: HandlePool;
  #handle: SqliteHandle | undefined;

  constructor(filename: string, pool: HandlePool, opened: (error: Error | null) => void) {
    this.filename = filename;
    this.#pool = pool;
    const error = attempt(() => this.handle);
    // Sequelize reads its variable in the callback, which is assigned only after the constructor has returned.
    queueMicrotask(() => opened(error));
  }

  /** For prepared statements inside Sequelize's transaction. Opens the file again when the first attempt has failed. */
  get handle(): SqliteHandle {
    this.#handle ??= this.#pool.take(this.filename);
    return this.#handle;
  }

  serialize(work: () => void): this {
    work();
    return this;
  }

  configure(): this {
    return this;
  }

  run(sql: string, ...rest: readonly (Parameters | Callback)[]): this {
    return this.#perform(sql, rest, (bound) => {
      const { lastInsertRowid, changes } = this.handle.prepareOnce(sql).run(...bound);
      return { statement: new Statement(Number(lastInsertRowid), changes) };
    });
  }

  all(sql: string, ...rest: readonly (Parameters | Callback)[]): this {
    return this.#perform(sql, rest, (bound) => {
      const rows = (this.handle.prepareOnce(sql).all(...bound) as Row[]).map(withBuffers);
      return { statement: new Statement(), rows };
    });
  }

  exec(sql: string, ...rest: readonly Callback[]): this {
    return this.#perform(sql, rest, () => {
      this.handle.execNow(sql);
      return { statement: new Statement() };
    });
  }

  close(callback?: (error: Error | null) => void): void {
    const handle = this.#handle;
    this.#handle = undefined;
    const error = attempt(() => handle && this.#pool.give(handle));
    callback?.(error);
  }

  #perform(
    sql: string,
    rest: readonly (Parameters | Callback)[],
    work: (bound: readonly unknown[]) => Done,
  ): this {
    const callback = rest.find((one): one is Callback => typeof one === 'function');
    const parameters = rest.find((one): one is Parameters => typeof one !== 'function');
    let done: Done = { statement: new Statement(), rows: [] };
    const error = attempt(() => {
      if (!this.#isSpentRollback(sql)) done = work(bindings(parameters));
    });
    if (callback !== undefined) callback.call(done.statement, error, done.rows);
    else if (error !== null) throw error;
    return this;
  }

  /** After a failed BEGIN, and when SQLite has rolled back by itself (a full disk), nothing is left to roll back. */
  #isSpentRollback(sql: string): boolean {
    return /^ROLLBACK\s*;?$/i.test(sql) && !this.handle.isTransaction;
  }
}

/** Does the work and gives its error the code that Sequelize looks for. */
function attempt(work: () => unknown): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    const code = sqliteCode(error);
    if (error instanceof Error && code !== undefined) Object.assign(error, { code });
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The library names the error after `run`, `get` and `exec`; after `all`, SQLite's message is all there is. */
const messages: readonly (readonly [code: string, start: RegExp])[] = [
  ['SQLITE_BUSY', /^database is locked/],
  ['SQLITE_LOCKED', /^database (?:table|schema) is locked/],
  ['SQLITE_FULL', /^database or disk is full/],
  ['SQLITE_NOTADB', /^file is not a database/],
  ['SQLITE_CORRUPT', /^database disk image is malformed/],
  ['SQLITE_CANTOPEN', /^unable to open database file/],
  ['SQLITE_READONLY', /^attempt to write a readonly database/],
  ['SQLITE_IOERR', /^disk I\/O error/],
  ['SQLITE_CONSTRAINT', /^[A-Z ]+ constraint failed/],
];

/** SQLite's name of what went wrong, such as `SQLITE_BUSY`; undefined for errors that are not SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('sqliteCodeName' in error && typeof error.sqliteCodeName === 'string') return error.sqliteCodeName;
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR')) return undefined;
  return messages.find(([, start]) => start.test(error.message))?.[0];
}

const bindings = (parameters: Parameters | undefined): readonly unknown[] => {
  if (parameters === undefined) return [];
  if (Array.isArray(parameters)) return parameters.map(bindable);
  const named = Object.entries(parameters).map(([name, value]) => [name, bindable(value)]);
  return named.length === 0 ? [] : [Object.fromEntries(named)];
};

const bindable = (value: unknown): unknown => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return whole(value);
  return value ?? null;
};

/** The library cuts a text at U+0000. Typed rows keep such texts as BLOBs; other tables must not be given any. */
function whole(text: string): string {
  if (text.includes('\0')) throw new RangeError('A text with U+0000 cannot be stored in this column.');
  return text;
}

/** Sequelize knows a BLOB by `Buffer`, the library gives `Uint8Array`. */
function withBuffers(row: Row): Row {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof Uint8Array)
      row[column] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}

/** `dialectModule` for Sequelize in place of the package sqlite3, for one file; `waitUpTo` is for transactions that begin later, `closeAll` when Sequelize is closed. */
export function sqliteDriver(options: HandleOptions) {
  const pool = new HandlePool(options);
  const dialectModule = {
    OPEN_READONLY: 1,
    OPEN_READWRITE: 2,
    OPEN_CREATE: 4,
    Database: class extends Connection {
      constructor(filename: string, _mode: number, opened: (error: Error | null) => void) {
        super(filename, pool, opened);
      }
    },
  };
  const waitUpTo = (busyTimeoutMs: number): void => {
    pool.busyTimeoutMs = busyTimeoutMs;
  };
  return { dialectModule, waitUpTo, closeAll: () => pool.close() };
}
