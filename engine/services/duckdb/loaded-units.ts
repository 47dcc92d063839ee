import type { DuckDBConnection } from '@duckdb/node-api';
import type { WarehouseUnit } from '../../model/state-port.ts';

const isThere =
  "SELECT 1 FROM information_schema.tables WHERE table_schema = 'main' AND table_name = '_etl_loads'";

/** The time as ISO 8601 in UTC, which is the connection's zone. */
const columns = "* EXCLUDE (loaded_at), strftime(loaded_at, '%Y-%m-%dT%H:%M:%S.%gZ') AS loaded_at";

/** Units of an environment in `_etl_loads` that end behind a page, the last ones first. */
export async function unitsOf(
  connection: DuckDBConnection,
  environment: string,
  after: number,
  limit: number,
): Promise<readonly WarehouseUnit[]> {
  if ((await connection.runAndReadAll(isThere)).getRows().length === 0) return [];
  const reader = await connection.runAndReadAll(
    `SELECT ${columns} FROM main._etl_loads WHERE starts_with(unit, $prefix) AND last_page > $after ` +
      'ORDER BY last_page DESC, unit LIMIT $limit',
    { prefix: `${environment}.`, after: BigInt(after), limit: BigInt(limit) },
  );
  return reader.getRowObjects().map((row) => ({
    id: String(row['unit']),
    mapping: String(row['mapping']),
    run: String(row['run']),
    firstPage: Number(row['first_page']),
    lastPage: Number(row['last_page']),
    counts: {
      staged: Number(row['staged']),
      inserted: Number(row['inserted']),
      updated: Number(row['updated']),
      unchanged: Number(row['unchanged']),
      superseded: Number(row['superseded']),
    },
    loadedAt: String(row['loaded_at']),
  }));
}
