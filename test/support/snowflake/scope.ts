import type { Name } from './ast.ts';
import type { Typed } from './cast.ts';
import { invalid, SqlError } from './sql-error.ts';
import type { SqlType } from './sql-types.ts';

export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

/** Something with columns that a query reads from. */
export interface Relation {
  /** How it is written in FROM. */
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly name: Name;
  /** `$1`, `$2` … of a staged file. */
  readonly positions?: readonly Typed[];
  /** `$1:name` of a staged Parquet file. */
  readonly members?: ReadonlyMap<string, Typed>;
}

/**
 * DuckDB's names differ by more than case, Snowflake's need not: small letters get a mark, so that "id" and "ID" are two.
 * Upper-case names, the common ones, stay as they are.
 */
const mangled = (name: string): string => name.replace(/[a-z^]/g, (letter) => `^${letter}`);

export const id = (name: string): string => `"${mangled(name).replaceAll('"', '""')}"`;

/** The relations that names of one SELECT are looked up in, inside those of the query around it. */
export class Scope {
  readonly relations: Relation[] = [];
  /** Names of the select list, where the clause may use them. */
  readonly aliases = new Map<string, Typed>();
  readonly outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  add(relation: Relation): void {
    const [name] = relation.name.slice(-1);
    if (name !== '' && this.relations.some((one) => one.name.at(-1) === name))
      throw new SqlError('002028', '42601', `SQL compilation error: duplicate alias '${name}'`);
    this.relations.push(relation);
  }

  column(name: Name): Typed {
    const found = this.#find(name);
    if (found === undefined) throw invalid(`invalid identifier '${name.join('.')}'`);
    return found;
  }

  #find(name: Name): Typed | undefined {
    const [table, column] = [name.slice(0, -1), name.at(-1) ?? ''];
    const found = this.relations
      .filter((one) => named(one.name, table))
      .flatMap((one) => one.columns.filter((each) => each.name === column).map((each) => typed(one, each)));
    if (found.length > 1)
      throw new SqlError('002028', '42601', `SQL compilation error: ambiguous column name '${column}'`);
    return (
      found[0] ?? (table.length === 0 ? this.aliases.get(column) : undefined) ?? this.outer?.column(name)
    );
  }

  /** The columns that `*` or `table.*` stands for. */
  all(table?: string): readonly (Column & Typed)[] {
    const found = this.relations.filter((one) => table === undefined || one.name.at(-1) === table);
    if (found.length === 0) throw invalid(`invalid identifier '${table ?? '*'}'`);
    return found.flatMap((one) => one.columns.map((each) => ({ ...each, ...typed(one, each) })));
  }

  position(index: number): Typed {
    const staged = this.relations.find(({ positions }) => positions !== undefined);
    const found = staged?.positions?.[index - 1];
    if (found === undefined) throw invalid(`invalid identifier '$${index}'`);
    return found;
  }

  /** The member of a Parquet file's only column. */
  member(key: string | number | undefined): Typed | undefined {
    return this.relations.map(({ members }) => members?.get(String(key))).find((one) => one !== undefined);
  }

  get readsParquet(): boolean {
    return this.relations.some(({ members }) => members !== undefined);
  }
}

const typed = ({ name }: Relation, column: Column): Typed => ({
  sql: `${id(name.at(-1) ?? '')}.${id(column.name)}`,
  type: column.type,
});

/** Whether a relation is meant by the last parts of its name. */
const named = (relation: Name, asked: Name): boolean =>
  asked.every((part, at) => part === relation[relation.length - asked.length + at]);
