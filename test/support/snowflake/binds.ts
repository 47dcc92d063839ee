import type { Expr, Query, Statement } from './ast.ts';
import { literal, type Typed } from './cast.ts';
import { notTaken, SqlError } from './sql-error.ts';
import { boolean, float, nothing, type, varchar, variant } from './sql-types.ts';

interface Bind {
  readonly type: string;
  readonly value: string | null | readonly (string | null)[];
}

export type Bindings = { readonly [place: string]: Bind };

interface Bound {
  readonly statement: Statement;
  readonly binds: readonly Typed[];
}

/** A statement with its values; a list of values for each place makes as many rows of its VALUES. */
export function bound(statement: Statement, bindings: Bindings = {}): Bound {
  const places = Object.keys(bindings)
    .sort((a, b) => Number(a) - Number(b))
    .map((place) => bindings[place]!);
  const [first] = places;
  if (first === undefined || !Array.isArray(first.value))
    return { statement, binds: places.map((bind) => boundValue(bind.type, bind.value as string | null)) };
  const columns = places.map(({ type: kind, value }) =>
    (value as readonly (string | null)[]).map((one) => boundValue(kind, one)),
  );
  const count = columns[0]?.length ?? 0;
  if (columns.some((column) => column.length !== count)) throw notTaken('binds of different lengths');
  const binds = Array.from({ length: count }, (_, row) => columns.map((column) => column[row]!)).flat();
  return { statement: withRows(statement, count, places.length), binds };
}

function withRows(statement: Statement, count: number, width: number): Statement {
  const [arm, ...more] = statement.kind === 'insert' ? statement.query.arms : [];
  const row = arm?.kind === 'values' && arm.rows.length === 1 && more.length === 0 ? arm.rows[0] : undefined;
  if (statement.kind !== 'insert' || row === undefined || !row.every(({ kind }) => kind === 'bind'))
    throw notTaken('lists of binds but for INSERT … VALUES (?, …) of binds alone');
  const rows = Array.from({ length: count }, (_, at) => row.map((one) => moved(one, at * width)));
  const query: Query = { ...statement.query, arms: [{ kind: 'values', rows }] };
  return { ...statement, query };
}

const moved = (of: Expr, by: number): Expr => (of.kind === 'bind' ? { ...of, index: of.index + by } : of);

function boundValue(kind: string, value: string | null): Typed {
  if (value === null) return { sql: 'NULL', type: nothing };
  switch (kind) {
    case 'TEXT':
      return { sql: literal(value), type: varchar };
    case 'FIXED':
      return fixed(value);
    case 'REAL':
      return { sql: `CAST(${literal(value)} AS DOUBLE)`, type: float };
    case 'BOOLEAN':
      return { sql: value.toLowerCase() === 'true' || value === '1' ? 'true' : 'false', type: boolean };
    case 'VARIANT':
      return { sql: `sf_json(${literal(value)})`, type: variant };
    default:
      throw notTaken(`binds of the type ${kind}`);
  }
}

function fixed(value: string): Typed {
  if (!/^-?\d{1,38}$/.test(value))
    throw new SqlError('100038', '22018', `Numeric value '${value}' is not recognized`);
  return { sql: `CAST('${value}' AS DECIMAL(38,0))`, type: type('NUMBER', 38, 0) };
}
