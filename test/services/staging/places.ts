import type { Clock } from '../../../engine/model/ports.ts';
import type { Database } from '../../../engine/services/staging/database.ts';
import { PostgresDatabase } from '../../../engine/services/staging/postgres/postgres-database.ts';
import { SqliteDatabase } from '../../../engine/services/staging/sqlite/sqlite-database.ts';
import { type OpenStaging, stagingOn } from '../../../engine/services/staging/staging.ts';
import { stillClock } from '../../contracts/staging-samples.ts';

/** Where a staging database is; plain JSON, so that other processes can be told. */
export type Place = { readonly storage: string } | { readonly url: string; readonly schema: string };

const lockMs = 20_000;

export const databaseAt = (place: Place, clock: Clock = stillClock): Database =>
  'storage' in place
    ? new SqliteDatabase({ ...place, busyTimeoutMs: lockMs })
    : new PostgresDatabase({ ...place, clock, lockTimeoutMs: lockMs });

export const stagingAt = (place: Place, environment = 'dev'): OpenStaging =>
  stagingOn(databaseAt(place), { environment, clock: stillClock });
