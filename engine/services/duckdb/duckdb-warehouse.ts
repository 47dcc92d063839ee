import { existsSync } from 'node:fs';
import type { Warehouse } from '../../model/ports.ts';
import type { WarehouseStatements } from '../../model/warehouse-views.ts';
import { sqlWarehouse, type WarehouseConnector } from '../warehouse/sql-warehouse.ts';
import { duckdbSession } from './duckdb-session.ts';
import { closeFile, withFile } from './use-file.ts';

export interface DuckdbOptions {
  /** Absolute path of the database file. */
  readonly path: string;
  readonly memoryBytes: number;
  readonly statements: WarehouseStatements;
}

/** The embedded warehouse. Its file is open only while it is used, so that others can read in between. */
export const duckdbWarehouse = (options: DuckdbOptions): Warehouse =>
  sqlWarehouse(duckdbConnector(options), options.statements);

export const duckdbConnector = ({ path, memoryBytes }: DuckdbOptions): WarehouseConnector => ({
  where: `the warehouse ${path}`,
  exists: () => existsSync(path),
  using: (work) => withFile(path, memoryBytes, (connection) => work(duckdbSession(connection))),
  identifier: quoted,
  explained: (error) => error,
  close: async () => closeFile(path),
});

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
