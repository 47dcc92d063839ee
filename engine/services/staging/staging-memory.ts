import type { Clock, Memory } from '../../model/ports.ts';
import type { Database } from './database.ts';
import { foreignEnvironment } from './failures.ts';
import type { Handle } from './handle.ts';
import { otherEnvironment } from './mapping-register.ts';

interface MemoryOptions {
  readonly environment: string;
  readonly clock: Clock;
  /** Brings the schema up to date; done before the first use, since a memory may be needed before a run begins. */
  migrate(): Promise<void>;
}

/** Small texts of one environment in its staging database. Processes on one file see each other's at once. */
export class StagingMemory implements Memory {
  readonly #database: Database;
  readonly #options: MemoryOptions;
  #migrated: Promise<void> | undefined;

  constructor(database: Database, options: MemoryOptions) {
    this.#database = database;
    this.#options = options;
  }

  async recall(name: string): Promise<string | undefined> {
    await this.#ready();
    const sql = 'SELECT text FROM memory WHERE environment = ? AND name = ?';
    const found = await this.#database.read((handle) =>
      handle.first<{ text: string }>(sql, this.#options.environment, name),
    );
    return found?.text;
  }

  async remember(name: string, text: string): Promise<void> {
    const sql =
      'INSERT INTO memory (environment, name, text, updated_at) VALUES (?, ?, ?, ?) ' +
      'ON CONFLICT (environment, name) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at';
    await this.#write((handle) => handle.run(sql, this.#options.environment, name, text, this.#now()));
  }

  async swap(name: string, before: string | undefined, text: string): Promise<boolean> {
    const { environment } = this.#options;
    const insert =
      'INSERT INTO memory (environment, name, text, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
    const update =
      'UPDATE memory SET text = ?, updated_at = ? WHERE environment = ? AND name = ? AND text = ?';
    const { changes } = await this.#write((handle) =>
      before === undefined
        ? handle.run(insert, environment, name, text, this.#now())
        : handle.run(update, text, this.#now(), environment, name, before),
    );
    return changes === 1;
  }

  async forget(name: string): Promise<void> {
    const sql = 'DELETE FROM memory WHERE environment = ? AND name = ?';
    await this.#write((handle) => handle.run(sql, this.#options.environment, name));
  }

  /** Writes what not even a power failure may take back. */
  async #write<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
    await this.#ready();
    const { environment } = this.#options;
    const result = await this.#database.write(async (handle) => {
      // Within the transaction: of two environments that begin at once, only one comes to own the database.
      const theirs = await otherEnvironment(handle, environment);
      if (theirs !== undefined) throw foreignEnvironment(this.#database, theirs, environment);
      return work(handle);
    });
    await this.#database.read((handle) => this.#database.dialect.settle(handle));
    return result;
  }

  #ready(): Promise<void> {
    this.#migrated ??= this.#options.migrate().catch((error: unknown) => {
      this.#migrated = undefined;
      throw error;
    });
    return this.#migrated;
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}
