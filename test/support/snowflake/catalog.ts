import type { Name } from './ast.ts';
import type { Column } from './scope.ts';

export interface TableColumn extends Column {
  readonly required: boolean;
}

export interface Table {
  readonly name: Name;
  readonly how: 'PERMANENT' | 'TRANSIENT' | 'TEMPORARY';
  readonly owner: string;
  readonly columns: readonly TableColumn[];
  /** How DuckDB calls it. */
  readonly physical: string;
  /** Files loaded before, with their contents' hashes. */
  readonly loaded: ReadonlyMap<string, string>;
}

export interface Stage {
  /** A temporary one has its session as a fourth part: each session may have one of the same name. */
  readonly name: Name;
  readonly owner: string;
  /** The session that it goes with. */
  readonly session?: number;
}

export interface Schema {
  readonly name: Name;
  readonly owner: string;
}

/** What exists, by its full name. Statements that change it commit, so that it knows no transactions. */
export class Catalog {
  readonly schemas = new ByName<Schema>();
  readonly tables = new ByName<Table>();
  readonly stages = new ByName<Stage>();
  /** Numbers the tables inside DuckDB, so that names can be swapped and used again. */
  created = 0;

  /** The stage that a session means: one of its own goes before one that all see. */
  stage(session: number, name: Name): Stage | undefined {
    return this.stages.get(temporaryName(session, name)) ?? this.stages.get(name);
  }

  physicalName(name: Name): string {
    this.created += 1;
    return `${name.at(-1)}~${this.created}`;
  }

  saved(): string {
    const tables = this.tables.all().map((table) => ({ ...table, loaded: [...table.loaded] }));
    return JSON.stringify({
      schemas: this.schemas.all(),
      tables,
      stages: this.stages.all(),
      created: this.created,
    });
  }

  restore(saved: string): void {
    const { schemas, tables, stages, created } = JSON.parse(saved) as Saved;
    for (const schema of schemas) this.schemas.set(schema);
    for (const table of tables) this.tables.set({ ...table, loaded: new Map(table.loaded) });
    for (const stage of stages) if (stage.session === undefined) this.stages.set(stage);
    this.created = created;
  }
}

export const temporaryName = (session: number, name: Name): Name => [...name, `~${session}`];

interface Saved {
  readonly schemas: readonly Schema[];
  readonly tables: readonly (Omit<Table, 'loaded'> & { loaded: readonly (readonly [string, string])[] })[];
  readonly stages: readonly Stage[];
  readonly created: number;
}

/** Things by their names. */
export class ByName<T extends { readonly name: Name }> {
  readonly #things = new Map<string, T>();

  get(name: Name): T | undefined {
    return this.#things.get(JSON.stringify(name));
  }

  set(thing: T): void {
    this.#things.set(JSON.stringify(thing.name), thing);
  }

  delete(name: Name): void {
    this.#things.delete(JSON.stringify(name));
  }

  all(): readonly T[] {
    return [...this.#things.values()];
  }
}
