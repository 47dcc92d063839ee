import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Dialect } from '../model/plan.ts';
import type { WarehouseColumn, WarehouseTable } from '../model/snapshot.ts';

/** A name of a project as the warehouse keeps it; undefined where it does not tell names apart by their case. */
const kept: { readonly [dialect in Dialect]: (name: string) => string | undefined } = {
  duckdb: () => undefined,
  postgres: (name) => name,
  snowflake: (name) => name.toUpperCase(),
};

/** Whether our statements find what is called `actual` by a name of the project that is the same but for its case. */
const isFound = (dialect: Dialect, name: string, actual: string): boolean =>
  (kept[dialect](name) ?? actual) === actual;

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The column that a name of the project means, the one that statements find before others. */
export function columnNamed(
  dialect: Dialect,
  { columns }: WarehouseTable,
  name: string,
): (WarehouseColumn & { readonly isFound: boolean }) | undefined {
  const alike = columns.filter((column) => same(column.name, name));
  const found = alike.find((column) => isFound(dialect, name, column.name));
  const column = found ?? alike[0];
  return column && { ...column, isFound: found !== undefined };
}

/** The tables that statements find, and a complaint about each that somebody has made under a name they do not write. */
export function foundTables(
  dialect: Dialect,
  tables: readonly WarehouseTable[],
): { readonly tables: readonly WarehouseTable[]; readonly diagnostics: readonly Diagnostic[] } {
  const found = tables.filter(({ table, named = table }) => isFound(dialect, table, named));
  const isThere = (one: WarehouseTable): boolean =>
    found.some((other) => other.schema === one.schema && other.table === one.table);
  const strange = tables.filter((one) => !found.includes(one) && !isThere(one));
  return {
    tables: found,
    diagnostics: strange.map(({ schema, table, named = table }) =>
      otherwiseNamed(dialect, `table ${schema}.${table}`, table, named),
    ),
  };
}

/** Somebody has written the name in quotes, in another case. */
export const otherwiseNamed = (dialect: Dialect, what: string, name: string, actual: string): Diagnostic =>
  complaint(
    'ETL0308',
    `${dialect} has the ${what} under the name "${actual}", which was written in quotes`,
    `Sluice writes it "${kept[dialect](name) ?? name}", and a second one beside it would confuse everybody.`,
    `Rename it in the warehouse (ALTER … RENAME TO "${kept[dialect](name) ?? name}"), or give the mapping another name.`,
  );
