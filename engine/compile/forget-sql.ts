import type { StagedValue } from '../model/batch.ts';
import { accountColumn } from '../model/columns.ts';
import { assert } from '../model/errors.ts';
import type { EraseStatement } from '../model/forget.ts';
import type { LogicalType, MappingPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import { WarehouseSql } from './warehouse-sql.ts';

/** Deletes the rows of a mapping's table, or of another one of its own, that have one of these values in `columns`. */
export function eraseStatement(
  project: Project,
  mapping: MappingPlan,
  columns: readonly string[],
  rows: readonly (readonly StagedValue[])[],
  table = mapping.table,
): EraseStatement {
  const { schema } = mapping;
  const sql = new WarehouseSql(project, []);
  const typed = columns.map((name) => ({ name, type: typeOf(mapping, name) }));
  const lists = columns.map((_, at): [string, (string | null)[]] => [
    `k${at}`,
    rows.map((row) => text(row[at])),
  ]);
  return { schema, table, sql: sql.forget({ schema, table }, typed), lists: Object.fromEntries(lists) };
}

const text = (value: StagedValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

function typeOf(mapping: MappingPlan, column: string): LogicalType {
  if (column === accountColumn || column === '_record') return { name: 'string' };
  const property = mapping.properties.find(({ name }) => name === column);
  assert(property, `${mapping.name} has the column ${column}`);
  return property.type;
}
