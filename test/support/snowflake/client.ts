import type { Connection, ConnectionOptions, SnowflakeError } from 'snowflake-sdk';
import { preset, type SnowflakeStandIn } from './stand-in.ts';

/** What the client would otherwise send to the network while it is loaded. */
process.env['SNOWFLAKE_DISABLE_PLATFORM_DETECTION'] = 'true';
process.env['SNOWFLAKE_DISABLE_MINICORE'] = 'true';
process.env['SF_TELEMETRY_DISABLE_CONNECTION_SHAPE'] = 'true';

export type Rows = readonly { readonly [column: string]: unknown }[];
type Value = string | number | boolean | null;

export interface AskOptions {
  readonly binds?: readonly Value[] | readonly (readonly Value[])[];
  readonly parameters?: { readonly [name: string]: string | number };
}

/** The real client, in a session of the stand-in. */
export interface Client {
  readonly connection: Connection;
  /** The rows of a statement; its promise is rejected as the client reports errors. */
  ask(sql: string, options?: AskOptions): Promise<Rows>;
  /** Statements one after another. */
  all(...statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export async function client(
  standIn: SnowflakeStandIn,
  options: Partial<ConnectionOptions> = {},
): Promise<Client> {
  const { default: snowflake } = await import('snowflake-sdk');
  snowflake.configure({ logLevel: 'OFF', disableOCSPChecks: true, useEnvProxy: false });
  const connection = snowflake.createConnection({
    ...preset,
    accessUrl: standIn.url,
    representNullAsStringNull: false,
    fetchAsString: ['Number'],
    sfRetryMaxLoginRetries: 0,
    ...options,
  });
  // connectAsync() resolves though the login is refused.
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  const ask = (sql: string, more: AskOptions = {}): Promise<Rows> => asked(connection, sql, more);
  return {
    connection,
    ask,
    all: async (...statements) => {
      for (const statement of statements) await ask(statement);
    },
    close: () => new Promise((resolve) => connection.destroy(() => resolve())),
  };
}

function asked(connection: Connection, sqlText: string, { binds, parameters }: AskOptions): Promise<Rows> {
  const mask = process.umask();
  return new Promise((resolve, reject) => {
    connection.execute({
      sqlText,
      ...(binds && { binds: binds as Value[] }),
      ...(parameters && { parameters }),
      complete: (error: SnowflakeError | undefined, _, rows) => {
        // An upload to a folder leaves the whole process without a umask.
        process.umask(mask);
        if (error) reject(error);
        else resolve((rows ?? []) as Rows);
      },
    });
  });
}

/** The code and the SQL state that a promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    const { code, sqlState } = error as { code?: unknown; sqlState?: unknown };
    return sqlState === undefined ? `${code}` : `${code} ${sqlState}`;
  }
  return 'none';
}
