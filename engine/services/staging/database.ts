import { Sequelize, Transaction } from 'sequelize';
import { type Connection, sqliteDriver } from './driver.ts';
import { explained, unscrubbed } from './failures.ts';
import type { Handle } from './handle.ts';
import { defineModels, type Models } from './models.ts';

export interface DatabaseOptions {
  /** Absolute path of the file, or `:memory:`. */
  readonly storage: string;
  readonly busyTimeoutMs: number;
}

/** The SQLite database as Sequelize has it: one connection for reading, another for each transaction. */
export class Database {
  readonly storage: string;
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly #closeAll: () => void;
  #writers: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Opens nothing: Sequelize does at the first use, and creates the file's folder then. */
  constructor({ storage, busyTimeoutMs }: DatabaseOptions) {
    this.storage = storage;
    const { dialectModule, closeAll } = sqliteDriver({ busyTimeoutMs });
    this.#closeAll = closeAll;
    this.sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule,
      storage,
      logging: false,
    });
    this.models = defineModels(this.sequelize);
  }

  /** Reads through Sequelize, or through the raw connection. */
  async read<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
    return this.#explain(async () => {
      const manager = this.sequelize.connectionManager as unknown as ConnectionManager;
      return work((await manager.getConnection({})).handle);
    });
  }

  /**
   * Does the work in one transaction: all of it is kept, or none. Writers of this process take turns, since one that
   * waited for SQLite's lock would block the very thread that must release it.
   */
  async write<T>(work: (handle: Handle, transaction: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#writers.then(() => this.#explain(() => this.#transact(work)));
    this.#writers = turn.catch(() => {});
    return turn;
  }

  /**
   * Writes the file anew and empties the WAL: what was deleted leaves no bytes in either.
   * @throws TransientError while another process reads.
   */
  async scrub(): Promise<void> {
    await this.#writers;
    await this.read(async (handle) => {
      await handle.exec('VACUUM');
      const emptied = await handle.first<{ busy: number }>('PRAGMA wal_checkpoint(TRUNCATE)');
      if (emptied?.busy !== 0) throw unscrubbed(this.storage);
    });
  }

  /** Waits for writers, empties the WAL into the file and closes every connection. */
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
    const transaction = await this.sequelize.transaction({ type: Transaction.TYPES.IMMEDIATE });
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
