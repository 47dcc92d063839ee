import { versionsTable } from '../model/columns.ts';
import type * as config from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import type { Renamed, StreamRename } from '../model/renames.ts';
import type { StateSnapshot, WarehouseTable } from '../model/snapshot.ts';
import { homeSchema } from '../model/warehouse-home.ts';

/** Names of one mapping that are there as they were before. */
export interface MappingNames {
  readonly mapping: config.Mapping;
  /** In staging, where it differs. */
  readonly staged?: Renamed;
  readonly stagedColumns: readonly Renamed[];
  /** Tables and columns of the warehouse. */
  readonly schema: string;
  readonly tables: readonly Renamed[];
  readonly columns: readonly (Renamed & { readonly table: string })[];
}

export interface FoundRenames {
  readonly streams: readonly StreamRename[];
  readonly mappings: readonly MappingNames[];
  readonly diagnostics: readonly Diagnostic[];
}

type Complain = (what: string, from: string, to: string) => void;

/** Holds `renamedFrom` against the names that are there. Where no old one is, there is nothing to do. Pure. */
export function findRenames(
  project: Project,
  snapshot: StateSnapshot,
  tables: readonly WarehouseTable[],
): FoundRenames {
  const diagnostics: Diagnostic[] = [];
  const both: Complain = (what, from, to) => diagnostics.push(bothThere(what, from, to));
  const streams = project.sources.flatMap((source) =>
    Object.entries(source.streams).flatMap(([to, { renamedFrom }]): readonly StreamRename[] => {
      const there = new Set(
        [...snapshot.names.streams].flatMap((one) =>
          one.startsWith(`${source.name}.`) ? [one.slice(source.name.length + 1)] : [],
        ),
      );
      const found = renamed(`the stream ${source.name}`, to, renamedFrom, there, both);
      return found === undefined ? [] : [{ what: 'stream', source: source.name, ...found }];
    }),
  );
  const mappings = project.mappings.map((mapping) => namesOf(project, mapping, snapshot, tables, both));
  diagnostics.push(...stillDeclared(project));
  return { streams, mappings: mappings.filter(isDifferent), diagnostics };
}

const isDifferent = ({ staged, stagedColumns, tables, columns }: MappingNames): boolean =>
  staged !== undefined || stagedColumns.length + tables.length + columns.length > 0;

function namesOf(
  project: Project,
  mapping: config.Mapping,
  { names }: StateSnapshot,
  tables: readonly WarehouseTable[],
  both: Complain,
): MappingNames {
  const staged = renamed(
    'the mapping',
    mapping.name,
    mapping.renamedFrom,
    new Set(names.mappings.keys()),
    both,
  );
  const stagedColumns = columnsOf(
    mapping,
    names.mappings.get(staged?.from ?? mapping.name),
    `staged rows of ${mapping.name}`,
    both,
  );
  const schema = mapping.to?.schema ?? homeSchema(project.warehouse);
  const inSchema = tables.filter((one) => one.schema === schema);
  const target = mapping.to?.table ?? mapping.name;
  const before = mapping.to?.table === undefined ? (mapping.renamedFrom ?? []) : [];
  const there = new Set(inSchema.map((one) => one.table));
  // Each for itself: a run may have ended between the two.
  const moved = [
    { to: target, from: before },
    { to: versionsTable(target), from: before.map(versionsTable) },
  ].flatMap(({ to, from }) => {
    const found = renamed(`the table ${schema}`, to, from, there, both);
    const known = inSchema.find((one) => one.table === (found?.from ?? to));
    return known === undefined ? [] : [{ known, from: found?.from ?? to, to }];
  });
  return {
    mapping,
    ...(staged && { staged }),
    stagedColumns,
    schema,
    tables: moved.flatMap(({ from, to }) => (from === to ? [] : [{ from, to }])),
    columns: moved.flatMap(({ known, to }) =>
      columnsOf(
        mapping,
        known.columns.map(({ name }) => name),
        `${schema}.${to}`,
        both,
      ).map((one) => ({ ...one, table: to })),
    ),
  };
}

function columnsOf(
  { properties }: config.Mapping,
  there: readonly string[] | undefined,
  where: string,
  both: Complain,
): readonly Renamed[] {
  const known = new Set(there ?? []);
  return Object.entries(properties).flatMap(
    ([to, { renamedFrom }]) => renamed(`the column of ${where},`, to, renamedFrom, known, both) ?? [],
  );
}

/** The old name that is there and must become the new one. Warehouses may write names in another case. */
function renamed(
  what: string,
  to: string,
  before: readonly string[] | undefined,
  there: ReadonlySet<string>,
  both: Complain,
): Renamed | undefined {
  const known = new Set([...there].map((name) => name.toLowerCase()));
  const [from] = (before ?? []).filter(
    (name) => name.toLowerCase() !== to.toLowerCase() && known.has(name.toLowerCase()),
  );
  if (from === undefined) return undefined;
  if (!known.has(to.toLowerCase())) return { from, to };
  both(what, from, to);
  return undefined;
}

const bothThere = (what: string, from: string, to: string): Diagnostic =>
  complaint(
    'ETL0338',
    `${what} ${to} was ${from} before, and both are there`,
    'Something was made under the new name before the old one was renamed, and nobody can tell which of them is meant.',
    `Take \`renamedFrom: [${from}]\` out where the new one is right; otherwise remove the new one, and plan again.`,
  );

/** A name that was given up and is declared again would be moved away from its owner. */
function stillDeclared({ sources, mappings }: Project): readonly Diagnostic[] {
  const found = (what: string, names: readonly (readonly [string, readonly string[] | undefined])[]) => {
    const declared = new Set(names.map(([name]) => name));
    return names.flatMap(([name, before = []]) =>
      before.filter((one) => declared.has(one)).map((one) => declaredAgain(what, name, one)),
    );
  };
  return [
    ...sources.flatMap((source) =>
      found(
        `stream ${source.name}`,
        Object.entries(source.streams).map(([name, one]) => [name, one.renamedFrom]),
      ),
    ),
    ...found(
      'mapping',
      mappings.map(({ name, renamedFrom }) => [name, renamedFrom]),
    ),
    ...mappings.flatMap(({ name, properties }) =>
      found(
        `column of ${name},`,
        Object.entries(properties).map(([column, one]) => [column, one.renamedFrom]),
      ),
    ),
  ];
}

const declaredAgain = (what: string, name: string, before: string): Diagnostic =>
  complaint(
    'ETL0335',
    `the ${what} ${name} was ${before} before, and ${before} is declared as well`,
    'A rename moves what is kept under the old name: it would be taken from the one that has the name now.',
    `Take \`renamedFrom: [${before}]\` out, or give the other one a new name.`,
  );

/** Tables as they are once the names of the warehouse are changed. */
export function tablesAfter(
  tables: readonly WarehouseTable[],
  mappings: readonly MappingNames[],
): readonly WarehouseTable[] {
  return tables.map((table) => {
    const own = mappings.filter(({ schema }) => schema === table.schema);
    const to = own.flatMap((one) => one.tables).find(({ from }) => from === table.table)?.to ?? table.table;
    const columns = own.flatMap((one) => one.columns.filter((column) => column.table === to));
    const { named: _, ...rest } = table;
    return { ...rest, table: to, columns: withNames(table.columns, columns) };
  });
}

/** The same tables under the names that a mapping had in staging. */
export function tablesAsBefore(
  tables: readonly WarehouseTable[],
  { mapping, staged, stagedColumns, schema }: MappingNames,
): readonly WarehouseTable[] {
  const target = mapping.to?.table ?? mapping.name;
  const back = stagedColumns.map(({ from, to }) => ({ from: to, to: from }));
  return tables.map((table) => {
    if (table.schema !== schema || table.table !== target) return table;
    const name = mapping.to?.table ?? staged?.from ?? target;
    return { ...table, table: name, columns: withNames(table.columns, back) };
  });
}

const withNames = (
  columns: WarehouseTable['columns'],
  renames: readonly Renamed[],
): WarehouseTable['columns'] =>
  columns.map((column) => {
    const found = renames.find(({ from }) => from.toLowerCase() === column.name.toLowerCase());
    if (found === undefined) return column;
    // Snowflake writes all names in capitals.
    const isCapital = column.name === found.from.toUpperCase() && column.name !== found.from;
    return { ...column, name: isCapital ? found.to.toUpperCase() : found.to };
  });

/** The project as it was when a mapping had its old names: it tells whether nothing but names has changed. */
export function projectBefore(
  project: Project,
  { mapping, staged, stagedColumns }: Pick<MappingNames, 'mapping' | 'staged' | 'stagedColumns'>,
  streams: readonly StreamRename[],
): { readonly project: Project; readonly mapping: config.Mapping } {
  const name = (column: string): string => stagedColumns.find(({ to }) => to === column)?.from ?? column;
  const before: config.Mapping = {
    ...mapping,
    name: staged?.from ?? mapping.name,
    from: streamBefore(mapping.from, streams),
    load: {
      ...mapping.load,
      key: mapping.load.key.map(name),
      ...(mapping.load.prune !== undefined && { prune: name(mapping.load.prune) }),
    },
    properties: Object.fromEntries(
      Object.entries(mapping.properties).map(([column, one]) => [name(column), one]),
    ),
  };
  const sources = project.sources.map((source) => ({
    ...source,
    streams: Object.fromEntries(
      Object.entries(source.streams).map(([stream, one]) => [
        streamBefore(`${source.name}.${stream}`, streams).slice(source.name.length + 1),
        one.deletes === undefined
          ? one
          : { ...one, deletes: one.deletes.map((way) => wayBefore(source.name, way, streams)) },
      ]),
    ),
  }));
  return { project: { ...project, sources }, mapping: before };
}

function streamBefore(full: string, streams: readonly StreamRename[]): string {
  const found = streams.find(({ source, to }) => full === `${source}.${to}`);
  return found === undefined ? full : `${found.source}.${found.from}`;
}

const wayBefore = (source: string, way: config.Deletes, streams: readonly StreamRename[]): config.Deletes =>
  way.stream === undefined
    ? way
    : { ...way, stream: streamBefore(`${source}.${way.stream}`, streams).slice(source.length + 1) };
