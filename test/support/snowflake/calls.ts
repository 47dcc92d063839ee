import { isOverRows, overRows } from './aggregates.ts';
import type { Facts } from './arguments.ts';
import type { Call, Expr, Order } from './ast.ts';
import { literal, type Typed } from './cast.ts';
import { scalar } from './functions.ts';
import type { Scope } from './scope.ts';
import { notTaken } from './sql-error.ts';
import { nothing, varchar } from './sql-types.ts';

interface Around {
  readonly scope: Scope;
  readonly facts: Facts;
  expression(of: Expr): Typed;
  order(by: readonly Order[]): string;
}

/** A call of whatever kind. */
export function aggregateOrScalar(call: Call, around: Around): Typed {
  if (isOverRows(call.name)) return overRows(call, around);
  if (call.over || call.distinct || call.within || call.nulls)
    throw notTaken(`${call.name} as a function over rows`);
  return scalar(call.name, argumentsOf(call, around), around.facts);
}

function argumentsOf({ name, args }: Call, around: Around): Typed[] {
  return args.flatMap((one, at) => {
    if (name === 'DATEADD' && at === 0) return [partOf(one)];
    if (one.kind === 'star' && name.startsWith('OBJECT_CONSTRUCT')) return membersOf(one, around.scope);
    return [around.expression(one)];
  });
}

/** The part of DATEADD: a word, or the same as a text. */
function partOf(one: Expr): Typed {
  if (one.kind === 'column') return { sql: one.name.join('.'), type: nothing };
  if (one.kind !== 'literal') throw notTaken('DATEADD with a part that is computed');
  return { sql: one.text.toUpperCase(), type: nothing };
}

const membersOf = ({ table, exclude }: Expr & { kind: 'star' }, scope: Scope): Typed[] =>
  scope
    .all(table)
    .filter(({ name }) => !exclude.includes(name))
    .flatMap((column) => [{ sql: literal(column.name), type: varchar }, column]);
