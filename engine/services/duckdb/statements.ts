import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';

export interface Rows {
  readonly rows: readonly Readonly<Record<string, DuckDBValue>>[];
  readonly changed: number;
}

/** Binds only the parameters that the statement names; DuckDB refuses others. */
export async function execute(
  connection: DuckDBConnection,
  sql: string,
  values: Readonly<Record<string, DuckDBValue>>,
): Promise<Rows> {
  const named = [...sql.matchAll(/\$(\w+)/g)].map(([, name]) => name as string);
  const bound = Object.fromEntries(Object.entries(values).filter(([name]) => named.includes(name)));
  const reader = await connection.runAndReadAll(sql, bound);
  return { rows: reader.getRowObjects(), changed: reader.rowsChanged };
}

/** A number of the first row. */
export const numberOf = ({ rows }: Rows, column: string): number => Number(rows[0]?.[column]);
