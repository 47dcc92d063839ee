import { resolve } from 'node:path';
import { allLost } from '../model/lost-loads.ts';
import type { Memory, Warehouse } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { emptyState, type StateSnapshot } from '../model/snapshot.ts';
import type { Ledger, LostLoads } from '../model/state-port.ts';
import { parseSize } from '../model/units.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import type { OpenStaging } from '../services/staging/staging.ts';

/** The databases of a project in its environment. They are opened by their first use. */
export interface Databases {
  readonly staging: OpenStaging;
  readonly memory: Memory;
  readonly ledger: Ledger;
  readonly warehouse: Warehouse;
}

/** A path of the environment, its references filled in. @throws TerminalError naming a reference that is missing. */
const pathIn = ({ folder }: Project, path: string): string =>
  resolve(folder, environmentReferences(folder, process.env).resolve(path));

const stagingPath = (project: Project): string =>
  pathIn(project, project.staging.storage ?? '.etl/staging.sqlite');

/** Their adapters are loaded only here: commands that need no database start twice as fast. */
export async function databases(project: Project): Promise<Databases> {
  const { openStaging } = await import('../services/staging/staging.ts');
  const { duckdbWarehouse } = await import('../services/duckdb/duckdb-warehouse.ts');
  const staging = openStaging({
    storage: stagingPath(project),
    environment: project.environment,
    clock: systemClock,
  });
  return {
    staging,
    memory: staging.memory,
    ledger: staging.ledger,
    warehouse: duckdbWarehouse({
      path: pathIn(project, project.warehouse.path ?? '.etl/warehouse.duckdb'),
      memoryBytes: parseSize(project.warehouse.memory ?? '256MiB'),
    }),
  };
}

/** Units of the warehouse that are looked at for ones that staging does not know. */
const unitsMax = 10_000;

/** The warehouse is asked first: what it knows then, staging knows now, unless it has lost it. */
async function lost(project: Project, { ledger, warehouse }: Databases): Promise<LostLoads | undefined> {
  const after = await ledger.state.leastLoaded();
  return ledger.state.lost(await warehouse.loads(project.environment, after, unitsMax));
}

const lostOf = (lost: LostLoads | undefined): Pick<StateSnapshot, 'lost'> =>
  lost === undefined ? {} : { lost };

/** What staging and warehouse hold now. Nothing is made where nothing is yet. */
export async function snapshot(project: Project, databases: Databases): Promise<StateSnapshot> {
  const { staging, warehouse } = databases;
  const wanted = project.mappings.map(({ name, to }) => ({
    schema: to?.schema ?? 'main',
    table: to?.table ?? name,
  }));
  const tables = await warehouse.tables([...wanted, { schema: 'main', table: '_etl_loads' }]);
  if (!(await staging.exists())) {
    const units = await warehouse.loads(project.environment, 0, unitsMax);
    return { ...emptyState, tables, ...lostOf(allLost(units)) };
  }
  await staging.migrate();
  return {
    ...lostOf(await lost(project, databases)),
    mappingHashes: await staging.mappingHashes(),
    keptPages: await staging.keptPages(),
    loadedMappings: await staging.loadedMappings(),
    shapes: await staging.shapes(),
    tables,
  };
}
