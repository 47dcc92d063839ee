import type { Connection, FileAndStageBindStatement, RowStatement } from 'snowflake-sdk';
import type { Rows } from '../warehouse/session.ts';
import type { BoundStatement } from './bound-statement.ts';
import { loginFailure } from './failures.ts';
import { connectionOptions, type SnowflakeOptions } from './snowflake-options.ts';
import { snowflakeSdk } from './snowflake-sdk.ts';

/** Session parameters of a statement. */
export interface StatementParameters {
  readonly [name: string]: string | number;
}

/** What somebody has set for the user or account must not change what our statements mean. */
const sessionStart = `ALTER SESSION SET AUTOCOMMIT = TRUE, TIMEZONE = 'UTC', ABORT_DETACHED_QUERY = TRUE, TIMESTAMP_TZ_OUTPUT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM', TIMESTAMP_NTZ_OUTPUT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.FF6', TIME_OUTPUT_FORMAT = 'HH24:MI:SS.FF6', DATE_OUTPUT_FORMAT = 'YYYY-MM-DD', BINARY_OUTPUT_FORMAT = 'HEX', ERROR_ON_NONDETERMINISTIC_MERGE = TRUE`;

/** A session token lasts for an hour unless it is used, and a session for four. */
const heartbeatMs = 15 * 60 * 1000;
/** A server that does not answer is not waited for longer when a session is ended. */
const endWaitMaxMs = 5000;

/** One session. It is opened by `open` and ended by `end`. */
export class SnowflakeConnection {
  readonly #connection: Connection;
  readonly #heartbeat: NodeJS.Timeout;

  private constructor(connection: Connection) {
    this.#connection = connection;
    // The SDK's own timer keeps the process alive.
    this.#heartbeat = setInterval(() => void connection.isValidAsync().catch(() => {}), heartbeatMs).unref();
  }

  /** @throws ExplainedError when nobody is let in, or nobody answers */
  static async open({ login, statementTimeoutMs }: SnowflakeOptions): Promise<SnowflakeConnection> {
    const options = connectionOptions(login);
    const sdk = await snowflakeSdk();
    try {
      const connection = sdk.createConnection(options);
      await new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error ? reject(error) : resolve()));
      });
      const opened = new SnowflakeConnection(connection);
      await opened.#begin(statementTimeoutMs);
      return opened;
    } catch (error) {
      throw loginFailure(error);
    }
  }

  /** A session that cannot be set up is of no use, and ended. */
  async #begin(statementTimeoutMs: number): Promise<void> {
    const sql = `${sessionStart}, LOCK_TIMEOUT = ${Math.ceil(statementTimeoutMs / 1000)}`;
    try {
      await this.run({ sql, binds: [] }, {});
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Runs one statement. When `signal` is aborted it is cancelled at the server, and its end awaited. */
  async run(
    { sql, binds }: BoundStatement,
    parameters: StatementParameters,
    signal?: AbortSignal,
  ): Promise<Rows> {
    let cancel: (() => void) | undefined;
    try {
      const statement = await new Promise<RowStatement | FileAndStageBindStatement>((resolve, reject) => {
        const sent = this.#connection.execute({
          sqlText: sql,
          ...(binds.length > 0 && { binds: [...binds] }),
          parameters: { ...parameters },
          // Beyond 2^53 the SDK would round.
          fetchAsString: ['Number', 'Date'],
          // Otherwise the SDK asks again for the result of what has failed.
          streamResult: true,
          complete: (error, done) => (error ? reject(error) : resolve(done)),
        });
        cancel = () => sent.cancel(() => {});
        signal?.addEventListener('abort', cancel, { once: true });
      });
      return rowsOf(await collected(statement));
    } finally {
      if (cancel !== undefined) signal?.removeEventListener('abort', cancel);
    }
  }

  /** Ends the session at the server, which rolls back what is open and drops what is temporary. */
  async end(): Promise<void> {
    clearInterval(this.#heartbeat);
    let waiting: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      waiting = setTimeout(resolve, endWaitMaxMs);
      this.#connection.destroy(() => resolve());
    }).catch(() => {});
    clearTimeout(waiting);
  }
}

type Row = Readonly<Record<string, unknown>>;

async function collected(statement: RowStatement | FileAndStageBindStatement): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of statement.streamRows()) rows.push(row as Row);
  return rows;
}

const counted = /^number of rows (inserted|updated|deleted)$/;

/** Names in lower case; what DML answers is named `inserted`, `updated` and `deleted`. */
function rowsOf(rows: readonly Row[]): Rows {
  let changed = 0;
  const named = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const count = counted.exec(name)?.[1];
        if (count !== undefined) changed += Number(value);
        return [count ?? name.toLowerCase(), value];
      }),
    ),
  );
  return { rows: named, changed };
}
