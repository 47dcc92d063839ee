import { type DuckDBConnection, type DuckDBValue, LIST, listValue, VARCHAR } from '@duckdb/node-api';
import type { BoundValue, BoundValues, Rows, WarehouseSession } from '../warehouse/session.ts';
import { jsonFunction, jsonFunctionName } from './json-function.ts';

/** The load file is read where it lies, by a view: see `copy.sql.hbs`. */
export function duckdbSession(connection: DuckDBConnection): WarehouseSession {
  let hasJson = false;
  const execute = (sql: string, values: BoundValues): Promise<Rows> => {
    // DuckDB calls back into this process for it: only who compares JSON has it.
    if (!hasJson && sql.includes(`${jsonFunctionName}(`)) {
      connection.registerScalarFunction(jsonFunction());
      hasJson = true;
    }
    return run(connection, sql, values);
  };
  const plain = async (sql: string): Promise<void> => void (await connection.run(sql));
  return {
    execute,
    copy: async (sql, values) => void (await execute(sql, values)),
    begin: () => plain('BEGIN'),
    commit: () => plain('COMMIT'),
    rollback: () => plain('ROLLBACK'),
  };
}

/** Binds only the parameters that the statement names; DuckDB refuses others. */
async function run(connection: DuckDBConnection, sql: string, values: BoundValues): Promise<Rows> {
  const names = new Set([...sql.matchAll(/\$(\w+)/g)].map(([, name]) => name as string));
  const named = Object.entries(values).filter(([name]) => names.has(name));
  const bound = named.map(([name, value]) => [name, boundValue(value)] as const);
  const types = named.flatMap(([name, value]) =>
    Array.isArray(value) ? [[name, LIST(VARCHAR)] as const] : [],
  );
  const reader = await connection.runAndReadAll(sql, Object.fromEntries(bound), Object.fromEntries(types));
  return { rows: reader.getRowObjects(), changed: reader.rowsChanged };
}

function boundValue(value: BoundValue): DuckDBValue {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'object' && value !== null ? listValue([...value]) : value;
}
