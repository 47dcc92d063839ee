import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadStep, MappingPlan } from '../../model/plan.ts';
import type { Clock, LoadCounts, LoadUnit, Staging, Warehouse } from '../../model/ports.ts';
import { writeLoadFile } from './load-file-writer.ts';
import type { LoadSpool } from './load-spool.ts';

export interface LoadServices {
  readonly staging: Staging;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly run: string;
  readonly folder: string;
  readonly spool: LoadSpool;
  readonly signal: AbortSignal;
}

/** Loads what a mapping has staged, unit by unit, each in one warehouse transaction. */
export async function load(
  mapping: MappingPlan,
  step: LoadStep,
  services: LoadServices,
): Promise<LoadCounts> {
  const total = { ...nothing };
  for (const unit of await services.staging.pendingUnits(mapping, step.rowsMax)) {
    services.signal.throwIfAborted();
    const counts = await loadUnit(mapping, step, unit, services);
    for (const name of Object.keys(total) as (keyof LoadCounts)[]) total[name] += counts[name];
  }
  return total;
}

const nothing: LoadCounts = {
  staged: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  superseded: 0,
  deleted: 0,
};

const isEmpty = ({ rows, marks }: LoadUnit): boolean => rows + marks === 0;

async function loadUnit(
  mapping: MappingPlan,
  step: LoadStep,
  unit: LoadUnit,
  services: LoadServices,
): Promise<LoadCounts> {
  const { staging, warehouse, clock, run } = services;
  const file = await loadFile(mapping, unit, services);
  const { schema, table } = mapping;
  const request = { unit, run, schema, table, file };
  const counts = isEmpty(unit) ? nothing : await warehouse.load(step.statements, request);
  await rm(file, { force: true });
  await staging.markLoaded(unit, run, counts, new Date(clock.now()).toISOString());
  return counts;
}

/** The file that was written while the unit was staged, or one made from staging. */
async function loadFile(
  mapping: MappingPlan,
  unit: LoadUnit,
  { spool, staging, folder }: LoadServices,
): Promise<string> {
  const spooled = spool.find(unit);
  if (spooled !== undefined) return spooled;
  const file = join(folder, `${mapping.name}-${unit.firstPage}-${unit.lastPage}-staged.csv`);
  if (!isEmpty(unit)) await writeLoadFile(file, staging.rows(mapping, unit));
  return file;
}
