import { existsSync } from 'node:fs';
import { Sequelize, Transaction } from 'sequelize';
import type { Database } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { Handle } from '../handle.ts';
import { defineModels, type Models } from '../models.ts';
import { type Connection, sqliteDriver } from './driver.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { explained } from './sqlite-failures.ts';

export interface SqliteOptions {
  /** Absolute path of the file, or `:memory:`. */
  readonly storage: string;
  readonly busyTimeoutMs: number;
}

/** After another process was waited for in vain: every step of a run writes, and none of them need wait as long again. */
const waitInVainMs = 100;

/** An SQLite file, or one in memory. */
export class SqliteDatabase implements Database {
  readonly dialect: Dialect = sqliteDialect;
  readonly storage: string;
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly #closeAll: () => void;
  readonly #waitUpTo: (ms: number) => void;
  readonly #busyTimeoutMs: number;
  #writers: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Opens nothing: Sequelize does at the first use, and creates the file's folder then. */
  constructor({ storage, busyTimeoutMs }: SqliteOptions) {
    this.storage = storage;
    const { dialectModule, waitUpTo, closeAll } = sqliteDriver({ busyTimeoutMs });
    this.#closeAll = closeAll;
    this.#waitUpTo = waitUpTo;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule,
      storage,
      logging: false,
    });
    this.models = defineModels(this.sequelize);
  }

  async exists(): Promise<boolean> {
    return existsSync(this.storage);
  }

  async read<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
    return this.#explain(async () => {
      const manager = this.sequelize.connectionManager as unknown as ConnectionManager;
      return work((await manager.getConnection({})).handle);
    });
  }

  /** Writers of this process take turns, since one that waited for SQLite's lock would block the very thread that must release it. */
  async write<T>(work: (handle: Handle, transaction: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#writers.then(() => this.#explain(() => this.#transact(work)));
    this.#writers = turn.catch(() => {});
    return turn;
  }

  /** Empties the WAL into the file, too. */
  async close(): Promise<void> {
    this.#closed ??= this.#writers.then(() =>
      this.#explain(async () => {
        await this.sequelize.close();
        this.#closeAll();
      }),
    );
    return this.#closed;
  }

  async #transact<T>(work: (handle: Handle, transaction: Transaction) => Promise<T>): Promise<T> {
    // IMMEDIATE: the lock is waited for here, where nothing has been read yet that another process may change.
    const transaction = await this.sequelize
      .transaction({ type: Transaction.TYPES.IMMEDIATE })
      .catch((error: unknown) => {
        this.#waitUpTo(Math.min(waitInVainMs, this.#busyTimeoutMs));
        throw error;
      });
    this.#waitUpTo(this.#busyTimeoutMs);
    const { handle } = (transaction as unknown as { readonly connection: Connection }).connection;
    try {
      const result = await work(handle, transaction);
      // Through the handle: when a commit fails, Sequelize would keep the connection, and with it the lock.
      handle.execNow('COMMIT');
      return result;
    } finally {
      if (handle.isTransaction) handle.execNow('ROLLBACK');
      // Nothing is left to roll back: Sequelize only gives the connection back.
      await transaction.rollback();
    }
  }

  async #explain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explained(error, this.storage);
    }
  }
}

/** The part of Sequelize's connection manager that its types leave out. */
interface ConnectionManager {
  getConnection(options: object): Promise<Connection>;
}
