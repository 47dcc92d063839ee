import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { databaseOf } from '../postgres-place.ts';
import { type Fault, failed, fault, runStruck, same, standing } from './fault.ts';
import { mountMissing, smallDisk } from './small-disk.ts';

/** What happens to a PostgreSQL that keeps the staging database. */
export const postgresFaults = (server: PostgresServer): readonly Fault[] => [
  fault(
    'staging server down for good in mid-run',
    async (struck) => {
      const [halt, resume] = [() => server.halt(), () => server.resume()];
      const ended = await standing(struck, 'staging.commit begins 3', halt, resume);
      return failed(ended, 'ETL0620');
    },
    { dialect: 'postgres' },
  ),
  fault(
    'staging server down for two seconds',
    async (struck) => {
      let again: Promise<void> | undefined;
      const ended = await standing(struck, 'staging.commit begins 3', async () => {
        await server.halt();
        again = delay(2000).then(() => server.resume());
      });
      await again;
      return same('exit code', ended.code, 0);
    },
    { dialect: 'postgres' },
  ),
  fault(
    'staging server restarted within a transaction',
    async (struck) => {
      const ended = await standing(struck, 'staging: INSERT INTO positions begins 2', async () => {
        await server.halt();
        await server.resume();
      });
      return ended.code === 0 ? [] : failed(ended, 'ETL0620');
    },
    { dialect: 'postgres' },
  ),
  fault('disk of the staging server full', (struck) => fullDisk(server, struck), {
    dialect: 'postgres',
    missing: mountMissing,
  }),
];

async function fullDisk(
  server: PostgresServer,
  struck: Parameters<typeof runStruck>[0],
): Promise<readonly string[]> {
  const { folder, watch } = struck;
  const name = databaseOf(folder);
  const place = join(server.folder, `disk_${name}`);
  mkdirSync(place);
  const disk = smallDisk(place, '64m');
  const { owner } = server;
  if (owner !== undefined) chownSync(place, owner.uid, owner.gid);
  chmodSync(place, 0o700);
  await server.run(
    `CREATE TABLESPACE ${name} LOCATION '${place}'`,
    `DROP DATABASE ${name}`,
    `CREATE DATABASE ${name} TABLESPACE ${name}`,
  );
  watch.atEnd(async () => {
    await server.run(`DROP DATABASE ${name} WITH (FORCE)`, `DROP TABLESPACE ${name}`);
    disk.unmount();
  });
  // An empty database has some megabytes already; what is left holds the first pages.
  disk.leave(1024 * 1024);
  const ended = await runStruck(struck);
  disk.grow('128m');
  return failed(ended, 'ETL0602');
}
