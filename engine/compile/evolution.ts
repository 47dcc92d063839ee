import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Dialect, MappingPlan, PropertyPlan } from '../model/plan.ts';
import type { WarehouseTable } from '../model/snapshot.ts';
import { canonical, sha256 } from './canonical.ts';
import { columnTypes } from './column-types.ts';
import { decideMissing, decideType } from './evolution-rules.ts';
import type { Contract, Decision, Meeting, Widening } from './evolution-types.ts';
import { columnNamed, otherwiseNamed } from './names.ts';

/** What a contract makes of a mapping, given the table that is there. */
export interface Evolution {
  /** As the table can take it. Its hash has changed where its rows are others. */
  readonly mapping: MappingPlan;
  /** Why nothing is loaded, where nothing is. */
  readonly held?: Diagnostic;
  readonly widened: readonly Widening[];
  /** Columns that may have another type than the mapping's. */
  readonly settled: ReadonlySet<string>;
  /** What happens to the table, a line each. */
  readonly changes: readonly string[];
  /** What does not get there, or stays as it is, a line each. */
  readonly notes: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A contract with what it does not say. */
export const contractOf = ({ contract }: config.Mapping): Contract => ({
  tables: contract?.tables ?? 'evolve',
  columns: contract?.columns ?? 'evolve',
  types: contract?.types ?? 'freeze',
});

/** Holds a mapping against the table that is there, if there is one, and decides by its contract. Pure. */
export function evolve(
  mapping: MappingPlan,
  contract: Contract,
  dialect: Dialect,
  tables: readonly WarehouseTable[],
): Evolution {
  const { schema, table } = mapping;
  const existing = tables.find((one) => same(one.schema, schema) && same(one.table, table));
  if (existing === undefined) return withoutTable(mapping, contract.tables);
  const meeting = { mapping, contract, dialect, existing };
  const decisions = mapping.properties.map((property) => decide(meeting, property));
  return gathered(meeting, decisions);
}

const unchanged = (mapping: MappingPlan): Evolution => ({
  mapping,
  widened: [],
  settled: new Set(),
  changes: [],
  notes: [],
  diagnostics: [],
});

function withoutTable(mapping: MappingPlan, rule: Contract['tables']): Evolution {
  const { name, schema, table } = mapping;
  const summary = `there is no table ${schema}.${table}, and the contract of ${name} says \`tables: ${rule}\``;
  switch (rule) {
    case 'evolve':
      return unchanged(mapping);
    case 'freeze':
      return {
        ...unchanged(mapping),
        diagnostics: [complaint('ETL0304', summary, 'Make the table, or write `tables: evolve`.')],
      };
    case 'discard_value':
    case 'discard_row':
      return {
        ...unchanged(mapping),
        held: {
          ...complaint('ETL0305', summary, 'Its rows are staged, and loaded once the table is there.'),
          severity: 'warning',
        },
      };
    case 'quarantine':
      return {
        ...unchanged(mapping),
        held: complaint(
          'ETL0305',
          summary,
          'Its rows stay staged, under a Blocker, and are loaded once the table is there.',
          'Make the table, or write `tables: evolve`.',
        ),
      };
  }
}

function decide(meeting: Meeting, property: PropertyPlan): Decision {
  const { dialect, existing } = meeting;
  const column = columnNamed(dialect, existing, property.name);
  if (column === undefined) return decideMissing(meeting, property);
  if (!column.isFound) {
    const what = `column ${property.name} of ${existing.schema}.${existing.table}`;
    return { property, diagnostics: [otherwiseNamed(dialect, what, property.name, column.name)] };
  }
  const { type } = columnTypes(dialect)(property.type);
  return column.type === type ? { property } : decideType(meeting, property, column.type);
}

function gathered(meeting: Meeting, decisions: readonly Decision[]): Evolution {
  const { mapping } = meeting;
  const kept = keptColumns(meeting, decisions);
  return {
    mapping: asDecided(mapping, decisions),
    widened: decisions.flatMap(({ widened }) => widened ?? []),
    settled: new Set(
      decisions.flatMap(({ property, isSettled }) => (isSettled && property ? [property.name] : [])),
    ),
    changes: decisions.flatMap(({ change }) => change ?? []),
    notes: [...decisions.flatMap(({ note }) => note ?? []), ...kept.notes],
    diagnostics: [...decisions.flatMap(({ diagnostics }) => diagnostics ?? []), ...kept.diagnostics],
  };
}

/** The mapping with what was decided. Whatever decides its rows is part of its hash: a change maps kept pages again. */
function asDecided(mapping: MappingPlan, decisions: readonly Decision[]): MappingPlan {
  const properties = decisions.flatMap(({ property }) => property ?? []);
  const guards = decisions.flatMap(({ guard }) => guard ?? []);
  const isSame =
    guards.length === 0 &&
    properties.length === mapping.properties.length &&
    properties.every((property, at) => property === mapping.properties[at]);
  if (isSame) return mapping;
  return {
    ...mapping,
    properties,
    ...(guards.length > 0 && { guards }),
    hash: sha256(canonical([mapping.hash, properties, guards])),
  };
}

/** Columns that the mapping does not fill: they stay as they are. */
function keptColumns(
  { mapping, existing }: Meeting,
  decisions: readonly Decision[],
): Pick<Evolution, 'notes' | 'diagnostics'> {
  const filled = new Set(
    decisions
      .flatMap(({ property, guard }) => [
        ...(property ? [property.name, property.declared?.name ?? property.name] : []),
        ...(guard ? [guard.property.name] : []),
      ])
      .map((name) => name.toLowerCase()),
  );
  const left = existing.columns.filter(
    ({ name }) => !name.startsWith('_') && !filled.has(name.toLowerCase()),
  );
  const needed = left.filter(({ required }) => required === true).map(({ name }) => name);
  const free = left.filter(({ required }) => required !== true).map(({ name }) => name);
  const where = `${mapping.schema}.${mapping.table}`;
  return {
    notes:
      free.length === 0
        ? []
        : [`stays: ${free.join(', ')} of ${where}, which the mapping does not fill; NULL in new rows`],
    diagnostics: needed.map((name) =>
      complaint(
        'ETL0307',
        `the column ${name} of ${where} must have a value, and the mapping ${mapping.name} has none for it`,
        `Give the mapping a property ${name}, or let the column be NULL or have a default.`,
      ),
    ),
  };
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
