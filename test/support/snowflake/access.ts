import type { Name } from './ast.ts';
import type { Catalog, Stage, Table } from './catalog.ts';
import type { Session } from './session.ts';
import { denied, missing, SqlError } from './sql-error.ts';

/** What roles may do: everything, or a list such as `USAGE ON SCHEMA SALES.PUBLIC` and `SELECT ON TABLE SALES.PUBLIC.T`. */
export type Grants = { readonly [role: string]: 'all' | readonly string[] };

/** Looks things up as a role may see them. */
export class Access {
  readonly catalog: Catalog;
  readonly #grants: Map<string, 'all' | Set<string>>;
  readonly #databases: readonly string[];
  readonly #warehouses: readonly string[];

  constructor(catalog: Catalog, grants: Grants, databases: readonly string[], warehouses: readonly string[]) {
    this.catalog = catalog;
    this.#databases = databases;
    this.#warehouses = warehouses;
    this.#grants = new Map(
      Object.entries(grants).map(([role, given]) => [role, given === 'all' ? 'all' : new Set(given)]),
    );
  }

  grant(role: string, privilege: string): void {
    const given = this.#grants.get(role) ?? new Set();
    if (given !== 'all') given.add(privilege);
    this.#grants.set(role, given);
  }

  /** A role that could do everything can do only what is granted from now on. */
  revoke(role: string, privilege: string): void {
    const given = this.#grants.get(role);
    if (given === undefined || given === 'all') this.#grants.set(role, new Set());
    else given.delete(privilege);
  }

  hasRole(role: string): boolean {
    return this.#grants.has(role);
  }

  may(role: string, privilege: string, kind: string, name: Name): boolean {
    const given = this.#grants.get(role);
    return given === 'all' || given?.has(`${privilege} ON ${kind} ${name.join('.')}`) === true;
  }

  canUse(role: string, kind: 'WAREHOUSE' | 'DATABASE', name: string): boolean {
    const all = kind === 'WAREHOUSE' ? this.#warehouses : this.#databases;
    return all.includes(name) && this.may(role, 'USAGE', kind, [name]);
  }

  needsWarehouse({ warehouse }: Session): void {
    if (warehouse !== undefined) return;
    const message =
      "No active warehouse selected in the current session.  Select an active warehouse with the 'use warehouse' command.";
    throw new SqlError('000606', '57P03', message);
  }

  database(session: Session, name: string): void {
    if (!this.canUse(session.role, 'DATABASE', name)) throw missing('Database', name);
  }

  /** A schema that the role may look into. */
  schema(session: Session, name: Name): void {
    const [database = ''] = name;
    this.database(session, database);
    const found = this.catalog.schemas.get(name);
    const isSeen = found?.owner === session.role || this.may(session.role, 'USAGE', 'SCHEMA', name);
    if (found === undefined || !isSeen) throw missing('Schema', name.join('.'));
  }

  /** Whether something can be made in a schema. */
  create(session: Session, what: string, name: Name): void {
    const schema = name.slice(0, 2);
    this.schema(session, schema);
    const owns = this.catalog.schemas.get(schema)?.owner === session.role;
    if (!owns && !this.may(session.role, `CREATE ${what}`, 'SCHEMA', schema))
      throw denied('schema', schema[1] ?? '');
  }

  find(session: Session, name: Name): Table | undefined {
    return session.temporary.get(name) ?? this.catalog.tables.get(name);
  }

  /** A table, for a purpose; one on which the role may do nothing does not exist for it. */
  table(session: Session, asked: Name, privilege: string): Table {
    const name = session.qualified(asked, privilege);
    const table = this.find(session, name);
    if (table?.how === 'TEMPORARY') return table;
    this.schema(session, name.slice(0, 2));
    if (table === undefined) throw missing('Table', name.join('.'));
    const allows = (one: string): boolean => this.may(session.role, one, 'TABLE', name);
    if (table.owner === session.role || allows(privilege)) return table;
    if (['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'].some(allows))
      throw denied('table', name[2] ?? '');
    throw missing('Table', name.join('.'));
  }

  stage(session: Session, asked: Name): Stage {
    const name = session.qualified(asked, 'a stage');
    const stage = this.catalog.stage(session.id, name);
    this.schema(session, name.slice(0, 2));
    if (stage === undefined) throw missing('Stage', name.join('.'));
    const owns = stage.owner === session.role;
    if (!owns && !this.may(session.role, 'WRITE', 'STAGE', name)) throw denied('stage', name[2] ?? '');
    return stage;
  }
}
