import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { systemClock } from '../../engine/services/clock.ts';
import { duckdbWarehouse } from '../../engine/services/duckdb/duckdb-warehouse.ts';
import { closeFile } from '../../engine/services/duckdb/use-file.ts';
import { postgresWarehouse } from '../../engine/services/postgres-warehouse/postgres-warehouse.ts';
import type { WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { projectFolder } from './cli.ts';
import { ownSchema, queryPostgres } from './postgres.ts';

/** `{name}` as an identifier in quotes; `{all}` with its schema. */
const quoted = (sql: string, schema: string): string =>
  sql.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'all' ? `"${schema}"."all"` : `"${name}"`));

/** An embedded warehouse in a file of its own. */
export async function duckdbUnderTest(): Promise<WarehouseUnderTest> {
  const path = join(projectFolder({}), 'w.duckdb');
  return {
    settings: { path },
    schema: 'sales',
    escapesBytes: true,
    environment: {},
    open: (statements) => duckdbWarehouse({ path, memoryBytes: 256 * 1024 ** 2, statements }),
    alter: async (sql) => {
      closeFile(path);
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run(quoted(sql, 'sales'));
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A schema of its own in the PostgreSQL that tests share. */
export const postgresUnderTest = (url: string) => async (): Promise<WarehouseUnderTest> => {
  const schema = ownSchema(url);
  return {
    settings: { type: 'postgres', url: '${env:WAREHOUSE_URL}', schema },
    schema,
    environment: { WAREHOUSE_URL: url },
    refusedValue: 'ETL0761',
    open: (statements) => postgresWarehouse({ url, statements, clock: systemClock }),
    alter: async (sql) => void (await queryPostgres(url, quoted(sql, schema))),
  };
};
