import pg from 'pg';
import { TerminalError } from '../../model/errors.ts';
import { parseConnection } from '../postgres/connection-url.ts';
import { type Explanation, type Explanations, explainedBy } from '../postgres/failures.ts';
import {
  jsonLine,
  jsonLocalTime,
  jsonNumber,
  jsonText,
  parameterMark,
  type TableAddress,
  type TableColumn,
  type TableDriver,
  type TableSession,
  withParameters,
} from './driver.ts';
import * as failures from './failures.ts';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const postgresTables: TableDriver = { quote, open, explained };

/** All values as the texts that the server sends. */
const types = { getTypeParser: () => (text: string) => text };

async function open({
  url,
  username,
  password,
  connectMs,
  statementMs,
}: TableAddress): Promise<TableSession> {
  const full = new URL(url);
  full.username = encodeURIComponent(username);
  full.password = encodeURIComponent(password);
  const { username: user, ...place } = parseConnection(full.href, 'source');
  const client = new pg.Client({
    ...place,
    user,
    types: types as unknown as pg.CustomTypesConfig,
    application_name: 'etl',
    keepAlive: true,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    // After this the server itself must have given up: the connection leads nowhere.
    query_timeout: statementMs + 10_000,
    idle_in_transaction_session_timeout: statementMs,
  });
  client.on('error', () => {});
  await client.connect();
  await client.query(
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET IntervalStyle = 'iso_8601'",
  );
  return new PostgresSession(client);
}

class PostgresSession implements TableSession {
  readonly #client: pg.Client;
  readonly #known = new Map<string, readonly TableColumn[]>();

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async columns(from: string): Promise<readonly TableColumn[]> {
    const known = this.#known.get(from);
    if (known !== undefined) return known;
    const { fields } = await this.#client.query(`SELECT * FROM ${from} LIMIT 0`);
    const oids = [...new Set(fields.map(({ dataTypeID }) => dataTypeID))];
    const { rows } = await this.#client.query<{ oid: string; category: string; name: string }>(
      'SELECT oid, typcategory AS category, format_type(oid, NULL) AS name FROM pg_type WHERE oid = ANY($1)',
      [oids],
    );
    const found = new Map(rows.map((row) => [Number(row.oid), row]));
    const columns = fields.map(({ name, dataTypeID }) => {
      const { category = 'U', name: type = 'text' } = found.get(dataTypeID) ?? {};
      return columnOf(name, type, category);
    });
    this.#known.set(from, columns);
    return columns;
  }

  async rows(sql: string, values: readonly string[]): Promise<readonly (readonly (string | null)[])[]> {
    let at = 0;
    const text = withParameters(sql, () => {
      at += 1;
      return `$${at}`;
    });
    const result = await this.#client.query<(string | null)[]>({
      text,
      values: [...values],
      rowMode: 'array',
    });
    return result.rows;
  }

  async begin(): Promise<void> {
    await this.#client.query('BEGIN TRANSACTION READ ONLY');
  }

  async end(): Promise<void> {
    await this.#client.query('COMMIT');
  }

  close(): void {
    void this.#client.end().catch(() => {});
  }
}

/** Types that without a length mean one of a single character or bit. */
const unbounded: ReadonlyMap<string, string> = new Map([
  ['character', 'bpchar'],
  ['bit', 'bit varying'],
]);

const numbers = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'oid']);

function columnOf(name: string, type: string, category: string): TableColumn {
  const select = quote(name);
  const plain = {
    name,
    select,
    parameter: `CAST(${parameterMark} AS ${unbounded.get(type) ?? type})`,
    json: jsonText,
  };
  if (numbers.has(type)) return { ...plain, json: jsonNumber };
  switch (type) {
    case 'boolean':
      return { ...plain, json: (text) => String(text === 't') };
    case 'json':
    case 'jsonb':
      return { ...plain, json: jsonLine };
    case 'timestamp with time zone':
      return { ...plain, json: (text) => jsonText(text.replace(' ', 'T').replace(/\+00$/, 'Z')) };
    case 'timestamp without time zone':
      return { ...plain, json: jsonLocalTime, isLocalTime: true };
    case 'date':
      return { ...plain, isLocalTime: true };
    case 'bytea':
      return { ...plain, json: (text) => jsonText(Buffer.from(text.slice(2), 'hex').toString('base64')) };
    default:
      // Arrays and rows.
      return category === 'A' || category === 'C'
        ? { ...plain, select: `CAST(to_json(${select}) AS text)`, json: jsonLine }
        : plain;
  }
}

const terminal = (says: failures.Says): Explanation => ({ transient: false, says });
const transient = (says: failures.Says): Explanation => ({ transient: true, says });

const explanations: Explanations = {
  unencrypted: terminal(failures.refused),
  unproven: terminal(failures.refused),
  refused: terminal(failures.refused),
  locked: transient(failures.unreachable),
  full: transient(failures.unreachable),
  damaged: terminal(failures.badStatement),
  unwritable: terminal(failures.noTable),
  disk: transient(failures.unreachable),
  conflict: transient(failures.unreachable),
  stopped: terminal(failures.tooSlow),
  crowded: transient(failures.unreachable),
  exhausted: transient(failures.unreachable),
  cut: transient(failures.unreachable),
};

function explained(error: unknown, where: string): unknown {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  if (/^(?:42P01|42703|3F000)$/.test(code)) return new TerminalError(failures.noTable(where, message), error);
  const found = explainedBy(explanations, error, where);
  // Whatever else has an SQLSTATE is about the statement.
  const isOther = found === error && /^[0-9A-Z]{5}$/.test(code);
  return isOther ? new TerminalError(failures.badStatement(where, message), error) : found;
}
