import type { Access } from './access.ts';
import type { Name } from './ast.ts';
import { literal } from './cast.ts';
import type { Catalog, Table } from './catalog.ts';
import { id, type Relation } from './scope.ts';
import type { Session } from './session.ts';
import { missing } from './sql-error.ts';
import { integer, type SqlType, varchar } from './sql-types.ts';

type Cell = string | number | null;
type View = readonly (readonly [name: string, type: SqlType])[];

const views: { readonly [name: string]: View } = {
  SCHEMATA: [
    ['CATALOG_NAME', varchar],
    ['SCHEMA_NAME', varchar],
    ['SCHEMA_OWNER', varchar],
  ],
  TABLES: [
    ['TABLE_CATALOG', varchar],
    ['TABLE_SCHEMA', varchar],
    ['TABLE_NAME', varchar],
    ['TABLE_OWNER', varchar],
    ['TABLE_TYPE', varchar],
    ['IS_TRANSIENT', varchar],
  ],
  COLUMNS: [
    ['TABLE_CATALOG', varchar],
    ['TABLE_SCHEMA', varchar],
    ['TABLE_NAME', varchar],
    ['COLUMN_NAME', varchar],
    ['ORDINAL_POSITION', integer],
    ['IS_NULLABLE', varchar],
    ['DATA_TYPE', varchar],
    ['CHARACTER_MAXIMUM_LENGTH', integer],
    ['NUMERIC_PRECISION', integer],
    ['NUMERIC_SCALE', integer],
    ['DATETIME_PRECISION', integer],
  ],
};

/** A view of INFORMATION_SCHEMA, with what the role may see; undefined for other names. */
export function informationSchema(
  name: Name,
  session: Session,
  access: Access,
  catalog: Catalog,
): Relation | undefined {
  const [view = '', schema, database = session.database] = [...name].reverse();
  if (schema !== 'INFORMATION_SCHEMA') return undefined;
  const columns = views[view];
  if (columns === undefined) throw missing('Table', name.join('.'));
  const owner = database ?? session.qualified([view], 'SELECT')[0] ?? '';
  access.database(session, owner);
  const rows = rowsOf(view, owner, session, access, catalog);
  return {
    sql: relationSql(columns, rows),
    columns: columns.map(([one, type]) => ({ name: one, type })),
    name: [view],
  };
}

function rowsOf(
  view: string,
  database: string,
  session: Session,
  access: Access,
  catalog: Catalog,
): Cell[][] {
  if (view === 'SCHEMATA')
    return catalog.schemas
      .all()
      .filter(
        ({ name, owner }) =>
          name[0] === database &&
          (owner === session.role || access.may(session.role, 'USAGE', 'SCHEMA', name)),
      )
      .map(({ name, owner }) => [...name, owner]);
  const tables = [...catalog.tables.all(), ...session.temporary.all()].filter(
    (table) => table.name[0] === database && isSeen(table, session, access),
  );
  return view === 'TABLES' ? tables.map(tableRow) : tables.flatMap(columnRows);
}

const isSeen = ({ how, owner, name }: Table, { role }: Session, access: Access): boolean =>
  how === 'TEMPORARY' ||
  owner === role ||
  ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].some((one) => access.may(role, one, 'TABLE', name));

const tableRow = ({ name, owner, how }: Table): Cell[] => [
  ...name,
  owner,
  how === 'TEMPORARY' ? 'LOCAL TEMPORARY' : 'BASE TABLE',
  how === 'TRANSIENT' ? 'YES' : 'NO',
];

const columnRows = ({ name, columns }: Table): Cell[][] =>
  columns.map((column, at) => [
    ...name,
    column.name,
    at + 1,
    column.required ? 'NO' : 'YES',
    column.type.kind === 'VARCHAR' ? 'TEXT' : column.type.kind,
    ...measures(column.type),
  ]);

/** Length, precision, scale, digits of a second. */
function measures({ kind, size, scale }: SqlType): Cell[] {
  if (kind === 'VARCHAR' || kind === 'BINARY') return [size, null, null, null];
  if (kind === 'NUMBER') return [null, size, scale, null];
  return [null, null, null, kind.startsWith('TIME') ? size : null];
}

function relationSql(columns: View, rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell): string =>
    typeof value === 'string' ? literal(value) : String(value ?? 'NULL');
  const names = columns.map(([name]) => id(name)).join(', ');
  // A row of NULLs that is never seen gives the columns their types.
  const types = columns.map(
    ([, type]) => `CAST(NULL AS ${type.kind === 'VARCHAR' ? 'VARCHAR' : 'DECIMAL(38,0)'})`,
  );
  const all = [types, ...rows.map((row) => row.map(cell))].map((row) => `(${row.join(', ')})`).join(', ');
  return `(SELECT * FROM (VALUES ${all}) AS "v"(${names}) WHERE ${id(columns[0]?.[0] ?? '')} IS NOT NULL)`;
}
