import { DuckDBInstance } from '@duckdb/node-api';
import { badParquet } from './failures.ts';

/** Rows of a Parquet file as NDJSON, and whether more follow. */
export interface ParquetPage {
  readonly body: Buffer;
  readonly rows: number;
}

/**
 * Rows of a Parquet file from `offset` on. Integers and decimals keep their digits; instants are ISO in UTC, bytes Base64, what
 * nests is JSON; a double that is no number is its name.
 */
export async function parquetRows(
  path: string,
  file: string,
  offset: number,
  rowsMax: number,
): Promise<ParquetPage> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await instance.connect();
  try {
    const values = { path, first: BigInt(offset), end: BigInt(offset + rowsMax) };
    const columns = await connection.runAndReadAll('DESCRIBE SELECT * FROM read_parquet($path)', { path });
    const fields = columns.getRows().map(([name, type]) => field(String(name), String(type)));
    const reader = await connection.runAndReadAll(
      `SELECT '{' || ${fields.join(" || ',' || ")} || '}' FROM read_parquet($path, file_row_number = true) ` +
        'WHERE file_row_number >= $first AND file_row_number < $end ORDER BY file_row_number',
      values,
    );
    const lines = reader.getRows().map(([json]) => `${json}\n`);
    return { body: Buffer.from(lines.join('')), rows: lines.length };
  } catch (error) {
    throw badParquet(file, error instanceof Error ? error.message : String(error));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Texts put together: what `json_object` takes in loses the digits that a double does not have. */
const field = (name: string, type: string): string =>
  `${text(`${JSON.stringify(name)}:`)} || coalesce(CAST(to_json(${expression(identifier(name), type)}) AS VARCHAR), 'null')`;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function expression(column: string, type: string): string {
  switch (type) {
    case 'BLOB':
      return `base64(${column})`;
    case 'DOUBLE':
    case 'FLOAT':
      return `CASE WHEN isfinite(${column}) THEN to_json(${column}) ELSE to_json(CAST(${column} AS VARCHAR)) END`;
    case 'TIMESTAMP WITH TIME ZONE':
      return `replace(CAST(make_timestamp(epoch_us(${column})) AS VARCHAR), ' ', 'T') || 'Z'`;
    case 'TIMESTAMP':
    case 'TIMESTAMP_NS':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_S':
      return `replace(CAST(${column} AS VARCHAR), ' ', 'T')`;
    default:
      return column;
  }
}
