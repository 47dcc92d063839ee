import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { warehouseStatements } from '../../engine/engine.ts';
import type { Dialect } from '../../engine/model/plan.ts';
import type { Project } from '../../engine/model/project.ts';
import type { WarehouseStatements } from '../../engine/model/warehouse-views.ts';
import { root } from './root.ts';

/** The templates of a dialect as a project has them, by `dialect/name`. */
function templatesOf(dialect: Dialect): { readonly [name: string]: string } {
  const folder = join(root, 'templates', dialect);
  const texts = readdirSync(folder).map((file): [string, string] => [
    `${dialect}/${file.replace('.sql.hbs', '')}`,
    readFileSync(join(folder, file), 'utf8'),
  ]);
  return Object.fromEntries(texts);
}

/** What is asked of a warehouse before there is a plan. */
export const statementsOf = (warehouse: Project['warehouse'] = {}): WarehouseStatements =>
  warehouseStatements({
    warehouse,
    templates: templatesOf(warehouse.type ?? 'duckdb'),
    ownTemplates: [],
  } as unknown as Project);
