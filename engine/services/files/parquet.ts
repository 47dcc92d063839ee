import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';
import { badParquet } from './failures.ts';
import { jsonOf, text } from './parquet-json.ts';

/** Rows of a Parquet file as NDJSON. */
export interface ParquetPage {
  readonly body: Buffer;
  readonly rows: number;
  /** Whether the file ends with them. */
  readonly isLast: boolean;
}

interface Bounds {
  readonly rowsMax: number;
  /** A page ends with the row that goes beyond. */
  readonly bytesMax: number;
}

/** Rows of a Parquet file from `offset` on. DuckDB reads the row groups that hold them, a few thousand rows at a time. */
export async function parquetRows(
  path: string,
  file: string,
  offset: number,
  { rowsMax, bytesMax }: Bounds,
): Promise<ParquetPage> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await instance.connect();
  try {
    const all = await rowCount(connection, path);
    const rows = await connection.stream(
      `SELECT ${await recordOf(connection, path)} FROM read_parquet($path, file_row_number = true) ` +
        'WHERE file_row_number >= $first AND file_row_number < $end',
      { path, first: BigInt(offset), end: BigInt(offset + rowsMax) },
    );
    const lines = await linesOf(rows, bytesMax);
    return { body: Buffer.from(lines.join('')), rows: lines.length, isLast: offset + lines.length >= all };
  } catch (error) {
    throw badParquet(file, error instanceof Error ? error.message : String(error));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function rowCount(connection: DuckDBConnection, path: string): Promise<number> {
  const reader = await connection.runAndReadAll('SELECT num_rows FROM parquet_file_metadata($path)', {
    path,
  });
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

/** A row as the text of a JSON object: texts put together, since what `json_object` takes in loses digits. */
async function recordOf(connection: DuckDBConnection, path: string): Promise<string> {
  const columns = await connection.runAndReadAll('SELECT * FROM read_parquet($path) LIMIT 0', { path });
  const fields = columns
    .columnNames()
    .map(
      (name, at) =>
        `${text(`${JSON.stringify(name)}:`)} || ${jsonOf(identifier(name), columns.columnType(at))}`,
    );
  return `'{' || ${fields.join(" || ',' || ")} || '}'`;
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Up to the row with which they are as long as a page may be. */
async function linesOf(rows: DuckDBResult, bytesMax: number): Promise<readonly string[]> {
  const lines: string[] = [];
  let bytes = 0;
  for (
    let chunk = await rows.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await rows.fetchChunk()
  )
    for (const json of chunk.getColumnValues(0)) {
      lines.push(`${json}\n`);
      bytes += Buffer.byteLength(String(json)) + 1;
      if (bytes >= bytesMax) return lines;
    }
  return lines;
}
