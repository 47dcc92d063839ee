import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { complaint, TransientError } from '../../model/errors.ts';
import type { BoundValues, Rows, UseScope, WarehouseSession } from '../warehouse/session.ts';
import { messageOf } from '../warehouse/session.ts';
import { boundStatement } from './bound-statement.ts';
import { explained, isLostSession } from './failures.ts';
import { loadPieces } from './load-pieces.ts';
import type { SnowflakeConnection, StatementParameters } from './snowflake-connection.ts';
import type { SnowflakeOptions } from './snowflake-options.ts';
import { keepingUmask } from './umask.ts';

/** It is refused to whom may not make schemas, also where the schema is there. */
const newSchema = /^CREATE SCHEMA IF NOT EXISTS "([^"]+)"$/;
const schemaNamed = 'SELECT schema_name FROM INFORMATION_SCHEMA.SCHEMATA WHERE schema_name = ?';

/** A session for as long as it is lent. */
export class SnowflakeSession implements WarehouseSession {
  readonly #connection: SnowflakeConnection;
  readonly #options: SnowflakeOptions;
  readonly #parameters: StatementParameters;
  readonly #signal: AbortSignal | undefined;
  /** Where in the stage the load files of this use are. */
  #path: string | undefined;

  constructor(connection: SnowflakeConnection, options: SnowflakeOptions, scope: UseScope) {
    this.#connection = connection;
    this.#options = options;
    this.#parameters = {
      QUERY_TAG: queryTag(options, scope),
      STATEMENT_TIMEOUT_IN_SECONDS: Math.ceil(options.statementTimeoutMs / 1000),
    };
    this.#signal = scope.signal;
  }

  async execute(sql: string, values: BoundValues): Promise<Rows> {
    this.#signal?.throwIfAborted();
    const [, schema] = newSchema.exec(sql) ?? [];
    if (schema !== undefined && (await this.#hasSchema(schema))) return { rows: [], changed: 0 };
    const placed = sql.replaceAll('$path', this.#pathOf(values));
    return this.#connection.run(boundStatement(placed, values), this.#parameters, this.#signal);
  }

  async #hasSchema(name: string): Promise<boolean> {
    const { rows } = await this.#connection.run({ sql: schemaNamed, binds: [name] }, this.#parameters);
    return rows.length > 0;
  }

  /** `PUT` is done for each of the files that the load file is cut into; the rest is one statement. */
  async copy(sql: string, values: BoundValues, file: string): Promise<void> {
    if (!sql.startsWith('PUT')) {
      await this.execute(sql, values);
      return;
    }
    const folder = `${file}.parts`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await keepingUmask(() => this.#upload(sql, values, loadPieces(file, folder, this.#options.fileBytes)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  begin = (): Promise<void> => this.#plain('BEGIN');
  commit = (): Promise<void> => this.#plain('COMMIT');
  rollback = (): Promise<void> => this.#plain('ROLLBACK');

  /** The end of a transaction is never cancelled. */
  async #plain(sql: string): Promise<void> {
    await this.#connection.run({ sql, binds: [] }, this.#parameters);
  }

  async #upload(sql: string, values: BoundValues, pieces: AsyncIterable<string>): Promise<void> {
    const running = new Set<Promise<void>>();
    try {
      for await (const piece of pieces) {
        const one = this.#put(sql, values, piece).finally(() => running.delete(one));
        running.add(one);
        if (running.size >= this.#options.uploadsMax) await Promise.race(running);
      }
      await Promise.all(running);
    } finally {
      await Promise.allSettled(running);
    }
  }

  async #put(sql: string, values: BoundValues, piece: string): Promise<void> {
    const path = piece.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    try {
      const { rows } = await this.execute(
        sql.replaceAll('$file', () => path),
        values,
      );
      const status = String(rows[0]?.['status']);
      if (status !== 'UPLOADED') throw new Error(`${status} ${String(rows[0]?.['message'] ?? '')}`.trim());
      await rm(piece);
    } catch (error) {
      throw this.#signal?.aborted || isLostSession(error) || explained(error) !== error
        ? error
        : uploadFailure(error);
    }
  }

  #pathOf({ run, unit }: BoundValues): string {
    this.#path ??= [this.#options.environment, run ?? 'audit', unit ?? randomUUID()]
      .map((part) => String(part).replace(/[^A-Za-z0-9._-]|--/g, '_'))
      .join('/');
    return this.#path;
  }
}

const queryTag = ({ project, environment }: SnowflakeOptions, { run, mapping }: UseScope): string =>
  JSON.stringify({ project, environment, ...(run && { run }), ...(mapping && { mapping }) });

const uploadFailure = (error: unknown): TransientError =>
  new TransientError(
    complaint(
      'ETL0741',
      `a load file could not be uploaded to Snowflake’s stage: ${messageOf(error)}`,
      'Nothing was loaded. Check that this machine reaches the storage of the account: SELECT SYSTEM$ALLOWLIST() lists its hosts.',
      'The rows stay staged, and the next run uploads them again.',
    ),
    error,
  );
