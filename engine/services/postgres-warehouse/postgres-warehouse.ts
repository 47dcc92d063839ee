import type pg from 'pg';
import { ExplainedError } from '../../model/errors.ts';
import type { Clock, Warehouse } from '../../model/ports.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';
import { type Connection, parseConnection } from '../postgres/connection-url.ts';
import { isPassing } from '../postgres/failures.ts';
import { outageAgainMaxMs, outageDelays, outageMaxMs } from '../postgres/outage.ts';
import type { UseScope, WarehouseSession } from '../warehouse/session.ts';
import { sqlWarehouse, type WarehouseConnector } from '../warehouse/sql-warehouse.ts';
import { connected, discard } from './connections.ts';
import { explained } from './failures.ts';
import { postgresSession } from './postgres-session.ts';

export interface PostgresWarehouseOptions {
  /** `postgres://…`. */
  readonly url: string;
  readonly statements: WarehouseStatements;
  readonly clock: Clock;
}

/** A database of a PostgreSQL server. Nothing is opened before the first call. @throws TerminalError when the URL cannot be used */
export const postgresWarehouse = (options: PostgresWarehouseOptions): Warehouse =>
  sqlWarehouse(new PostgresConnector(options), options.statements);

type Work<T> = (session: WarehouseSession) => Promise<T>;

/** The part of a client that its types leave out. */
type Backend = pg.Client & { readonly processID?: number | null };

/** Connections that wait for their next use; more of them are ended. */
const idleMax = 2;

/** Lends connections, and does again what a passing failure has taken back. */
export class PostgresConnector implements WarehouseConnector {
  readonly where: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #idle: pg.Client[] = [];
  /** Whether the server was reached: only then is it waited for. */
  #isReached = false;
  /** Whether it was waited for in vain. */
  #isGivenUp = false;

  constructor({ url, clock }: Pick<PostgresWarehouseOptions, 'url' | 'clock'>) {
    this.#connection = parseConnection(url, 'warehouse');
    const { host, port, database } = this.#connection;
    this.where = `the warehouse ${host}:${port}/${database}`;
    this.#clock = clock;
  }

  exists(): boolean {
    return true;
  }

  /**
   * All of `work` is done again on another connection where one was cut, or another transaction was in the way. Then a unit
   * finds itself in `_etl_loads` if its commit was done and only the answer was lost.
   */
  async using<T>(work: Work<T>, { signal }: UseScope = {}): Promise<T> {
    const delays = outageDelays(this.#isGivenUp ? outageAgainMaxMs : outageMaxMs);
    for (;;) {
      try {
        const result = await this.#once(work, signal);
        this.#isGivenUp = false;
        return result;
      } catch (error) {
        const { value: delayMs } = delays.next();
        this.#isGivenUp = delayMs === undefined;
        if (!this.#isReached || delayMs === undefined || !isPassing(said(error))) throw error;
        await this.#clock.sleep(delayMs, signal);
      }
    }
  }

  identifier(name: string): string {
    return `"${name.replaceAll('"', '""')}"`;
  }

  explained(error: unknown): unknown {
    return explained(error, this.where);
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((client) => client.end().catch(() => {})));
  }

  async #once<T>(work: Work<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    const client = this.#idle.pop() ?? (await this.#connect());
    this.#isReached = true;
    const cancel = (): void => void this.#cancel(client).catch(() => {});
    signal?.addEventListener('abort', cancel);
    try {
      const result = await work(postgresSession(client, signal));
      this.#giveBack(client);
      return result;
    } catch (error) {
      // It may be in the middle of something: nobody uses it again.
      discard(client);
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  #connect(): Promise<pg.Client> {
    return connected(this.#connection, this.where);
  }

  /** Ends the statement that runs on a connection; the server takes its transaction back. */
  async #cancel(client: Backend): Promise<void> {
    const other = await this.#connect();
    try {
      await other.query('SELECT pg_cancel_backend($1::integer)', [client.processID]);
    } finally {
      discard(other);
    }
  }

  #giveBack(client: pg.Client): void {
    if (this.#idle.length < idleMax) this.#idle.push(client);
    else discard(client);
  }
}

/** What the server said of it, before it got a name. */
const said = (error: unknown): unknown => (error instanceof ExplainedError ? error.cause : error);
