import type * as config from './config.ts';
import type { Dialect } from './plan.ts';

/** Our own tables in a warehouse. */
export interface OwnTables {
  /** Its own account of loads. */
  readonly loads: { readonly schema: string; readonly table: string };
  /** What it tells readers of its tables. */
  readonly completeness: { readonly schema: string; readonly table: string };
}

/** Schemas that each database has from the start. */
const usualSchemas: { readonly [dialect in Dialect]: string } = {
  duckdb: 'main',
  postgres: 'public',
  snowflake: 'PUBLIC',
};

/** The schema of tables whose mapping names none, and of our own. */
export const homeSchema = ({ type, schema }: config.WarehouseSettings): string =>
  schema ?? usualSchemas[type ?? 'duckdb'];

export const ownTables = (warehouse: config.WarehouseSettings): OwnTables => ({
  loads: { schema: homeSchema(warehouse), table: '_etl_loads' },
  completeness: { schema: homeSchema(warehouse), table: '_etl_completeness' },
});
