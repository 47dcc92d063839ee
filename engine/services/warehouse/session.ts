/** A value bound to a `$name` of a statement; several are for statements that take lists. */
export type BoundValue = string | number | bigint | boolean | null | readonly (string | null)[];

export interface BoundValues {
  readonly [name: string]: BoundValue;
}

export interface Rows {
  /** Names of columns in lower case. Numbers of any size may come as texts or bigints. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly changed: number;
}

/** What a session is lent for. */
export interface UseScope {
  readonly run?: string;
  readonly mapping?: string;
  /** Where the warehouse can, aborting it ends the statement that is running. */
  readonly signal?: AbortSignal;
}

/** One connection to a warehouse, with what it has open: temporary tables, a transaction. */
export interface WarehouseSession {
  /** Runs one statement; only the values that it names are bound. */
  execute(sql: string, values: BoundValues): Promise<Rows>;
  /** Brings a load file to the table that `sql` names, or makes it readable there; runs before the transaction. */
  copy(sql: string, values: BoundValues, file: string): Promise<void>;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** A number of the first row. */
export const numberOf = ({ rows }: Rows, column: string): number => Number(rows[0]?.[column]);

/** The first line of what a database says. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
