import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { MappingPlan } from '../model/plan.ts';
import type { WarehouseTable } from '../model/snapshot.ts';

/** Tables that were made by another strategy than their mapping has. */
export const strategyDiagnostics = (
  mappings: readonly MappingPlan[],
  tables: readonly WarehouseTable[],
): readonly Diagnostic[] =>
  mappings.filter((mapping) => hasHistory(mapping, tables) !== (mapping.strategy === 'scd2')).map(otherTable);

/** Whether the table holds a history; one that is not there yet holds what the mapping says. */
function hasHistory({ schema, table, strategy }: MappingPlan, tables: readonly WarehouseTable[]): boolean {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const found = tables.find((one) => same(one.schema, schema) && same(one.table, table));
  if (found === undefined) return strategy === 'scd2';
  return found.columns.some(({ name }) => same(name, '_valid_from'));
}

const otherTable = ({ name, schema, table, strategy }: MappingPlan): Diagnostic =>
  complaint(
    'ETL0311',
    `${schema}.${table} was made by another strategy than ${strategy ?? 'merge'}, which the mapping ${name} has`,
    'A table with a history has `_valid_from`, others have not: what is there cannot be told by the other rules.',
    'Give the mapping another table (`to.table`), or drop this one: it is made again of what is staged.',
  );
