import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type MappingLedger, neverStaged } from '../../model/audit.ts';
import type { ScratchTable } from '../../model/parity.ts';
import type { MappingPlan, StreamPlan } from '../../model/plan.ts';
import type { Staging, Warehouse } from '../../model/ports.ts';
import { writeRows } from '../audit/rows-file.ts';

export interface StagedTableServices {
  /** Absent where there is none yet. */
  readonly staging?: Staging;
  /** An empty database for the table. */
  readonly scratch: Warehouse;
  /** For a file of rows; it is removed. */
  readonly folder: string;
}

const reasons: { readonly [status in MappingLedger['status']]?: string } = {
  never: 'nothing of it is staged yet: run it first',
  changed: 'it was staged by another version of the mapping: run it first',
};

/**
 * Makes the table of a mapping of all its rows that are loaded, as an empty warehouse would have it. Gives the reason where
 * that cannot be done.
 */
export async function stagedTable(
  mapping: MappingPlan,
  stream: StreamPlan,
  { define, load }: ScratchTable,
  { staging, scratch, folder }: StagedTableServices,
): Promise<string | undefined> {
  const ledger = (await staging?.ledger(mapping, stream, {})) ?? neverStaged;
  const { loadedThrough: lastPage } = ledger;
  if (staging === undefined || ledger.status !== 'staged') return reasons[ledger.status];
  const unit = {
    id: `parity.${mapping.name}`,
    mapping: mapping.name,
    firstPage: 0,
    lastPage,
    rows: 0,
    marks: 0,
  };
  const file = join(folder, `${mapping.name}-parity.csv`);
  try {
    const { rows, damaged } = await writeRows(file, staging.rows(mapping, unit));
    if (damaged > 0)
      return `${damaged} staged rows have been changed since they were mapped: see \`etl audit\``;
    await scratch.define(define);
    const { schema, table } = mapping;
    const loadedAt = new Date(0).toISOString();
    await scratch.load(load, { unit, run: 'parity', rows, schema, table, file, loadedAt });
    return undefined;
  } finally {
    await rm(file, { force: true });
  }
}
