import { warehouseStatements } from '../engine.ts';
import type { Project } from '../model/project.ts';
import { systemClock } from '../services/clock.ts';
import type { PostgresWarehouseOptions } from '../services/postgres-warehouse/postgres-warehouse.ts';
import { environmentReferences } from '../services/references.ts';

/** What a PostgreSQL warehouse is opened with. @throws TerminalError naming a reference that is missing */
export const postgresOptions = (project: Project): PostgresWarehouseOptions => ({
  url: environmentReferences(project.folder, process.env).resolve(project.warehouse.url ?? ''),
  statements: warehouseStatements(project),
  clock: systemClock,
});
