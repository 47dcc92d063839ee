import { nextHeader, type TableAsk } from '../../model/ask.ts';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import type { HttpClient, HttpOptions } from '../../model/ports.ts';
import type { TableAddress, TableColumn, TableDriver, TableSession } from './driver.ts';
import { badAddress, noValue } from './failures.ts';
import { missingSql, nameOf, orderOf, pageStatement, sourceSql } from './statement.ts';

/** Connections that wait for the next page, of all addresses. */
const idleMax = 8;

/** Answers requests for pages of tables with NDJSON, each in a transaction that may only read. */
export class TableClient implements HttpClient {
  readonly #driver: TableDriver;
  readonly #idle: { readonly key: string; readonly session: TableSession }[] = [];

  constructor(driver: TableDriver) {
    this.#driver = driver;
  }

  async send(request: ApiRequest, options: HttpOptions, signal?: AbortSignal): Promise<ApiResponse> {
    const started = performance.now();
    const ask = JSON.parse(request.body ?? '{}') as TableAsk;
    const address = addressOf(request, options);
    const where = `${address.url.host}${address.url.pathname}`;
    try {
      const page = await this.#using(address, signal, (session) => this.#page(session, ask));
      const next = page.after === undefined ? {} : { [nextHeader]: JSON.stringify({ after: page.after }) };
      return {
        status: 200,
        headers: next,
        body: new Uint8Array(Buffer.from(page.lines.join(''))),
        elapsedMs: performance.now() - started,
      };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw this.#driver.explained(error, where);
    }
  }

  async close(): Promise<void> {
    for (const { session } of this.#idle.splice(0)) session.close();
  }

  async #using<T>(
    address: TableAddress,
    signal: AbortSignal | undefined,
    work: (session: TableSession) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([address.url.href, address.username, address.password]);
    const at = this.#idle.findIndex((one) => one.key === key);
    const session = this.#idle.splice(at, at < 0 ? 0 : 1)[0]?.session ?? (await this.#driver.open(address));
    const stop = (): void => session.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await session.begin();
      const result = await work(session);
      await session.end();
      if (this.#idle.length < idleMax) this.#idle.push({ key, session });
      else session.close();
      return result;
    } catch (error) {
      session.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async #page(session: TableSession, ask: TableAsk): Promise<TablePage> {
    const columns = await session.columns(sourceSql(ask, this.#driver));
    const order = orderOf(ask, columns);
    if (ask.after === undefined) {
      const missing = await session.rows(missingSql(ask, order, this.#driver), []);
      const names = order.map(({ name }) => name);
      if (missing.length > 0) throw noValue(nameOf(ask), names);
    }
    const { sql, values } = pageStatement(ask, columns, order, this.#driver);
    const rows = await session.rows(sql, values);
    const last = rows.length < ask.rows ? undefined : rows.at(-1);
    const after = last && order.map(({ name }) => last[columns.findIndex((one) => one.name === name)] ?? '');
    return { lines: rows.map((row) => lineOf(columns, row)), ...(after && { after }) };
  }
}

interface TablePage {
  readonly lines: readonly string[];
  readonly after?: readonly string[];
}

const lineOf = (columns: readonly TableColumn[], row: readonly (string | null)[]): string =>
  `{${columns.map(({ name, json }, at) => `${JSON.stringify(name)}:${jsonOf(row[at] ?? null, json)}`).join(',')}}\n`;

const jsonOf = (value: string | null, json: TableColumn['json']): string =>
  value === null ? 'null' : json(value);

function addressOf({ url: text, headers }: ApiRequest, { timeouts }: HttpOptions): TableAddress {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw badAddress('it holds who signs in, and is kept with each page');
  // Behind the database's name stands that of the table, or of the query.
  url.pathname = url.pathname.split('/').slice(0, -1).join('/');
  if (!/^\/[^/]+$/.test(url.pathname)) throw badAddress('it names no database');
  const [username = '', ...password] = signingIn(headers).split(':');
  return {
    url,
    username,
    password: password.join(':'),
    connectMs: timeouts.connectMs,
    statementMs: timeouts.totalMs,
  };
}

function signingIn(headers: ApiRequest['headers']): string {
  const [, encoded = ''] = /^Basic (.*)$/.exec(headers['authorization'] ?? '') ?? [];
  return Buffer.from(encoded, 'base64').toString();
}
