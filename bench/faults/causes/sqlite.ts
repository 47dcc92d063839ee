import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Fault, failed, fault, runStruck, same, standing } from './fault.ts';
import { mountMissing, smallDisk } from './small-disk.ts';

/** Takes the lock that one writer has at a time. */
function lockOf(folder: string): { release(): void } {
  const database = new DatabaseSync(join(folder, '.etl/staging/staging.sqlite'));
  database.exec('BEGIN IMMEDIATE');
  return {
    release: () => {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

/** SQLite as staging database: locks and disks. */
export const sqliteFaults: readonly Fault[] = [
  fault(
    'staging locked by another process for a second',
    async (struck) => {
      const ended = await standing(struck, 'staging.commit begins 3', async () => {
        const lock = lockOf(struck.folder);
        void delay(1000).then(lock.release);
      });
      return same('exit code', ended.code, 0);
    },
    { dialect: 'sqlite' },
  ),
  fault(
    'staging locked by another process for good',
    async (struck) => {
      let lock: { release(): void } | undefined;
      try {
        const ended = await standing(struck, 'staging.commit begins 3', async () => {
          lock = lockOf(struck.folder);
        });
        return failed(ended, 'ETL0601');
      } finally {
        lock?.release();
      }
    },
    { dialect: 'sqlite' },
  ),
  fault(
    'disk of the staging database full',
    async (struck) => {
      const folder = join(struck.folder, '.etl/staging');
      mkdirSync(folder, { recursive: true });
      const disk = smallDisk(folder, '768k');
      struck.watch.atEnd(() => disk.unmount());
      const ended = await runStruck(struck);
      disk.grow('64m');
      return failed(ended, 'ETL0602');
    },
    { dialect: 'sqlite', missing: mountMissing },
  ),
  fault(
    'staging restored from an older copy',
    async (struck) => {
      const { folder } = struck;
      const copy = join(folder, 'backup');
      const first = await standing(struck, 'staging.commit begins 3', async () => {
        cpSync(join(folder, '.etl/staging'), copy, { recursive: true });
      });
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(join(folder, `.etl/staging/staging.sqlite${suffix}`), { force: true });
      for (const suffix of ['', '-wal'])
        cpSync(join(copy, `staging.sqlite${suffix}`), join(folder, `.etl/staging/staging.sqlite${suffix}`));
      return same('exit code', first.code, 0);
    },
    { dialect: 'sqlite' },
  ),
];
