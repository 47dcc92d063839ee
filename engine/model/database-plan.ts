export type StagingPlan = (SqlitePlan | PostgresPlan) & {
  /** Present where pages are staged without their rows. */
  readonly rows?: false;
  /** Which responses are kept: see `Retention`. */
  readonly keep: { readonly ageMs: number; readonly bytesMax?: number };
};

export interface SqlitePlan {
  readonly dialect: 'sqlite';
  /** Relative to the project folder. */
  readonly storage: string;
}

export interface PostgresPlan {
  readonly dialect: 'postgres';
  /** A reference, since it may hold a password. */
  readonly url: string;
  readonly schema: string;
}

/** Whose SQL a warehouse speaks. */
export type Dialect = WarehousePlan['type'];

export type WarehousePlan = DuckdbPlan | PostgresWarehousePlan | SnowflakePlan;

export interface DuckdbPlan {
  readonly type: 'duckdb';
  /** Relative to the project folder. */
  readonly path: string;
  readonly memoryBytes: number;
}

export interface PostgresWarehousePlan {
  readonly type: 'postgres';
  /** A reference, since it may hold a password. */
  readonly url: string;
  /** Of our own tables, and of those whose mapping names none. */
  readonly schema: string;
}

/** Credentials stay in the project. */
export interface SnowflakePlan {
  readonly type: 'snowflake';
  /** These may be references. */
  readonly account: string;
  readonly user: string;
  readonly host?: string;
  readonly role?: string;
  readonly warehouse?: string;
  readonly database: string;
  /** Of our own tables, and of those whose mapping names none. */
  readonly schema: string;
  readonly authenticator: SnowflakeAuthenticator;
  readonly statementTimeoutMs: number;
  /** About how large the compressed files are that a load is cut into. */
  readonly fileBytes: number;
  readonly uploadsMax: number;
}

export type SnowflakeAuthenticator = 'key_pair' | 'password' | 'oauth' | 'pat';

export interface RedisPlan {
  /** A reference, since it may hold a password. */
  readonly url: string;
  readonly prefix: string;
}
