import { randomUUID } from 'node:crypto';
import { type Sequelize, Transaction } from 'sequelize';
import { assert } from '../../../model/errors.ts';
import type { Clock } from '../../../model/ports.ts';
import { parseConnection } from '../../postgres/connection-url.ts';
import { isPassing } from '../../postgres/failures.ts';
import { outageAgainMaxMs, outageDelays, outageMaxMs } from '../../postgres/outage.ts';
import type { Database } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import { type Handle, quote } from '../handle.ts';
import { defineModels, type Models } from '../models.ts';
import type { StagingClient } from './client.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { explained, unsuitable } from './postgres-failures.ts';
import type { PostgresHandle } from './postgres-handle.ts';
import { sequelizeOn } from './sequelize-on.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly schema: string;
  readonly clock: Clock;
  /** How long to wait for another process that writes. */
  readonly lockTimeoutMs: number;
}

/** A commit of which nobody knows whether it was done: the connection was cut before the answer. */
interface Doubt<T> {
  readonly commit: number;
  readonly result: T;
}

/** A schema of a PostgreSQL database. */
export class PostgresDatabase implements Database {
  readonly dialect: Dialect = postgresDialect;
  readonly storage: string;
  readonly sequelize: Sequelize;
  readonly models: Models;
  readonly #schema: string;
  readonly #clock: Clock;
  /** Names this process in the table `writers`, where its last commit is numbered. */
  readonly #writer = randomUUID();
  #commits = 0;
  #reader: Promise<StagingClient> | undefined;
  #established: Promise<void> | undefined;
  /** Whether the server was reached: only then is it waited for. */
  #isReached = false;
  /** Whether it was waited for in vain: the server, and its turn to write. */
  #isGivenUp = false;
  #isTurnGivenUp = false;
  #writers: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Opens nothing: the first use does. @throws TerminalError when the URL cannot be used. */
  constructor({ url, schema, clock, lockTimeoutMs }: PostgresOptions) {
    const connection = parseConnection(url, 'staging');
    this.storage = `${connection.host}:${connection.port}/${connection.database} (schema ${schema})`;
    this.#schema = schema;
    this.#clock = clock;
    this.sequelize = sequelizeOn(connection, schema, lockTimeoutMs);
    this.models = defineModels(this.sequelize);
  }

  async exists(): Promise<boolean> {
    const sql = 'SELECT to_regclass(?) IS NOT NULL AS found';
    const table = `${quote(this.#schema)}.migrations`;
    return (await this.read((handle) => handle.first<{ found: boolean }>(sql, table)))?.found ?? false;
  }

  async read<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
    return this.#persistently(async () => work((await this.#reading()).handle));
  }

  async write<T>(work: (handle: Handle, transaction: Transaction) => Promise<T>): Promise<T> {
    let doubt: Doubt<T> | undefined;
    const attempt = async (): Promise<T> => {
      await this.#establish();
      return this.#transact(async (handle, transaction) => {
        if (doubt !== undefined && (await this.#wasDone(handle, doubt))) return doubt.result;
        this.#commits += 1;
        const result = await work(handle, transaction);
        doubt = { commit: this.#commits, result };
        return result;
      });
    };
    const turn = this.#writers.then(() => this.#persistently(attempt));
    this.#writers = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    this.#closed ??= this.#writers.then(async () => {
      const reader = await this.#reader?.catch(() => undefined);
      if (reader !== undefined) this.#manager.releaseConnection(reader);
      await this.sequelize.close();
    });
    return this.#closed;
  }

  get #manager(): ConnectionManager {
    return this.sequelize.connectionManager as unknown as ConnectionManager;
  }

  /** Does it again on another connection when one was cut, until the outage has lasted too long. */
  async #persistently<T>(attempt: () => Promise<T>): Promise<T> {
    const delays = outageDelays(this.#isGivenUp ? outageAgainMaxMs : outageMaxMs);
    for (;;) {
      try {
        const result = await attempt();
        this.#isReached = true;
        this.#isGivenUp = false;
        return result;
      } catch (error) {
        const { value: delayMs } = delays.next();
        this.#isGivenUp = delayMs === undefined;
        if (!this.#isReached || delayMs === undefined || !isPassing(error))
          throw explained(error, this.storage);
        await this.#clock.sleep(delayMs);
      }
    }
  }

  async #reading(): Promise<StagingClient> {
    const known = await this.#reader;
    if (known !== undefined && !known.handle.isLost) return known;
    if (known !== undefined) await this.#discard(known);
    this.#reader = this.#manager.getConnection({});
    this.#reader.catch(() => {
      this.#reader = undefined;
    });
    return this.#reader;
  }

  async #transact<T>(work: (handle: PostgresHandle, transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#manager.getConnection({});
    const { handle } = client;
    let isDone = false;
    try {
      await this.#begin(handle);
      const transaction = Object.assign(new Transaction(this.sequelize, {}), { connection: client });
      const result = await work(handle, transaction);
      await handle.exec(this.#commit());
      isDone = true;
      return result;
    } finally {
      await this.#giveBack(client, isDone);
    }
  }

  async #begin(handle: PostgresHandle): Promise<void> {
    const haste = this.#isTurnGivenUp ? `SET LOCAL lock_timeout = ${outageAgainMaxMs}; ` : '';
    try {
      await handle.exec(`BEGIN; ${haste}${this.#takeTurn()}`);
      this.#isTurnGivenUp = false;
    } catch (error) {
      this.#isTurnGivenUp = !isPassing(error);
      throw error;
    }
  }

  /** Processes write in turns, as they do on SQLite: what one has read in its transaction stays true until its end. */
  #takeTurn(): string {
    const key = this.sequelize.escape(`staging ${this.#schema}`);
    return `SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
  }

  #commit(): string {
    return (
      `INSERT INTO writers (id, commits) VALUES ('${this.#writer}', ${this.#commits}) ` +
      'ON CONFLICT (id) DO UPDATE SET commits = excluded.commits, written_at = now(); COMMIT'
    );
  }

  async #wasDone<T>(handle: Handle, { commit }: Doubt<T>): Promise<boolean> {
    const sql = 'SELECT commits FROM writers WHERE id = ?';
    return (await handle.first<{ commits: number }>(sql, this.#writer))?.commits === commit;
  }

  async #giveBack(client: StagingClient, isDone: boolean): Promise<void> {
    try {
      if (!isDone && !client.handle.isLost) await client.handle.exec('ROLLBACK');
    } catch {
      return this.#discard(client);
    }
    if (client.handle.isLost) return this.#discard(client);
    this.#manager.releaseConnection(client);
  }

  async #discard(client: StagingClient): Promise<void> {
    // What ends a connection that is broken already may fail, or wait for an answer: nobody needs it.
    void this.#manager.destroyConnection(client).catch(() => {});
  }

  /** Makes the schema, and the table by which a doubtful commit is found out. */
  #establish(): Promise<void> {
    this.#established ??= this.#makeSchema().catch((error: unknown) => {
      this.#established = undefined;
      throw error;
    });
    return this.#established;
  }

  async #makeSchema(): Promise<void> {
    const client = await this.#manager.getConnection({});
    const { handle } = client;
    let isDone = false;
    try {
      const found = await handle.first<{ encoding: string; version: number; known: boolean }>(
        "SELECT current_setting('server_encoding') AS encoding, " +
          "CAST(current_setting('server_version_num') AS integer) AS version, " +
          'EXISTS (SELECT FROM pg_namespace WHERE nspname = ?) AS known',
        this.#schema,
      );
      assert(found, 'the server says what it is');
      if (found.encoding !== 'UTF8') throw unsuitable(this.storage, `its encoding is ${found.encoding}`);
      if (found.version < 130_000) throw unsuitable(this.storage, 'it is older than version 13');
      await handle.exec(`BEGIN; ${this.#takeTurn()}`);
      if (!found.known) await handle.exec(`CREATE SCHEMA IF NOT EXISTS ${quote(this.#schema)}`);
      await handle.exec(writersTable);
      await handle.exec('COMMIT');
      isDone = true;
    } finally {
      await this.#giveBack(client, isDone);
    }
  }
}

const writersTable = `
  CREATE TABLE IF NOT EXISTS writers (
    id text PRIMARY KEY,
    commits bigint NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now());
  DELETE FROM writers WHERE written_at < now() - interval '7 days'`;

/** The part of Sequelize's connection manager that its types leave out. */
interface ConnectionManager {
  getConnection(options: object): Promise<StagingClient>;
  releaseConnection(client: StagingClient): void;
  destroyConnection(client: StagingClient): Promise<void>;
}
