import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cursorValue } from '../../model/batch.ts';
import type { LoadStep, MappingPlan } from '../../model/plan.ts';
import type {
  Clock,
  Completeness,
  LoadCounts,
  LoadRequest,
  LoadUnit,
  Staging,
  Warehouse,
} from '../../model/ports.ts';
import type { State } from '../../model/state-port.ts';
import { writeLoadFile } from './load-file-writer.ts';
import type { LoadSpool } from './load-spool.ts';

export interface LoadServices {
  readonly staging: Staging;
  readonly state: Pick<State, 'positions'>;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly run: string;
  readonly environment: string;
  readonly folder: string;
  readonly spool: LoadSpool;
  /** Stages the rows of a unit that was staged without them. */
  readonly materialise: (unit: LoadUnit) => Promise<void>;
  /** Makes sure that no other run loads meanwhile. @throws TransientError when one does */
  readonly confirm: () => Promise<void>;
  readonly signal: AbortSignal;
}

const nothing: LoadCounts = {
  staged: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  superseded: 0,
  deleted: 0,
  held: 0,
};

/** How long the warehouse took for it. */
type Loaded = LoadCounts & { readonly elapsedMs: number };

/** Loads what a mapping has staged, unit by unit, each in one warehouse transaction. */
export async function load(mapping: MappingPlan, step: LoadStep, services: LoadServices): Promise<Loaded> {
  const { staging, warehouse } = services;
  const total = { ...nothing, elapsedMs: 0 };
  const completeness = await completenessOf(mapping, step, staging);
  const units = await unitsToLoad(mapping, step, services);
  for (const [at, unit] of units.entries()) {
    services.signal.throwIfAborted();
    await services.confirm();
    // No two units of a run share a time: what one has written is told by it.
    const loadedAt = new Date(services.clock.now() + at).toISOString();
    const last = at === units.length - 1 ? { completeness } : {};
    const counts = await loadUnit(mapping, step, unit, services, { loadedAt, ...last });
    for (const name of Object.keys(total) as (keyof Loaded)[]) total[name] += counts[name];
  }
  if (units.length === 0) await warehouse.complete(step.statements, completeness);
  return total;
}

/** Asked for before the units: what is staged meanwhile may have moved the cursor on. */
async function completenessOf(
  mapping: MappingPlan,
  { cursor, accounts }: LoadStep,
  staging: Staging,
): Promise<Completeness> {
  const reached = await staging.reached(mapping.stream, accounts);
  const { open } = await staging.blockers.standing(mapping.name);
  const known = reached !== undefined && cursor !== undefined;
  return { until: known ? cursorValue(cursor, reached) : null, blockers: open };
}

/** Units of the warehouse that are looked at: those of a run that was killed, which are few. */
const knownUnitsMax = 1000;

/** What is pending, but for units that the warehouse has committed before a crash kept them from being noted. */
async function unitsToLoad(
  mapping: MappingPlan,
  { rowsMax }: LoadStep,
  { staging, state, warehouse, environment }: LoadServices,
): Promise<readonly LoadUnit[]> {
  const pending = await staging.pendingUnits(mapping, rowsMax);
  const [first] = pending;
  if (first === undefined) return pending;
  const known = await warehouse.loadedUnits(environment, first.firstPage - 1, knownUnitsMax);
  const own = known.filter((unit) => unit.mapping === mapping.name);
  if (own.length === 0 || (await state.positions.recognise(mapping.name, own)) === 0) return pending;
  return staging.pendingUnits(mapping, rowsMax);
}

async function loadUnit(
  mapping: MappingPlan,
  step: LoadStep,
  unit: LoadUnit,
  services: LoadServices,
  told: Pick<LoadRequest, 'loadedAt' | 'completeness'>,
): Promise<Loaded> {
  const { staging, warehouse, clock, run, signal } = services;
  await stageRows(mapping, unit, services);
  const held = await staging.held(mapping, unit);
  const [rows, marks] = [unit.rows - held.rows, unit.marks - held.marks];
  const file = await loadFile(mapping, unit, rows + marks, services);
  const { schema, table } = mapping;
  const request = { unit, run, rows, schema, table, file, signal, ...told };
  const startUs = clock.monotonicUs();
  const loaded =
    rows + marks === 0
      ? await nothingLoaded(step, services, told)
      : await warehouse.load(step.statements, request);
  const elapsedMs = (clock.monotonicUs() - startUs) / 1000;
  const counts = { ...loaded, held: held.rows };
  await rm(file, { force: true });
  await staging.markLoaded(unit, run, counts, { at: told.loadedAt, elapsedMs });
  return { ...counts, elapsedMs };
}

/** All its rows are held: there is nothing to load, and yet something to say. */
async function nothingLoaded(
  { statements }: LoadStep,
  { warehouse }: LoadServices,
  { completeness }: Pick<LoadRequest, 'completeness'>,
): Promise<LoadCounts> {
  if (completeness !== undefined) await warehouse.complete(statements, completeness);
  return nothing;
}

/** Sees to it that the rows are staged that are read from there: those to look for among the held, or without a file. */
async function stageRows(
  { name }: MappingPlan,
  unit: LoadUnit,
  { staging, spool, materialise }: LoadServices,
): Promise<void> {
  if (spool.find(unit) === undefined || (await staging.listings.holds(name))) await materialise(unit);
}

/** The file that was written while the unit was staged, or one made from staging where rows of it are held. */
async function loadFile(
  mapping: MappingPlan,
  unit: LoadUnit,
  lines: number,
  { spool, staging, folder }: LoadServices,
): Promise<string> {
  const spooled = lines === unit.rows + unit.marks ? spool.find(unit) : undefined;
  if (spooled !== undefined) return spooled;
  const file = join(folder, `${mapping.name}-${unit.firstPage}-${unit.lastPage}-staged.csv`);
  if (lines > 0) await writeLoadFile(file, staging.rows(mapping, unit));
  return file;
}
