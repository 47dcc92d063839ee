import type { Facts } from './arguments.ts';
import type { Expr, Order, Query } from './ast.ts';
import { aggregateOrScalar } from './calls.ts';
import { asText, cast, keyOf, literal, type Typed } from './cast.ts';
import { met, same } from './functions.ts';
import type { Column, Scope } from './scope.ts';
import { mismatch, notTaken, SqlError } from './sql-error.ts';
import { boolean, float, nothing, type SqlType, type, varchar, variant, written } from './sql-types.ts';

/** Translates a query inside an expression. */
export type Subquery = (
  query: Query,
  outer: Scope,
) => { readonly sql: string; readonly columns: readonly Column[] };

type Of<K extends Expr['kind']> = Extract<Expr, { kind: K }>;

const comparisons = ['=', '<>', '<', '>', '<=', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'];
const coerced = [
  'NUMBER',
  'FLOAT',
  'BOOLEAN',
  'DATE',
  'TIME',
  'TIMESTAMP_NTZ',
  'TIMESTAMP_LTZ',
  'TIMESTAMP_TZ',
];

/** Expressions of one clause, in its scope. */
export class Translator {
  readonly scope: Scope;
  readonly facts: Facts;
  readonly #binds: readonly Typed[];
  readonly #subquery: Subquery;

  constructor(scope: Scope, facts: Facts, binds: readonly Typed[], subquery: Subquery) {
    this.scope = scope;
    this.facts = facts;
    this.#binds = binds;
    this.#subquery = subquery;
  }

  condition(of: Expr): string {
    const { sql, type: found } = this.expression(of);
    if (found.kind !== 'BOOLEAN' && found.kind !== 'NULL')
      throw mismatch(`a condition is expected, not ${written(found)}`);
    return sql;
  }

  order(by: readonly Order[]): string {
    return by.map((one) => this.#ordered(one)).join(', ');
  }

  /** Snowflake takes NULL for the greatest value. */
  #ordered({ by, descending, nulls }: Order): string {
    const of = this.expression(by);
    if (of.type.kind === 'VARIANT') throw notTaken('an order by VARIANT');
    const at = nulls ?? (descending ? 'FIRST' : 'LAST');
    return `${keyOf(of)} ${descending ? 'DESC' : 'ASC'} NULLS ${at}`;
  }

  expression(of: Expr): Typed {
    switch (of.kind) {
      case 'literal':
        return literalOf(of);
      case 'bind':
        return this.#bound(of.index);
      case 'column':
        return this.scope.column(of.name);
      case 'position':
        return this.scope.position(of.index);
      case 'star':
        throw notTaken('* here');
      case 'call':
        return aggregateOrScalar(of, this);
      case 'case':
        return this.#case(of);
      case 'cast':
        return cast(this.expression(of.of), of.to, this.facts.timezone, of.isTry);
      case 'path':
        return this.#path(of);
      default:
        return this.#operation(of);
    }
  }

  #operation(
    of: Exclude<
      Expr,
      Of<'literal' | 'bind' | 'column' | 'position' | 'star' | 'call' | 'case' | 'cast' | 'path'>
    >,
  ): Typed {
    switch (of.kind) {
      case 'not':
        return { sql: `(NOT ${this.condition(of.of)})`, type: boolean };
      case 'minus':
        return this.#negative(of.of);
      case 'binary':
        return this.#binary(of);
      case 'between':
        return this.#between(of);
      case 'in':
        return this.#in(of);
      case 'null':
        return { sql: `(${this.expression(of.of).sql} IS ${of.not ? 'NOT ' : ''}NULL)`, type: boolean };
      case 'exists':
        return { sql: `EXISTS (${this.#subquery(of.query, this.scope).sql})`, type: boolean };
      case 'scalar':
        return this.#scalar(of.query);
    }
  }

  #bound(index: number): Typed {
    const bind = this.#binds[index - 1];
    if (bind === undefined)
      throw new SqlError(
        '002049',
        '42601',
        `SQL compilation error: error line 1 at position 0\nBind variable ? not set (number ${index}).`,
      );
    return bind;
  }

  #negative(of: Expr): Typed {
    const { sql, type: found } = this.expression(of);
    if (found.kind !== 'NUMBER' && found.kind !== 'FLOAT') throw mismatch(`minus ${written(found)}`);
    return { sql: /^\d/.test(sql) ? `-${sql}` : `(-${sql})`, type: found };
  }

  #binary(of: Of<'binary'>): Typed {
    const { op } = of;
    if (op === 'AND' || op === 'OR')
      return { sql: `(${this.condition(of.left)} ${op} ${this.condition(of.right)})`, type: boolean };
    const left = this.expression(of.left);
    const right = this.expression(of.right);
    if (comparisons.includes(op)) return { sql: this.compared(left, op, right), type: boolean };
    if (op === '||') return { sql: `(${asText(left).sql} || ${asText(right).sql})`, type: varchar };
    if (op === 'LIKE') return { sql: `(${textual(left)} LIKE ${textual(right)})`, type: boolean };
    return arithmetic(left, op, right);
  }

  compared(left: Typed, op: string, right: Typed): string {
    const [a, b] = this.#comparable(left, right);
    const json = a.type.kind === 'VARIANT' || b.type.kind === 'VARIANT';
    if (json && !/^(?:=|<>|IS.*)$/.test(op)) throw notTaken(`${op} of VARIANT`);
    return `(${keyOf(a)} ${op} ${keyOf(b)})`;
  }

  /** Texts are read as what they are compared with; instants are compared with instants. */
  #comparable(a: Typed, b: Typed): [Typed, Typed] {
    const [left, right] = [a.type.kind, b.type.kind];
    const { timezone } = this.facts;
    if (left === right || left === 'NULL' || right === 'NULL') return [a, b];
    if (left === 'VARCHAR' && coerced.includes(right)) return [cast(a, wide(b.type), timezone), b];
    if (right === 'VARCHAR' && coerced.includes(left)) return [a, cast(b, wide(a.type), timezone)];
    const both = [left, right].sort().join();
    if (both === 'FLOAT,NUMBER' || both === 'TIMESTAMP_LTZ,TIMESTAMP_TZ') return [a, b];
    throw mismatch(`${written(a.type)} and ${written(b.type)} are not compared; cast one`);
  }

  #between({ of, low, high, not }: Of<'between'>): Typed {
    const [value, from, to] = [of, low, high].map((one) => this.expression(one)) as [Typed, Typed, Typed];
    const inside = `(${this.compared(value, '>=', from)} AND ${this.compared(value, '<=', to)})`;
    return { sql: not ? `(NOT ${inside})` : inside, type: boolean };
  }

  #in({ of, among, not }: Of<'in'>): Typed {
    const value = this.expression(of);
    const op = not ? 'NOT IN' : 'IN';
    if ('arms' in among) {
      const { sql, columns } = this.#subquery(among, this.scope);
      const [column, ...more] = columns;
      const isSame = column !== undefined && more.length === 0 && column.type.kind === value.type.kind;
      if (!isSame || value.type.kind === 'TIMESTAMP_TZ')
        throw mismatch('IN needs a query of one column of the same type');
      return { sql: `(${value.sql} ${op} (${sql}))`, type: boolean };
    }
    const any = among.map((one) => this.compared(value, '=', this.expression(one))).join(' OR ');
    return { sql: not ? `(NOT (${any}))` : `(${any})`, type: boolean };
  }

  #scalar(query: Query): Typed {
    const { sql, columns } = this.#subquery(query, this.scope);
    const [column, ...more] = columns;
    if (column === undefined || more.length > 0) throw notTaken('a query of several columns as a value');
    return { sql: `(${sql})`, type: column.type };
  }

  #case({ of, whens, otherwise }: Of<'case'>): Typed {
    const value = of && this.expression(of);
    const conditions = whens.map(({ when }) =>
      value === undefined ? this.condition(when) : this.compared(value, '=', this.expression(when)),
    );
    const results = whens.map(({ value }) => this.expression(value));
    const last = otherwise ? this.expression(otherwise) : { sql: 'NULL', type: nothing };
    const all = met([...results, last], 'CASE', this.facts);
    const branches = conditions.map((when, at) => `WHEN ${when} THEN ${all[at]?.sql}`).join(' ');
    return { sql: `CASE ${branches} ELSE ${all.at(-1)?.sql} END`, type: same(all, 'CASE') };
  }

  #path({ of, keys }: Of<'path'>): Typed {
    if (of.kind === 'position' && this.scope.readsParquet) {
      const member = keys.length === 1 ? this.scope.member(keys[0]) : undefined;
      return member ?? { sql: 'NULL', type: nothing };
    }
    const { sql, type: found } = this.expression(of);
    if (found.kind !== 'VARIANT') throw mismatch(`a path into ${written(found)}`);
    return { sql: `sf_member(${sql}, ${literal(JSON.stringify(keys))})`, type: variant };
  }
}

/** Texts are compared without a loss of digits. */
const wide = (to: SqlType): SqlType => (to.kind === 'NUMBER' ? type('NUMBER', 38, to.scale) : to);

function textual({ sql, type: found }: Typed): string {
  if (found.kind !== 'VARCHAR' && found.kind !== 'NULL')
    throw mismatch(`a VARCHAR is expected, not ${written(found)}`);
  return sql;
}

function literalOf({ type: kind, text }: Of<'literal'>): Typed {
  if (kind === 'null') return { sql: 'NULL', type: nothing };
  if (kind === 'boolean') return { sql: text.toLowerCase(), type: boolean };
  if (kind === 'text') return { sql: literal(text), type: varchar };
  if (/e/i.test(text)) return { sql: `CAST('${text}' AS DOUBLE)`, type: float };
  const [whole = '', fraction = ''] = text.split('.');
  const size = Math.max(1, whole.replace(/^0+/, '').length + fraction.length);
  if (size > 38) throw notTaken(`a number of more than 38 digits: ${text}`);
  const to = type('NUMBER', size, fraction.length);
  return { sql: size > 18 ? `CAST('${text}' AS DECIMAL(${size},${fraction.length}))` : text, type: to };
}

function arithmetic(left: Typed, op: string, right: Typed): Typed {
  const kinds = [left.type.kind, right.type.kind];
  const sql = `(${left.sql} ${op} ${right.sql})`;
  if (op === '/') throw notTaken('/, whose scale differs: multiply, or cast to FLOAT in the program');
  if (!kinds.every((kind) => kind === 'NUMBER' || kind === 'FLOAT'))
    throw mismatch(`${written(left.type)} ${op} ${written(right.type)}`);
  if (kinds.includes('FLOAT')) return { sql, type: float };
  const scale = op === '*' ? left.type.scale + right.type.scale : Math.max(left.type.scale, right.type.scale);
  return { sql, type: type('NUMBER', 38, scale) };
}
