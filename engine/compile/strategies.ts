import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { MappingPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import type { WarehouseTable } from '../model/snapshot.ts';

/** Strategies that the warehouse has no SQL for, and tables that were made by another one. */
export const strategyDiagnostics = (
  { warehouse, templates }: Project,
  mappings: readonly MappingPlan[],
  tables: readonly WarehouseTable[],
): readonly Diagnostic[] =>
  mappings.flatMap((mapping) => {
    const dialect = warehouse.type ?? 'duckdb';
    const { strategy } = mapping;
    if (strategy !== undefined && !Object.hasOwn(templates, `${dialect}/${strategy}`))
      return [unknown(mapping, dialect)];
    return hasHistory(mapping, tables) === (strategy === 'scd2') ? [] : [otherTable(mapping)];
  });

/** Whether the table holds a history; one that is not there yet holds what the mapping says. */
function hasHistory({ schema, table, strategy }: MappingPlan, tables: readonly WarehouseTable[]): boolean {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const found = tables.find((one) => same(one.schema, schema) && same(one.table, table));
  if (found === undefined) return strategy === 'scd2';
  return found.columns.some(({ name }) => same(name, '_valid_from'));
}

const unknown = ({ name, strategy }: MappingPlan, dialect: string): Diagnostic =>
  complaint(
    'ETL0245',
    `the mapping ${name} has the strategy ${strategy}, which a warehouse of type ${dialect} does not know yet`,
    'Use `merge` or `append` there, or another warehouse.',
  );

const otherTable = ({ name, schema, table, strategy }: MappingPlan): Diagnostic =>
  complaint(
    'ETL0311',
    `${schema}.${table} was made by another strategy than ${strategy ?? 'merge'}, which the mapping ${name} has`,
    'A table with a history has `_valid_from`, others have not: what is there cannot be told by the other rules.',
    'Give the mapping another table (`to.table`), or drop this one: it is made again of what is staged.',
  );
