/** What a database binds; a `Uint8Array` is binary. */
export type Bound = string | number | bigint | null | Uint8Array;

/** An SQL condition with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly bound: readonly Bound[];
}

/** The condition that always holds. */
export const always: Condition = { sql: 'TRUE', bound: [] };

/** One connection to the staging database. `?` stands for a parameter. */
export interface Handle {
  /** Runs statements without parameters. */
  exec(sql: string): Promise<void>;
  run(sql: string, ...bound: Bound[]): Promise<{ readonly changes: number }>;
  /** All rows of a query. */
  select<T>(sql: string, ...bound: Bound[]): Promise<T[]>;
  /** The first row of a query. */
  first<T>(sql: string, ...bound: Bound[]): Promise<T | undefined>;
  /** All rows of a query, as arrays of their values: half as much work as objects. */
  arrays(sql: string, ...bound: Bound[]): Promise<Bound[][]>;
}

/** Quotes a name of SQL. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
