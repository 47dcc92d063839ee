import type { Client, QueryResult } from 'pg';
import { from } from 'pg-copy-streams';
import type { Bound, Handle } from '../handle.ts';
import { numbered } from './parameters.ts';
import { storable } from './texts.ts';

/** One connection to PostgreSQL. Statements that are asked for together run one after the other. */
export class PostgresHandle implements Handle {
  readonly #client: Client;
  #last: Promise<unknown> = Promise.resolve();
  #isLost = false;

  constructor(client: Client) {
    this.#client = client;
    const lose = (): void => {
      this.#isLost = true;
    };
    client.on('error', lose);
    client.on('end', lose);
  }

  /** Whether the connection was cut, or is in a state that nobody knows. */
  get isLost(): boolean {
    return this.#isLost;
  }

  async exec(sql: string): Promise<void> {
    await this.#inTurn(() => this.#client.query(sql));
  }

  async run(sql: string, ...bound: Bound[]): Promise<{ readonly changes: number }> {
    const { rowCount } = await this.#query(sql, bound);
    return { changes: rowCount ?? 0 };
  }

  async select<T>(sql: string, ...bound: Bound[]): Promise<T[]> {
    return (await this.#query(sql, bound)).rows as T[];
  }

  async first<T>(sql: string, ...bound: Bound[]): Promise<T | undefined> {
    return (await this.#query(sql, bound)).rows[0] as T | undefined;
  }

  async arrays(sql: string, ...bound: Bound[]): Promise<Bound[][]> {
    const values = bound.map(bindable);
    const text = numbered(sql);
    const { rows } = await this.#inTurn(() =>
      this.#client.query<Bound[]>({ text, values, rowMode: 'array' }),
    );
    return rows;
  }

  /** Feeds a `COPY … FROM STDIN`. */
  async copy(sql: string, bytes: Uint8Array): Promise<void> {
    await this.#inTurn(
      () =>
        new Promise<void>((resolve, reject) => {
          const stream = this.#client.query(from(sql));
          stream.on('error', reject);
          stream.once('finish', resolve);
          stream.end(bytes);
        }),
    );
  }

  #query(sql: string, bound: readonly Bound[]): Promise<QueryResult> {
    return this.#inTurn(() => this.#client.query(numbered(sql), bound.map(bindable)));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work).catch((error: unknown) => {
      // What the server still does then is unknown, and it answers nothing else before.
      if (error instanceof Error && error.message === 'Query read timeout') this.#isLost = true;
      throw error;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

const bindable = (value: Bound): unknown => (typeof value === 'string' ? storable(value) : value);
