import type { AuditStatement, CompareRequest, LoadRecord, TableComparison } from './audit.ts';
import type { LoadCounts, LoadUnit } from './load-unit.ts';
import type { LoadStatement } from './plan.ts';
import type { WarehouseTable } from './snapshot.ts';

/** Where tables end up. It is opened by the first call and must be closed. */
export interface Warehouse {
  /** The tables of these that exist. A warehouse that does not exist yet has none. */
  tables(wanted: readonly { schema: string; table: string }[]): Promise<readonly WarehouseTable[]>;
  /** Runs DDL, each statement on its own. */
  define(statements: readonly string[]): Promise<void>;
  /** Loads one unit in one transaction; a unit that `_etl_loads` has already is not loaded again. */
  load(statements: readonly LoadStatement[], load: LoadRequest): Promise<LoadCounts>;
  /** The first rows of a table, as texts, for people. */
  sample(schema: string, table: string, limit: number): Promise<Sample>;
  /** The loads of a mapping that `_etl_loads` has. */
  loads(statements: readonly AuditStatement[]): Promise<readonly LoadRecord[]>;
  /** Holds the newest version of each row of a load file against a table. Nothing is changed. */
  compare(statements: readonly AuditStatement[], request: CompareRequest): Promise<TableComparison>;
  close(): Promise<void>;
}

export interface LoadRequest {
  readonly unit: LoadUnit;
  readonly run: string;
  /** The target, for messages. */
  readonly schema: string;
  readonly table: string;
  /** Load file: CSV, see model/load-file.ts. */
  readonly file: string;
}

export interface Sample {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly total: number;
}
