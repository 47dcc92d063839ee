import { type LedgerOptions, type OpenStaging, stagingOn } from '../staging.ts';
import { PostgresDatabase } from './postgres-database.ts';

export interface PostgresStagingOptions extends LedgerOptions {
  /** `postgres://…`. */
  readonly url: string;
  /** Made when it is needed. */
  readonly schema: string;
  /** How long to wait for another process that writes. Default 30,000. */
  readonly lockTimeoutMs?: number;
}

/** Staging in a schema of a PostgreSQL database. Nothing is opened before the first call. */
export const openPostgresStaging = ({
  url,
  schema,
  lockTimeoutMs = 30_000,
  ...options
}: PostgresStagingOptions): OpenStaging =>
  stagingOn(new PostgresDatabase({ url, schema, lockTimeoutMs, clock: options.clock }), options);
