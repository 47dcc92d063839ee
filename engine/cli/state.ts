import { resolve } from 'node:path';
import { warehouseStatements } from '../engine.ts';
import { versionsTable } from '../model/columns.ts';
import type { Forgetting } from '../model/forget.ts';
import { allLost } from '../model/lost-loads.ts';
import type { Clock, Memory, Warehouse } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { emptyState, type StateSnapshot } from '../model/snapshot.ts';
import type { LostLoads, State } from '../model/state-port.ts';
import { parseSize } from '../model/units.ts';
import { homeSchema, ownTables } from '../model/warehouse-home.ts';
import { overriddenPages } from '../operations/overrides.ts';
import { systemClock } from '../services/clock.ts';
import { environmentReferences } from '../services/references.ts';
import type { OpenStaging } from '../services/staging/staging.ts';
import { postgresOptions } from './postgres.ts';
import { snowflakeOptions } from './snowflake.ts';

/** The databases of a project in its environment. They are opened by their first use. */
export interface Databases {
  readonly staging: OpenStaging;
  readonly memory: Memory;
  readonly forgetting: Forgetting;
  readonly state: State;
  readonly warehouse: Warehouse;
}

/** A setting of the environment, its references filled in. @throws TerminalError naming a reference that is missing. */
const filledIn = ({ folder }: Project, setting: string): string =>
  environmentReferences(folder, process.env).resolve(setting);

const pathIn = (project: Project, path: string): string => resolve(project.folder, filledIn(project, path));

async function openStaging(project: Project, clock: Clock): Promise<OpenStaging> {
  const { environment, staging } = project;
  const options = { environment, clock };
  if (staging.dialect === 'postgres') {
    const { openPostgresStaging } = await import('../services/staging/postgres/postgres-staging.ts');
    const { url = '', schema = 'sluice' } = staging;
    return openPostgresStaging({ ...options, url: filledIn(project, url), schema });
  }
  const { openStaging: openSqliteStaging } = await import('../services/staging/staging.ts');
  const storage = pathIn(project, staging.storage ?? '.etl/staging.sqlite');
  return openSqliteStaging({ ...options, storage });
}

export const warehousePath = (project: Project): string =>
  pathIn(project, project.warehouse.path ?? '.etl/warehouse.duckdb');

/** Their adapters are loaded only here: commands that need no database start twice as fast. */
async function openWarehouse(project: Project): Promise<Warehouse> {
  const { warehouse } = project;
  if (warehouse.type === 'postgres') {
    const { postgresWarehouse } = await import('../services/postgres-warehouse/postgres-warehouse.ts');
    return postgresWarehouse(postgresOptions(project));
  }
  if (warehouse.type === 'snowflake') {
    const { snowflakeWarehouse } = await import('../services/snowflake-warehouse/snowflake-warehouse.ts');
    return snowflakeWarehouse(snowflakeOptions(project));
  }
  const { duckdbWarehouse } = await import('../services/duckdb/duckdb-warehouse.ts');
  return duckdbWarehouse({
    path: warehousePath(project),
    memoryBytes: parseSize(warehouse.memory ?? '256MiB'),
    statements: warehouseStatements(project),
  });
}

export async function databases(project: Project, clock: Clock = systemClock): Promise<Databases> {
  const staging = await openStaging(project, clock);
  return {
    staging,
    memory: staging.memory,
    forgetting: staging.forgetting,
    state: staging.state,
    warehouse: await openWarehouse(project),
  };
}

/** The databases of another run in the same process, with locks of its own. Closing them leaves the others open. */
export async function besides(project: Project, { staging }: Databases): Promise<Databases> {
  const own = staging.beside();
  const { memory, forgetting, state } = own;
  return { staging: own, memory, forgetting, state, warehouse: await openWarehouse(project) };
}

/** Units of the warehouse that are looked at for ones that staging does not know. */
const unitsMax = 10_000;

/** The warehouse is asked first: what it knows then, staging knows now, unless it has lost it. */
async function lost(project: Project, { state, warehouse }: Databases): Promise<LostLoads | undefined> {
  const after = await state.positions.leastLoaded();
  return state.positions.lost(await warehouse.loadedUnits(project.environment, after, unitsMax));
}

/** Staging is asked first: what it has noted by then, the warehouse has, unless that was restored or is another one. */
async function behind({ environment }: Project, { state, warehouse }: Databases) {
  const noted = [...(await state.positions.lastLoads())];
  if (noted.length === 0) return new Map<string, string>();
  const theirs = await warehouse.lastLoads(environment);
  return new Map(noted.filter(([mapping, at]) => (theirs.get(mapping) ?? '') < at));
}

const lostOf = (lost: LostLoads | undefined): Pick<StateSnapshot, 'lost'> =>
  lost === undefined ? {} : { lost };

/** What staging and warehouse hold now. Nothing is made where nothing is yet. */
export async function snapshot(project: Project, databases: Databases): Promise<StateSnapshot> {
  const { staging, warehouse } = databases;
  const wanted = project.mappings.flatMap(({ name, to, renamedFrom = [] }) => {
    const schema = to?.schema ?? homeSchema(project.warehouse);
    const tables = to?.table === undefined ? [name, ...renamedFrom] : [to.table];
    return tables.flatMap((table) => [
      { schema, table },
      { schema, table: versionsTable(table) },
    ]);
  });
  const { loads, completeness } = ownTables(project.warehouse);
  const tables = await warehouse.tables([...wanted, loads, completeness]);
  if (!(await staging.exists())) {
    const units = await warehouse.loadedUnits(project.environment, 0, unitsMax);
    return { ...emptyState, tables, ...lostOf(allLost(units)) };
  }
  await staging.migrate();
  return {
    ...lostOf(await lost(project, databases)),
    behind: await behind(project, databases),
    mappingHashes: await staging.mappingHashes(),
    keptPages: await staging.keptPages(),
    loadedMappings: await staging.loadedMappings(),
    shapes: await staging.shapes(),
    names: await databases.state.renames.names(),
    overridden: await overriddenPages(project.overrides, staging.blockers, systemClock.now()),
    tables,
  };
}
