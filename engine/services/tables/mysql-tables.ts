import { readFileSync } from 'node:fs';
import mysql, { type Connection, type FieldPacket, type RowDataPacket } from 'mysql2/promise';
import { ExplainedError, TerminalError, TransientError } from '../../model/errors.ts';
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

const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

const { Types } = mysql;

export const mysqlTables: TableDriver = { quote, open, explained };

const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

async function open({
  url,
  username,
  password,
  connectMs,
  statementMs,
}: TableAddress): Promise<TableSession> {
  const ssl = tlsOf(url);
  const connection = await mysql.createConnection({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 3306),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: username,
    password,
    connectTimeout: connectMs,
    charset: 'utf8mb4',
    rowsAsArray: true,
    typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
    ...(ssl && { ssl }),
  });
  connection.on('error', () => {});
  await prepare(connection, statementMs);
  return new MysqlSession(connection, statementMs);
}

/** As for PostgreSQL: off this machine the server must prove who it is, unless the URL says otherwise. */
function tlsOf({ hostname, searchParams }: URL): object | undefined {
  const mode = searchParams.get('sslmode') ?? (loopback.test(hostname) ? 'disable' : 'verify-full');
  const root = searchParams.get('sslrootcert');
  if (mode === 'disable') return undefined;
  if (!['require', 'verify-ca', 'verify-full'].includes(mode))
    throw failures.badAddress('its sslmode is none of disable, require, verify-ca, verify-full');
  return {
    rejectUnauthorized: mode !== 'require',
    verifyIdentity: mode === 'verify-full',
    ...(root !== null && { ca: certificate(root) }),
  };
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw failures.badAddress(`its sslrootcert ${path} cannot be read`);
  }
}

/** Settings on which values and texts in statements depend, and the longest time of a statement. */
async function prepare(connection: Connection, statementMs: number): Promise<void> {
  await connection.query("SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES'");
  const [[row]] = await connection.query<RowDataPacket[][]>('SELECT version()');
  const isMariaDb = /mariadb/i.test(String(row?.[0] ?? ''));
  const limit = isMariaDb
    ? `max_statement_time = ${statementMs / 1000}`
    : `max_execution_time = ${statementMs}`;
  await connection.query(`SET SESSION ${limit}`);
}

class MysqlSession implements TableSession {
  readonly #connection: Connection;
  /** After this the server itself must have given up: the connection leads nowhere. */
  readonly #answerMs: number;
  readonly #known = new Map<string, readonly TableColumn[]>();

  constructor(connection: Connection, statementMs: number) {
    this.#connection = connection;
    this.#answerMs = statementMs + 10_000;
  }

  async columns(from: string): Promise<readonly TableColumn[]> {
    const known = this.#known.get(from);
    if (known !== undefined) return known;
    const [, fields] = await this.#connection.query(`SELECT * FROM ${from} LIMIT 0`);
    const columns = fields.map(columnOf);
    this.#known.set(from, columns);
    return columns;
  }

  async rows(sql: string, values: readonly string[]): Promise<readonly (readonly (string | null)[])[]> {
    let at = -1;
    const text = withParameters(sql, () => {
      at += 1;
      return this.#connection.escape(values[at]);
    });
    const [rows] = await this.#connection.query<RowDataPacket[][]>({ sql: text, timeout: this.#answerMs });
    return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
  }

  async begin(): Promise<void> {
    await this.#connection.query('START TRANSACTION READ ONLY');
  }

  async end(): Promise<void> {
    await this.#connection.query('COMMIT');
  }

  close(): void {
    this.#connection.destroy();
  }
}

const binaryCharset = 63;
const enumFlag = 256;
const setFlag = 2048;
const numbers = new Set<number | undefined>([
  Types.TINY,
  Types.SHORT,
  Types.LONG,
  Types.LONGLONG,
  Types.INT24,
  Types.YEAR,
  Types.DECIMAL,
  Types.NEWDECIMAL,
]);

/** Texts compared with numbers would be compared as doubles; so each parameter gets the type of its column. */
function columnOf({
  name,
  columnType,
  characterSet,
  flags,
}: FieldPacket & { characterSet?: number }): TableColumn {
  const select = quote(name);
  const plain = { name, select, parameter: parameterMark, json: jsonText };
  if (numbers.has(columnType))
    return { ...plain, parameter: `CAST(${parameterMark} AS DECIMAL(65, 30))`, json: jsonNumber };
  const instant = `CAST(REPLACE(${parameterMark}, 'Z', '') AS DATETIME(6))`;
  switch (columnType) {
    // As text a float has but six digits.
    case Types.FLOAT:
    case Types.DOUBLE:
      return {
        ...plain,
        select: `CAST(${select} AS DOUBLE)`,
        parameter: `(${parameterMark} + 0e0)`,
        json: jsonNumber,
      };
    case Types.TIMESTAMP:
      return { ...plain, parameter: instant, json: (text) => jsonText(`${text.replace(' ', 'T')}Z`) };
    case Types.DATETIME:
      return { ...plain, parameter: instant, json: jsonLocalTime, isLocalTime: true };
    case Types.JSON:
      return { ...plain, json: jsonLine };
    case Types.BIT:
      return {
        ...plain,
        select: `CAST(${select} + 0 AS CHAR)`,
        parameter: `CAST(${parameterMark} AS UNSIGNED)`,
        json: jsonNumber,
      };
    case Types.DATE:
    case Types.NEWDATE:
      return { ...plain, isLocalTime: true };
    default:
      // Ordered by their place in the list, and compared as texts.
      if ((Number(flags) & (enumFlag | setFlag)) !== 0) return { ...plain, order: `CAST(${select} AS CHAR)` };
      return characterSet === binaryCharset && isBytes(columnType)
        ? {
            ...plain,
            select: `REPLACE(TO_BASE64(${select}), '\\n', '')`,
            parameter: `FROM_BASE64(${parameterMark})`,
          }
        : plain;
  }
}

const bytes = new Set<number | undefined>([
  Types.BLOB,
  Types.TINY_BLOB,
  Types.MEDIUM_BLOB,
  Types.LONG_BLOB,
  Types.STRING,
  Types.VAR_STRING,
  Types.VARCHAR,
  Types.GEOMETRY,
]);

const isBytes = (type: number | undefined): boolean => bytes.has(type);

const kinds: readonly (readonly [RegExp, failures.Says])[] = [
  [
    /^ER_(?:ACCESS_DENIED\w*|DBACCESS_DENIED\w*|BAD_DB_ERROR|HOST_\w+|SECURE_TRANSPORT\w*)$|^HANDSHAKE_(?:SSL|NO_SSL)\w*$/,
    failures.refused,
  ],
  [/^(?:ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/, failures.refused],
  [
    /^ER_(?:NO_SUCH_TABLE|BAD_FIELD_ERROR|TABLEACCESS_DENIED\w*|COLUMNACCESS_DENIED\w*|WRONG_TABLE_NAME)$/,
    failures.noTable,
  ],
  [
    /^(?:ER_(?:STATEMENT_TIMEOUT|QUERY_TIMEOUT|QUERY_INTERRUPTED)|PROTOCOL_SEQUENCE_TIMEOUT)$/,
    failures.tooSlow,
  ],
  [
    /^(?:PROTOCOL_\w+|ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|ENOTFOUND|EAI_AGAIN|ER_(?:CON_COUNT_ERROR|SERVER_SHUTDOWN|CONNECTION_KILLED|LOCK_\w+|TOO_MANY_\w+))$/,
    failures.unreachable,
  ],
];

function explained(error: unknown, where: string): unknown {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  if (error instanceof ExplainedError || code === '')
    return isClosed(message) ? cut(where, message, error) : error;
  const kind = kinds.find(([pattern]) => pattern.test(code))?.[1];
  if (kind === failures.unreachable) return cut(where, message, error);
  if (kind !== undefined) return new TerminalError(kind(where, message), error);
  return /^ER_/.test(code) ? new TerminalError(failures.badStatement(where, message), error) : error;
}

const isClosed = (message: string): boolean => /closed state|Connection lost/.test(message);

const cut = (where: string, message: string, error: unknown): TransientError =>
  new TransientError(failures.unreachable(where, message), error);
