import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Ended } from '../../support/ended.ts';
import { warehouseOf } from '../ground.ts';
import { type Fault, failed, fault, runStruck, same, standing } from './fault.ts';
import { mountMissing, smallDisk } from './small-disk.ts';

const loadFiles = (folder: string): readonly string[] => {
  const parent = join(folder, '.etl/load');
  const runs = readdirSync(parent).map((run) => join(parent, run));
  return runs.flatMap((run) => readdirSync(run).map((name) => join(run, name)));
};

/** Has the warehouse open, as a notebook would, until the run has ended. */
const heldFrom = (name: string, boundary: string): Fault =>
  fault(name, async (struck) => {
    let holder: DuckDBInstance | undefined;
    try {
      const ended = await standing(struck, boundary, async () => {
        holder = await DuckDBInstance.create(warehouseOf(struck.folder));
      });
      return failed(ended, 'ETL0703');
    } finally {
      holder?.closeSync();
    }
  });

/** Puts a disk of this size where load files are written. */
const fullLoads = (name: string, size: string, found: (ended: Ended) => readonly string[]): Fault =>
  fault(
    name,
    async (struck) => {
      const folder = join(struck.folder, '.etl/load');
      mkdirSync(folder, { recursive: true });
      const disk = smallDisk(folder, size);
      struck.watch.atEnd(() => disk.unmount());
      const ended = await runStruck(struck);
      disk.grow('64m');
      return found(ended);
    },
    { missing: mountMissing },
  );

/** A warehouse that fails before, between and in the middle of loads. */
export const warehouseFaults: readonly Fault[] = [
  heldFrom('warehouse open in another process', 'staging.pendingUnits ended 1'),
  heldFrom('warehouse opened by another process between two units', 'staging.markLoaded ended 1'),
  fault('load file gone in mid-load', async (struck) => {
    const ended = await standing(struck, 'warehouse: MERGE INTO main.orders begins 2', async () => {
      for (const path of loadFiles(struck.folder)) rmSync(path);
    });
    return failed(ended, 'ETL0705');
  }),
  fault('load file cut short at the end of a line', async (struck) => {
    const ended = await standing(struck, 'warehouse: BEGIN ended 1', async () => {
      for (const path of loadFiles(struck.folder)) {
        const text = readFileSync(path, 'utf8');
        writeFileSync(path, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1));
      }
    });
    return failed(ended, 'ETL0705');
  }),
  fault(
    'disk full in mid-load',
    async (struck) => {
      const folder = join(struck.folder, '.etl/warehouse');
      mkdirSync(folder, { recursive: true });
      const disk = smallDisk(folder, '1m');
      struck.watch.atEnd(() => disk.unmount());
      const ended = await runStruck(struck);
      disk.grow('64m');
      return failed(ended, 'ETL0705');
    },
    { missing: mountMissing },
  ),
  fullLoads('room for one load file only', '224k', (ended) => same('exit code', ended.code, 0)),
  fullLoads('no room for load files', '4k', (ended) => failed(ended, 'ETL0708')),
];
