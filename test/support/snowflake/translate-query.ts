import type { Facts } from './arguments.ts';
import type { Expr, Item, Name, Order, Query, Select, Source, Values } from './ast.ts';
import { cast, type Typed } from './cast.ts';
import { type Column, id, type Relation, Scope } from './scope.ts';
import { invalid, notTaken, SqlError } from './sql-error.ts';
import { meeting, varchar } from './sql-types.ts';
import { Translator } from './translate-expression.ts';

/** What a query needs to know. */
export interface Around {
  readonly facts: Facts;
  readonly binds: readonly Typed[];
  /** A table by its name, if the session may read it. */
  table(name: Name): Relation;
}

export interface Translated {
  readonly sql: string;
  readonly columns: readonly Column[];
}

type Common = ReadonlyMap<string, readonly Column[]>;

/** Queries as DuckDB takes them. */
export class QueryTranslator {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  query(query: Query, outer?: Scope, known: Common = new Map()): Translated {
    const common = new Map(known);
    const heads = query.with.map(({ name, query: inner }) => {
      const { sql, columns } = this.query(inner, undefined, common);
      common.set(name, columns);
      return `${id(name)} AS (${sql})`;
    });
    const body = this.#body(query, outer, common);
    return {
      sql: `${heads.length > 0 ? `WITH ${heads.join(', ')} ` : ''}${body.sql}`,
      columns: body.columns,
    };
  }

  #body(query: Query, outer: Scope | undefined, common: Common): Translated {
    const [only, ...more] = query.arms;
    const limit = query.limit === undefined ? '' : ` LIMIT ${query.limit}`;
    if (only?.kind === 'select' && more.length === 0) {
      const { sql, columns } = this.#select(only, query.order, outer, common);
      return { sql: `${sql}${limit}`, columns };
    }
    const { sql, columns } = this.#union(query.arms, outer, common);
    const scope = new Scope(outer);
    scope.add({ sql: '', columns, name: ['u'] });
    const order =
      query.order.length === 0 ? '' : ` ORDER BY ${this.#order(query.order, scope, common, columns)}`;
    return { sql: `SELECT * FROM (${sql}) AS ${id('u')}${order}${limit}`, columns };
  }

  /** The arms of UNION ALL, each column of the type where they meet. */
  #union(arms: readonly (Select | Values)[], outer: Scope | undefined, common: Common): Translated {
    const all = arms.map((arm) =>
      arm.kind === 'values' ? this.#values(arm, outer, common) : this.#select(arm, [], outer, common),
    );
    const [first] = all;
    if (first === undefined || all.some(({ columns }) => columns.length !== first.columns.length))
      throw new SqlError(
        '001789',
        '42601',
        'SQL compilation error:\ninvalid number of result columns for set operator',
      );
    const columns = first.columns.map(({ name }, at) => {
      const met = all
        .map((arm) => arm.columns[at]!.type)
        .reduce((a, b) => {
          const both = meeting(a, b);
          if (both === undefined)
            throw invalid(`the columns ${name} of UNION ALL are of different types; cast one`);
          return both;
        });
      return { name, type: met };
    });
    return { sql: all.map(({ sql }) => `(${sql})`).join(' UNION ALL '), columns };
  }

  #values({ rows }: Values, outer: Scope | undefined, common: Common): Translated {
    const translator = this.translator(new Scope(outer), common);
    const values = rows.map((row) => row.map((one) => translator.expression(one)));
    const [first = []] = values;
    if (values.some((row) => row.length !== first.length)) throw invalid('rows of VALUES differ in length');
    const columns = first.map((_, at) => ({
      name: `COLUMN${at + 1}`,
      type: values.map((row) => row[at]!.type).reduce((a, b) => meeting(a, b) ?? varchar),
    }));
    const texts = values.map((row) =>
      row.map((one, at) =>
        one.type.kind === columns[at]!.type.kind
          ? one.sql
          : cast(one, columns[at]!.type, this.#around.facts.timezone).sql,
      ),
    );
    const names = columns.map(({ name }) => id(name)).join(', ');
    return {
      sql: `SELECT * FROM (VALUES ${texts.map((row) => `(${row.join(', ')})`).join(', ')}) AS "v"(${names})`,
      columns,
    };
  }

  #select(select: Select, order: readonly Order[], outer: Scope | undefined, common: Common): Translated {
    const scope = new Scope(outer);
    const from = select.from && this.source(select.from, scope, common);
    const translator = this.translator(scope, common);
    const where = select.where && translator.condition(select.where);
    const items = select.items.flatMap((item) => itemsOf(item, translator));
    for (const { name, of } of items) if (!scope.aliases.has(name)) scope.aliases.set(name, of);
    const columns = items.map(({ name, of }) => ({ name, type: of.type }));
    if (select.distinct && columns.some(({ type: { kind } }) => kind === 'TIMESTAMP_TZ'))
      throw notTaken('DISTINCT of TIMESTAMP_TZ');
    const group = select.group.map((one) => grouped(one, items, translator));
    const sql = [
      select.distinct ? 'SELECT DISTINCT' : 'SELECT',
      items.map(({ name, of }) => `${of.sql} AS ${id(name)}`).join(', '),
      clause('FROM', from),
      clause('WHERE', where),
      clause('GROUP BY', group.join(', ')),
      clause('HAVING', select.having && translator.condition(select.having)),
      clause('QUALIFY', select.qualify && translator.condition(select.qualify)),
      clause('ORDER BY', this.#order(order, scope, common, columns)),
    ];
    return { sql: sql.join(' '), columns };
  }

  /** A number stands for the column at that place. */
  #order(order: readonly Order[], scope: Scope, common: Common, columns: readonly Column[]): string {
    const translator = this.translator(scope, common);
    return translator.order(
      order.map((one) => {
        if (one.by.kind !== 'literal' || one.by.type !== 'number') return one;
        const name = columns[Number(one.by.text) - 1]?.name;
        if (name === undefined) throw invalid(`ORDER BY ${one.by.text} is no column`);
        return { ...one, by: { kind: 'column', name: [name] } };
      }),
    );
  }

  translator(scope: Scope, common: Common = new Map()): Translator {
    const { facts, binds } = this.#around;
    return new Translator(scope, facts, binds, (query, outer) => this.query(query, outer, common));
  }

  source(source: Source, scope: Scope, common: Common = new Map()): string {
    if (source.kind === 'join') return this.#join(source, scope, common);
    const { sql, ...relation } = this.#relation(source, common);
    scope.add({ sql, ...relation });
    return `${sql} AS ${id(relation.name.at(-1) ?? '')}`;
  }

  #join({ how, left, right, on }: Source & { kind: 'join' }, scope: Scope, common: Common): string {
    const sides = `${this.source(left, scope, common)} ${how} JOIN ${this.source(right, scope, common)}`;
    return on === undefined ? sides : `${sides} ON ${this.translator(scope, common).condition(on)}`;
  }

  #relation(source: Exclude<Source, { kind: 'join' }>, common: Common): Relation {
    switch (source.kind) {
      case 'stage':
        throw notTaken('a query of a stage outside COPY INTO');
      case 'table': {
        const [name = '', ...more] = source.name;
        const columns = more.length === 0 ? common.get(name) : undefined;
        const found =
          columns === undefined ? this.#around.table(source.name) : { sql: id(name), columns, name: [name] };
        return source.as === undefined ? found : { ...found, name: [source.as] };
      }
      case 'query': {
        const { sql, columns } = this.query(source.query, undefined, common);
        return derived(`(${sql})`, columns, source.as ?? `_derived_${unnamed()}`, source.columns);
      }
    }
  }
}

const clause = (words: string, of: string | undefined): string => (of ? `${words} ${of}` : '');

let derivedCount = 0;
const unnamed = (): number => {
  derivedCount += 1;
  return derivedCount;
};

function derived(
  sql: string,
  columns: readonly Column[],
  as: string,
  renamed: readonly string[] | undefined,
): Relation {
  if (renamed === undefined) return { sql, columns, name: [as] };
  if (renamed.length !== columns.length) throw invalid(`the columns of ${as} are ${columns.length}`);
  const named = columns.map(({ type }, at) => ({ name: renamed[at] ?? '', type }));
  const inner = `(SELECT * FROM ${sql} AS "r"(${renamed.map(id).join(', ')}))`;
  return { sql: inner, columns: named, name: [as] };
}

interface Listed {
  readonly name: string;
  readonly of: Typed;
}

function itemsOf({ of, as, text }: Item, translator: Translator): Listed[] {
  if (of.kind !== 'star') {
    const name = as ?? (of.kind === 'column' ? (of.name.at(-1) ?? '') : text.toUpperCase());
    return [{ name, of: translator.expression(of) }];
  }
  const columns = translator.scope.all(of.table).filter(({ name }) => !of.exclude.includes(name));
  return columns.map(({ name, sql, type }) => ({ name, of: { sql, type } }));
}

/** An expression, a name of the list, or a place in it. */
function grouped(one: Expr, items: readonly Listed[], translator: Translator): string {
  const isPlace = one.kind === 'literal' && one.type === 'number';
  const of = isPlace ? items[Number(one.text) - 1]?.of : translator.expression(one);
  if (of === undefined) throw invalid('GROUP BY of no column');
  if (of.type.kind === 'TIMESTAMP_TZ') throw notTaken('GROUP BY of TIMESTAMP_TZ');
  return of.sql;
}
