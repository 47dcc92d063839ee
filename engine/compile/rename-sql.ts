import type { Project } from '../model/project.ts';
import type { Renamed } from '../model/renames.ts';
import type { WarehouseTable } from '../model/snapshot.ts';
import { ownTables } from '../model/warehouse-home.ts';
import type { MappingNames } from './renames.ts';
import { SqlTemplates } from './sql-templates.ts';

/** Statements that give tables and columns their new names, and move what the warehouse's own account has of a mapping. */
export function renameStatements(
  project: Project,
  known: readonly WarehouseTable[],
  { schema, tables, columns }: MappingNames,
  { from, to }: Renamed,
): readonly string[] {
  const { environment, warehouse } = project;
  const own = ownTables(warehouse);
  const isThere = (one: { readonly schema: string; readonly table: string }): boolean =>
    from !== to && known.some(({ schema, table }) => schema === one.schema && table === one.table);
  const [before, now] = [`${environment}.${from}.`, `${environment}.${to}.`];
  const templates = new SqlTemplates(project, warehouse.type ?? 'duckdb', { mapping: to, more: own });
  const statements = templates.statements('rename', {
    schema,
    tables,
    columns,
    from,
    to,
    unitsNow: now,
    unitsBefore: `${before}%`,
    unitsAt: before.length + 1,
    loadsKnown: [own.loads].filter(isThere),
    completenessKnown: [own.completeness].filter(isThere),
  });
  // What ends the last of them, so that each can end with a line between.
  return statements.filter((sql) => sql !== 'SELECT 1');
}
