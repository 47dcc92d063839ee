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
export type Dialect = WarehousePlan['type'] | 'snowflake';

export type WarehousePlan = DuckdbPlan | PostgresWarehousePlan;

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
