import type { Warehouse } from '../../model/ports.ts';
import type { UseScope, WarehouseSession } from '../warehouse/session.ts';
import { sqlWarehouse, type WarehouseConnector } from '../warehouse/sql-warehouse.ts';
import { cancelled, explained, isLostSession } from './failures.ts';
import { SnowflakeConnection } from './snowflake-connection.ts';
import type { SnowflakeOptions } from './snowflake-options.ts';
import { SnowflakeSession } from './snowflake-session.ts';

/** Sessions that may be lost before the work that they are lent for is given up. */
const sessionsMax = 3;

/** Snowflake. A session is opened when it is needed, and kept for the next use. */
export const snowflakeWarehouse = (options: SnowflakeOptions): Warehouse =>
  sqlWarehouse(snowflakeConnector(options), options.statements);

export function snowflakeConnector(options: SnowflakeOptions): WarehouseConnector {
  const { account, database } = options.login;
  const idle: SnowflakeConnection[] = [];
  return {
    where: `the Snowflake database ${database} of ${account}`,
    exists: () => true,
    using: (work, scope = {}) => using(options, idle, work, scope),
    identifier: (name) => `"${name.toUpperCase().replaceAll('"', '""')}"`,
    asText: textOf,
    explained,
    close: async () => {
      await Promise.all(idle.splice(0).map((connection) => connection.end()));
    },
  };
}

const formats: readonly (readonly [type: string, format: string])[] = [
  ['TIMESTAMP_TZ', 'YYYY-MM-DD"T"HH24:MI:SS.FF6TZH:TZM'],
  ['TIMESTAMP_NTZ', 'YYYY-MM-DD"T"HH24:MI:SS.FF6'],
  ['TIME', 'HH24:MI:SS.FF6'],
];

/** Times to the microsecond, and JSON as JSON: a cast of a text in VARIANT gives it without quotes. */
function textOf(column: string, type: string): string {
  if (type === 'VARIANT') return `TO_JSON(${column})`;
  const [, format] = formats.find(([name]) => type.startsWith(name)) ?? [];
  return format === undefined ? `CAST(${column} AS VARCHAR)` : `TO_VARCHAR(${column}, '${format}')`;
}

/**
 * When a session is lost, all of the work begins again in another: whether a statement was performed whose answer is
 * missing is not known, and the account in `_etl_loads` says of a load whether it was.
 */
async function using<T>(
  options: SnowflakeOptions,
  idle: SnowflakeConnection[],
  work: (session: WarehouseSession) => Promise<T>,
  scope: UseScope,
): Promise<T> {
  for (let lost = 1; ; lost += 1) {
    try {
      return await once(options, idle, work, scope);
    } catch (error) {
      if (!isLostSession(error) || lost === sessionsMax) throw error;
    }
  }
}

async function once<T>(
  options: SnowflakeOptions,
  idle: SnowflakeConnection[],
  work: (session: WarehouseSession) => Promise<T>,
  scope: UseScope,
): Promise<T> {
  const connection = idle.pop() ?? (await SnowflakeConnection.open(options));
  try {
    const result = await work(new SnowflakeSession(connection, options, scope));
    idle.push(connection);
    return result;
  } catch (error) {
    // Nobody knows what such a session still has open.
    await connection.end();
    throw scope.signal?.aborted === true ? cancelled(error) : error;
  }
}
