import type { DuckDBConnection } from '@duckdb/node-api';
import type { Name } from './ast.ts';
import { ByName, type Table } from './catalog.ts';
import { SqlError } from './sql-error.ts';

export type Parameter = string | number | boolean;

/** What a session starts with, as Snowflake's defaults are; the zone is not UTC on purpose. */
export const defaults: { readonly [name: string]: Parameter } = {
  AUTOCOMMIT: true,
  TIMEZONE: 'America/Los_Angeles',
  DATE_OUTPUT_FORMAT: 'YYYY-MM-DD',
  TIME_OUTPUT_FORMAT: 'HH24:MI:SS',
  TIMESTAMP_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM',
  TIMESTAMP_NTZ_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF3',
  TIMESTAMP_LTZ_OUTPUT_FORMAT: '',
  TIMESTAMP_TZ_OUTPUT_FORMAT: '',
  BINARY_OUTPUT_FORMAT: 'HEX',
  QUERY_TAG: '',
  STATEMENT_TIMEOUT_IN_SECONDS: 172_800,
  CLIENT_SESSION_KEEP_ALIVE: false,
  CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY: 3600,
  CLIENT_STAGE_ARRAY_BINDING_THRESHOLD: 1_000_000_000,
  CLIENT_TELEMETRY_ENABLED: false,
  JS_TREAT_INTEGER_AS_BIGINT: false,
};

/** One client's session; its statements run one after another on its own connection. */
export class Session {
  readonly id: number;
  readonly user: string;
  readonly connection: DuckDBConnection;
  role: string;
  warehouse: string | undefined;
  database: string | undefined;
  schema: string | undefined;
  readonly parameters = new Map<string, Parameter>(Object.entries(defaults));
  readonly temporary = new ByName<Table>();
  transaction: 'none' | 'open' | 'broken' = 'none';
  /** What becomes true when the open transaction commits. */
  readonly atCommit: (() => void)[] = [];
  isOpen = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(id: number, user: string, role: string, connection: DuckDBConnection) {
    this.id = id;
    this.user = user;
    this.role = role;
    this.connection = connection;
  }

  get timezone(): string {
    return String(this.parameters.get('TIMEZONE'));
  }

  /** After the statements before it, whatever became of them. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** The full name of a table or stage. */
  qualified(name: Name, doing: string): Name {
    const [only = ''] = name;
    if (name.length === 3) return name;
    if (this.database === undefined) throw nothingCurrent('090105', 'database', doing);
    if (name.length === 2) return [this.database, ...name];
    if (this.schema === undefined) throw nothingCurrent('090106', 'schema', doing);
    return [this.database, this.schema, only];
  }

  qualifiedSchema(name: Name, doing: string): Name {
    if (name.length === 2) return name;
    if (this.database === undefined) throw nothingCurrent('090105', 'database', doing);
    return [this.database, ...name];
  }
}

const nothingCurrent = (code: string, what: string, doing: string): SqlError =>
  new SqlError(
    code,
    '22000',
    `Cannot perform ${doing}. This session does not have a current ${what}. Call 'USE ${what.toUpperCase()}', or use a qualified name.`,
  );
