import type { Access } from './access.ts';
import type { Facts } from './arguments.ts';
import type { Name } from './ast.ts';
import { assigned, type Typed } from './cast.ts';
import type { ByName, Catalog, Table } from './catalog.ts';
import { type Database, rowsOf, run } from './database.ts';
import { informationSchema } from './information-schema.ts';
import type { TableLocks } from './locks.ts';
import { id, type Relation } from './scope.ts';
import type { Session } from './session.ts';
import { fromDuckDb, invalid, SqlError } from './sql-error.ts';
import type { StageFiles } from './stage-files.ts';
import { QueryTranslator } from './translate-query.ts';

/** What all sessions share. */
export interface World {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly access: Access;
  readonly files: StageFiles;
  readonly locks: TableLocks;
}

/** One statement under way. */
export class Job {
  readonly session: Session;
  readonly world: World;
  readonly binds: readonly Typed[];
  readonly facts: Facts;
  readonly queryId: string;

  constructor(world: World, session: Session, binds: readonly Typed[], queryId: string) {
    this.world = world;
    this.session = session;
    this.binds = binds;
    this.queryId = queryId;
    const { timezone, role, warehouse, database, schema } = session;
    const now = new Date().toISOString().replace('T', ' ').replace('Z', '');
    this.facts = {
      timezone,
      now,
      role,
      ...(warehouse !== undefined && { warehouse }),
      ...(database !== undefined && { database }),
      ...(schema !== undefined && { schema }),
    };
  }

  get translator(): QueryTranslator {
    const { facts, binds } = this;
    return new QueryTranslator({ facts, binds, table: (name) => this.#read(name) });
  }

  #read(name: Name): Relation {
    const { access, catalog } = this.world;
    const view = informationSchema(name, this.session, access, catalog);
    if (view !== undefined) return view;
    access.needsWarehouse(this.session);
    return relationOf(access.table(this.session, name, 'SELECT'));
  }

  /** The table that a statement writes to, locked until the transaction ends if it changes or removes rows. */
  async target(name: Name, privilege: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE'): Promise<Table> {
    const { access, locks } = this.world;
    access.needsWarehouse(this.session);
    const table = access.table(this.session, name, privilege);
    if (privilege !== 'INSERT' && table.how !== 'TEMPORARY')
      await locks.take(table.physical, this.session.id, this.queryId);
    return table;
  }

  /** Where tables of a kind are known: temporary ones to their session alone. */
  tablesOf(how: Table['how']): ByName<Table> {
    return how === 'TEMPORARY' ? this.session.temporary : this.world.catalog.tables;
  }

  /** A value on its way into a column of a table. */
  into(table: Table, column: string, value: Typed): string {
    const found = table.columns.find(({ name }) => name === column);
    if (found === undefined) throw invalid(`invalid identifier '${column}'`);
    return assigned(value, found, this.session.timezone);
  }

  run(sql: string): Promise<number> {
    return run(this.session.connection, sql);
  }

  rows(sql: string): ReturnType<typeof rowsOf> {
    return rowsOf(this.session.connection, sql);
  }

  /** Statements that hold together, in the open transaction or in one of their own. A failure breaks an open one. */
  async atomic<T>(work: () => Promise<T>): Promise<T> {
    const { session } = this;
    const isOwn = session.transaction === 'none';
    if (isOwn) await this.run('BEGIN');
    try {
      const result = await work();
      if (isOwn) await this.run('COMMIT');
      if (isOwn) await this.settle(true);
      return result;
    } catch (error) {
      if (isOwn) await this.run('ROLLBACK').catch(() => undefined);
      if (isOwn) await this.settle(false);
      else session.transaction = 'broken';
      throw fromDuckDb(error);
    }
  }

  /** A query that fails breaks an open transaction, too. */
  async atomicRead<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.session.transaction === 'open') this.session.transaction = 'broken';
      throw error;
    }
  }

  async begin(): Promise<void> {
    if (this.session.transaction !== 'none') return;
    await this.run('BEGIN');
    this.session.transaction = 'open';
  }

  async end(isKept: boolean): Promise<void> {
    const { session } = this;
    if (session.transaction === 'none') return;
    const isBroken = session.transaction === 'broken';
    if (isBroken && isKept) throw brokenTransaction();
    session.transaction = 'none';
    try {
      await this.run(isKept ? 'COMMIT' : 'ROLLBACK');
      await this.settle(isKept);
    } catch (error) {
      await this.settle(false);
      if (!isBroken) throw error;
    }
  }

  async settle(isKept: boolean): Promise<void> {
    const { session, world } = this;
    const waiting = session.atCommit.splice(0);
    world.locks.free(session.id);
    if (!isKept || waiting.length === 0) return;
    for (const one of waiting) one();
    await world.database.save(world.catalog.saved());
  }

  /** Statements that define things commit what is open, and stay themselves. */
  async definition<T>(work: () => Promise<T>): Promise<T> {
    await this.end(true);
    const result = await work();
    await this.world.database.save(this.world.catalog.saved());
    return result;
  }
}

/** DuckDB ends a transaction in which a statement failed; Snowflake does not. Whoever goes on is told. */
export const brokenTransaction = (): SqlError =>
  new SqlError(
    '000603',
    '25000',
    'The stand-in lost this transaction when a statement in it failed: roll back. (Snowflake would keep it open.)',
  );

export const relationOf = (table: Table): Relation => ({
  sql: table.physical,
  columns: table.columns,
  name: table.name,
});

export const list = (names: readonly string[]): string => names.map(id).join(', ');
