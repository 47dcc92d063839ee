import { accountColumn } from '../model/columns.ts';
import type {
  ParityColumn,
  ParityExclusion,
  ParityPair,
  ParityPlan,
  ParityStatements,
  SchemaDifference,
} from '../model/parity.ts';
import type { Dialect, LogicalType, MappingPlan } from '../model/plan.ts';
import type { Project } from '../model/project.ts';
import type { WarehouseColumn, WarehouseTable } from '../model/snapshot.ts';
import { typeText } from '../model/type-text.ts';
import { ownTables } from '../model/warehouse-home.ts';
import { columnTypes } from './column-types.ts';
import { type ExistingType, existingType, meetingType } from './existing-types.ts';
import { SqlTemplates } from './sql-templates.ts';
import { kindOf } from './table-identity.ts';

/** One side of a comparison: a project in an environment, and the tables that its warehouse has. */
export interface ParityEnd {
  readonly project: Project;
  readonly mappings: { readonly [name: string]: MappingPlan };
  readonly tables: readonly WarehouseTable[];
  /** Why a mapping's table cannot be compared, by mapping. */
  readonly obstacles?: { readonly [mapping: string]: string };
}

export interface ParityScope {
  /** Mappings. */
  readonly names: readonly string[];
  readonly exclusions: readonly ParityExclusion[];
  /** Whether rows newer than a watermark are left out, where the cursor tells. */
  readonly lagged: boolean;
}

/** Decides what of the tables of two ends is compared, and renders the SQL. Pure. */
export const compileParity = (
  left: ParityEnd,
  right: ParityEnd,
  { names, exclusions, lagged }: ParityScope,
): ParityPlan => ({
  pairs: names.map((name) =>
    pairOf(name, left, right, { lagged, excluded: exclusions.filter(({ mapping }) => mapping === name) }),
  ),
});

/** How a column takes part. */
interface Compared extends ParityColumn {
  readonly logical: LogicalType | 'presence';
}

interface Found {
  readonly dialect: Dialect;
  readonly mapping: MappingPlan;
  readonly table: WarehouseTable;
}

function pairOf(
  name: string,
  left: ParityEnd,
  right: ParityEnd,
  { lagged, excluded }: { readonly lagged: boolean; readonly excluded: readonly ParityExclusion[] },
): ParityPair {
  const head = {
    mapping: name,
    tables: { left: tableName(left, name), right: tableName(right, name) },
    schema: [],
    columns: [],
    excluded,
  };
  const known = left.obstacles?.[name] ?? right.obstacles?.[name];
  if (known !== undefined) return { ...head, obstacle: known };
  const [a, b] = [foundIn(left, name), foundIn(right, name)];
  if (a === undefined || b === undefined) {
    const [end, side] = a === undefined ? [left, head.tables.left] : [right, head.tables.right];
    return { ...head, obstacle: `${side} does not exist in ${end.project.environment}` };
  }
  if (a.mapping.key.join() !== b.mapping.key.join())
    return {
      ...head,
      obstacle: `the key is ${a.mapping.key.join(', ')} on one side and ${b.mapping.key.join(', ')} on the other`,
    };
  const leftOut = new Set(excluded.flatMap(({ column }) => column ?? []));
  const { schema, columns } = columnsOf(a, b, leftOut, personalIn([left, right], name));
  const lost = a.mapping.key.filter((key) => !columns.some((column) => column.name === key));
  if (lost.length > 0) return { ...head, schema, obstacle: `the key cannot be compared: ${lost.join(', ')}` };
  const kind = cursorKindOf(a, b);
  const settled = lagged && kind !== undefined;
  return {
    ...head,
    schema,
    columns: columns.map(({ logical: _, ...column }) => column),
    ...(kind !== undefined && { cursorKind: kind }),
    statements: {
      left: statementsOf(left.project, a, columns, settled),
      right: statementsOf(right.project, b, columns, settled),
    },
  };
}

/** What the cursors of both sides begin with, where they are instants. */
function cursorKindOf(a: Found, b: Found): string | undefined {
  const kind = kindOf(a.mapping);
  const isBoth = kind === kindOf(b.mapping) && hasCursor(a) && hasCursor(b);
  return isBoth && kind.endsWith(' timestamp: ') ? kind : undefined;
}

const hasCursor = ({ table }: Found): boolean =>
  table.columns.some(({ name }) => name.toLowerCase() === '_cursor');

const tableName = ({ mappings }: ParityEnd, name: string): string => {
  const mapping = mappings[name];
  return mapping === undefined ? name : `${mapping.schema}.${mapping.table}`;
};

function foundIn({ project, mappings, tables }: ParityEnd, name: string): Found | undefined {
  const mapping = mappings[name];
  const table = tables.find((one) => one.schema === mapping?.schema && one.table === mapping.table);
  if (mapping === undefined || table === undefined) return undefined;
  return { dialect: project.warehouse.type ?? 'duckdb', mapping, table };
}

/** Properties whose values are not shown, since one of the sides says so. */
function personalIn(ends: readonly ParityEnd[], name: string): ReadonlySet<string> {
  const declared = ends.flatMap(({ project }) => project.mappings.find((one) => one.name === name) ?? []);
  return new Set(
    declared.flatMap(({ properties }) =>
      Object.keys(properties).filter((property) => properties[property]?.pii !== undefined),
    ),
  );
}

/** Names of columns that both mappings or one of them refer to, in order. */
function referenced({ mapping: a }: Found, { mapping: b }: Found): readonly string[] {
  const own =
    a.strategy === 'append' ? ['_cursor'] : isTimed(a) ? ['_valid_from', '_valid_to', '_is_current'] : [];
  const soft = a.deletes?.how === 'soft' && a.strategy !== 'scd2' ? ['_deleted_at'] : [];
  const properties = [...a.properties, ...b.properties].map(({ name }) => name);
  return [...new Set([accountColumn, ...properties, ...own, ...soft])];
}

/** Of a history without instants the intervals begin when its rows came here, which differs from place to place. */
const isTimed = (mapping: MappingPlan): boolean =>
  mapping.strategy === 'scd2' && kindOf(mapping).endsWith(' timestamp: ');

function columnsOf(
  a: Found,
  b: Found,
  leftOut: ReadonlySet<string>,
  personal: ReadonlySet<string>,
): { readonly schema: readonly SchemaDifference[]; readonly columns: readonly Compared[] } {
  const schema: SchemaDifference[] = [];
  const columns: Compared[] = [];
  for (const name of referenced(a, b)) {
    if (leftOut.has(name) && !a.mapping.key.includes(name)) continue;
    const [mine, theirs] = [columnIn(a, name), columnIn(b, name)];
    schema.push(...differences(name, mine, theirs));
    const logical = mine && theirs && comparedAs(name, mine.type, theirs.type);
    if (logical === undefined) continue;
    columns.push({
      name,
      logical,
      isKey: isKey(a.mapping, name),
      isPersonal: personal.has(name),
      kind: kindFor(logical),
    });
  }
  return { schema, columns };
}

/** In a table that keeps all versions, a row is told from others by all that it holds. */
function isKey(mapping: MappingPlan, name: string): boolean {
  if (mapping.strategy === 'append') return true;
  return mapping.key.includes(name) || (isTimed(mapping) && name === '_valid_from');
}

interface Known {
  readonly type: ExistingType | undefined;
  readonly text: string;
  readonly required: boolean;
}

function columnIn({ dialect, table }: Found, name: string): Known | undefined {
  const column = table.columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
  return column && { ...typeOf(dialect, column), required: column.nullable === false };
}

function typeOf(dialect: Dialect, { type }: WarehouseColumn): Pick<Known, 'type' | 'text'> {
  const known = existingType(dialect, type);
  if (known === undefined) return { type: undefined, text: type };
  const { logical, charactersMax, fraction, isSingle } = known;
  const sizes = [
    charactersMax,
    fraction === undefined ? undefined : `${fraction} digits of a second`,
    isSingle && '32 bits',
  ];
  const size = sizes.filter((one) => one !== undefined).join(', ');
  return { type: known, text: `${typeText(logical)}${size === '' ? '' : ` (${size})`}` };
}

function differences(
  column: string,
  left: Known | undefined,
  right: Known | undefined,
): readonly SchemaDifference[] {
  if (left === undefined || right === undefined) {
    if (left === right) return [];
    const said = (one: Known | undefined): string => one?.text ?? 'absent';
    return [{ column, kind: 'absent', left: said(left), right: said(right) }];
  }
  const nulls = ({ required }: Known): string => (required ? 'NOT NULL' : 'NULL allowed');
  return [
    ...(left.text === right.text
      ? []
      : [{ column, kind: 'type', left: left.text, right: right.text } as const]),
    ...(left.required === right.required
      ? []
      : [{ column, kind: 'nullability', left: nulls(left), right: nulls(right) } as const]),
  ];
}

function comparedAs(
  name: string,
  left: ExistingType | undefined,
  right: ExistingType | undefined,
): Compared['logical'] | undefined {
  if (name === '_deleted_at') return 'presence';
  return left && right && meetingType(left.logical, right.logical);
}

const kindFor = (logical: Compared['logical']): ParityColumn['kind'] =>
  logical !== 'presence' && (logical.name === 'json' || logical.name === 'double') ? logical.name : 'plain';

const flags = [
  ['isString', 'string'],
  ['isDouble', 'double'],
  ['isBoolean', 'boolean'],
  ['isDate', 'date'],
  ['isTime', 'time'],
  ['isTimestamp', 'timestamp'],
  ['isDatetime', 'datetime'],
  ['isJson', 'json'],
  ['isBinary', 'binary'],
] as const;

function statementsOf(
  project: Project,
  found: Found,
  columns: readonly Compared[],
  lagged: boolean,
): ParityStatements {
  const { dialect, mapping } = found;
  // A template of the project could make any two tables the same: here only the package's count.
  const packaged = { templates: project.templates, ownTemplates: [] };
  const templates = new SqlTemplates(packaged, dialect, { more: ownTables(project.warehouse) });
  const types = columnTypes(dialect);
  const firstKey = columns.find((column) => column.isKey)?.name;
  const context = {
    schema: mapping.schema,
    table: mapping.table,
    kind: kindOf(mapping),
    hasCursor: hasCursor(found),
    currentOnly: mapping.strategy === 'scd2' && !isTimed(mapping),
    lagged,
    columns: columns.map(({ name, isKey: key, logical }, at) => ({
      name,
      as: `_etl${at}`,
      isKey: key,
      isFirst: name === firstKey,
      type: logical === 'presence' ? '' : types(logical).type,
      isPresence: logical === 'presence',
      isNumber: logical !== 'presence' && (logical.name === 'integer' || logical.name === 'decimal'),
      isBare: logical !== 'presence' && logical.name === 'decimal' && logical.precision === logical.scale,
      ...Object.fromEntries(
        flags.map(([flag, type]) => [flag, logical !== 'presence' && logical.name === type]),
      ),
    })),
  };
  const needsPreparing = templates.has('parity-prepare') && columns.some(({ kind }) => kind === 'json');
  const prepare = needsPreparing ? [templates.render('parity-prepare', {})] : [];
  const render = (name: string): readonly string[] => [...prepare, templates.render(name, context)];
  return {
    newest: [templates.render('parity-newest', context)],
    counts: render('parity-counts'),
    segments: render('parity-segments'),
    keys: render('parity-keys'),
    rows: render('parity-rows'),
  };
}
