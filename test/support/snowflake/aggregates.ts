import type { Call, Order, Window } from './ast.ts';
import { keyOf, type Typed } from './cast.ts';
import { mismatch, notTaken, SqlError } from './sql-error.ts';
import { integer, type SqlType, type, varchar, written } from './sql-types.ts';

/** Translates what stands inside a call. */
export interface Inside {
  expression(of: Call['args'][number]): Typed;
  order(by: readonly Order[]): string;
}

const wholeFrame = 'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING';
const ranks = ['ROW_NUMBER', 'RANK', 'DENSE_RANK'];
const places = ['LAG', 'LEAD', 'FIRST_VALUE', 'LAST_VALUE'];
const sums = ['COUNT', 'COUNT_IF', 'SUM', 'MIN', 'MAX', 'LISTAGG', 'BOOLOR_AGG', 'BOOLAND_AGG'];

export const isOverRows = (name: string): boolean =>
  [ranks, places, sums].some((names) => names.includes(name));

/** An aggregate or a window function. */
export function overRows(call: Call, inside: Inside): Typed {
  const { name, over } = call;
  if (ranks.includes(name) || places.includes(name)) {
    if (over === undefined || over.order.length === 0)
      throw new SqlError(
        '002303',
        '42601',
        `SQL compilation error:\nWindow function [${name}] requires ORDER BY in window specification`,
      );
    return placed(call, over, inside);
  }
  const { sql, type: to } = aggregate(call, inside);
  if (over === undefined) return { sql, type: to };
  if (call.distinct && over.order.length > 0) throw notTaken('DISTINCT in an ordered window');
  return { sql: `${sql} OVER (${windowOf(over, over.frame, inside)})`, type: to };
}

function placed(call: Call, over: Window, inside: Inside): Typed {
  const args = call.args.map((one) => inside.expression(one));
  const { name } = call;
  if (ranks.includes(name)) {
    if (args.length > 0 || call.nulls) throw notTaken(`an argument of ${name}`);
    return { sql: `${name}() OVER (${windowOf(over, undefined, inside)})`, type: integer };
  }
  const [first] = args;
  if (first === undefined) throw notTaken(`${name} of nothing`);
  // Where no frame is written, Snowflake looks at the whole partition.
  const frame = name.endsWith('_VALUE') ? (over.frame ?? wholeFrame) : undefined;
  const nulls = call.nulls === undefined ? '' : ` ${call.nulls} NULLS`;
  const inner = args.map(({ sql }, at) => (at === 1 ? `CAST(${sql} AS INTEGER)` : sql)).join(', ');
  return { sql: `${name}(${inner}${nulls}) OVER (${windowOf(over, frame, inside)})`, type: first.type };
}

function windowOf({ partition, order }: Window, frame: string | undefined, inside: Inside): string {
  const by = partition.map((one) => keyOf(inside.expression(one)));
  return [
    by.length > 0 ? `PARTITION BY ${by.join(', ')}` : '',
    order.length > 0 ? `ORDER BY ${inside.order(order)}` : '',
    frame ?? '',
  ].join(' ');
}

function aggregate(call: Call, inside: Inside): Typed {
  const { name, args, distinct } = call;
  const only = args[0];
  if (name === 'LISTAGG') return listed(call, inside);
  if (only === undefined || args.length > 1 || call.within)
    throw notTaken(`${name} of ${args.length} arguments`);
  if (only.kind === 'star') {
    if (name !== 'COUNT' || only.table !== undefined) throw notTaken(`${name}(*)`);
    return { sql: 'count(*)', type: integer };
  }
  const of = inside.expression(only);
  const each = distinct ? 'DISTINCT ' : '';
  switch (name) {
    case 'COUNT':
      return { sql: `count(${each}${keyOf(of)})`, type: integer };
    case 'COUNT_IF':
      return { sql: `count_if(${condition(of)})`, type: integer };
    case 'BOOLOR_AGG':
      return { sql: `bool_or(${condition(of)})`, type: type('BOOLEAN') };
    case 'BOOLAND_AGG':
      return { sql: `bool_and(${condition(of)})`, type: type('BOOLEAN') };
    case 'SUM':
      return { sql: `sum(${each}${of.sql})`, type: summed(of.type) };
    default:
      return extreme(name, of);
  }
}

function condition({ sql, type: { kind } }: Typed): string {
  if (kind !== 'BOOLEAN') throw mismatch(`a condition is expected, not ${kind}`);
  return sql;
}

function summed(of: SqlType): SqlType {
  if (of.kind === 'NUMBER') return type('NUMBER', 38, of.scale);
  if (of.kind !== 'FLOAT') throw mismatch(`SUM of ${written(of)}`);
  return of;
}

function extreme(name: string, of: Typed): Typed {
  if (of.type.kind === 'VARIANT') throw notTaken(`${name} of VARIANT`);
  if (of.type.kind !== 'TIMESTAMP_TZ') return { sql: `${name.toLowerCase()}(${of.sql})`, type: of.type };
  return { sql: `arg_${name.toLowerCase()}(${of.sql}, ${keyOf(of)})`, type: of.type };
}

/** Without an order its result is anything: one is asked for. */
function listed({ args, within, distinct }: Call, inside: Inside): Typed {
  const [of, by] = args.map((one) => inside.expression(one));
  if (of?.type.kind !== 'VARCHAR' || within === undefined)
    throw notTaken('LISTAGG but of texts WITHIN GROUP (ORDER BY …)');
  const each = distinct ? 'DISTINCT ' : '';
  // Snowflake: an empty text where nothing is listed.
  const listing = `string_agg(${each}${of.sql}, ${by?.sql ?? "''"} ORDER BY ${inside.order(within)})`;
  return { sql: `coalesce(${listing}, '')`, type: varchar };
}
