import type { Sequelize, Transaction } from 'sequelize';
import type { Dialect } from './dialect.ts';
import type { Handle } from './handle.ts';
import type { Models } from './models.ts';

/** A staging database as Sequelize has it: one connection for reading, another for each transaction. */
export interface Database {
  /** Names it in messages; holds no secret. */
  readonly storage: string;
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly dialect: Dialect;
  /** Whether there is something already. Makes nothing. */
  exists(): Promise<boolean>;
  /** Reads through Sequelize, or through the raw connection. May call `work` again when the connection was cut. */
  read<T>(work: (handle: Handle) => Promise<T>): Promise<T>;
  /**
   * Does the work in one transaction: all of it is kept, or none. One transaction at a time writes, among all processes
   * that share the database. May call `work` again when the connection was cut and nothing of it was kept.
   */
  write<T>(work: (handle: Handle, transaction: Transaction) => Promise<T>): Promise<T>;
  /** Waits for writers and closes every connection. */
  close(): Promise<void>;
}

/** A database that somebody else closes. */
export const lent = (database: Database): Database => ({
  storage: database.storage,
  sequelize: database.sequelize,
  models: database.models,
  dialect: database.dialect,
  exists: () => database.exists(),
  read: (work) => database.read(work),
  write: (work) => database.write(work),
  close: async () => {},
});
