import { type Answer, done, listed, statementTypes } from './answer.ts';
import type { Statement } from './ast.ts';
import { copy } from './copy.ts';
import { insert, remove as removeRows, select, truncate, update } from './dml.ts';
import { merge } from './merge.ts';
import { defaults, type Parameter } from './session.ts';
import { missing } from './sql-error.ts';
import { varchar } from './sql-types.ts';
import { createStage, list, put, remove } from './stages.ts';
import { alterTable, createSchema, createTable, drop } from './tables.ts';
import type { Uploads } from './uploads.ts';
import { brokenTransaction, type Job } from './world.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** Does what a statement says. */
export async function execute(job: Job, statement: Statement, uploads: Uploads): Promise<Answer> {
  const isEnd = statement.kind === 'rollback' || statement.kind === 'commit';
  if (job.session.transaction === 'broken' && !isEnd) throw brokenTransaction();
  switch (statement.kind) {
    case 'create schema':
      return createSchema(job, statement);
    case 'create table':
      return createTable(job, statement);
    case 'create stage':
      return createStage(job, statement);
    case 'drop':
      return drop(job, statement);
    case 'alter table':
      return alterTable(job, statement);
    case 'put':
      return put(job, statement, uploads);
    case 'list':
      return list(job, statement);
    case 'remove':
      return remove(job, statement);
    default:
      return change(job, statement);
  }
}

type Rest = Exclude<
  Statement,
  Of<'create schema' | 'create table' | 'create stage' | 'drop' | 'alter table' | 'put' | 'list' | 'remove'>
>;

async function change(job: Job, statement: Rest): Promise<Answer> {
  switch (statement.kind) {
    case 'copy':
      return copy(job, statement);
    case 'merge':
      return merge(job, statement);
    case 'insert':
      return insert(job, statement);
    case 'update':
      return update(job, statement);
    case 'delete':
      return removeRows(job, statement);
    case 'truncate':
      return truncate(job, statement);
    case 'query':
      return select(job, statement);
    default:
      return govern(job, statement);
  }
}

async function govern(
  job: Job,
  statement: Exclude<Rest, Of<'copy' | 'merge' | 'insert' | 'update' | 'delete' | 'truncate' | 'query'>>,
): Promise<Answer> {
  switch (statement.kind) {
    case 'begin':
      await job.begin();
      return done('Statement executed successfully.', statementTypes.transaction);
    case 'commit':
    case 'rollback':
      await job.end(statement.kind === 'commit');
      return done('Statement executed successfully.', statementTypes.transaction);
    case 'alter session':
      return alterSession(job, statement);
    case 'use':
      return use(job, statement);
    case 'show':
      return show(job, statement);
  }
}

function alterSession({ session }: Job, { set, unset }: Of<'alter session'>): Answer {
  for (const [name, value] of Object.entries(set)) session.parameters.set(name, value as Parameter);
  for (const name of unset) session.parameters.set(name, defaults[name] ?? '');
  return done('Statement executed successfully.');
}

function use(job: Job, { what, name }: Of<'use'>): Answer {
  const { session, world } = job;
  const [only = ''] = name.slice(-1);
  switch (what) {
    case 'SCHEMA': {
      const full = session.qualifiedSchema(name, 'USE SCHEMA');
      world.access.schema(session, full);
      [session.database, session.schema] = full;
      break;
    }
    case 'ROLE':
      if (!world.access.hasRole(only)) throw missing('Role', only);
      session.role = only;
      break;
    case 'WAREHOUSE':
      if (!world.access.canUse(session.role, what, only)) throw missing('Warehouse', only);
      session.warehouse = only;
      break;
    case 'DATABASE':
      world.access.database(session, only);
      [session.database, session.schema] = [only, undefined];
  }
  return done('Statement executed successfully.');
}

function show(job: Job, { what }: Of<'show'>): Answer {
  const { catalog } = job.world;
  const all = { SCHEMAS: catalog.schemas, STAGES: catalog.stages, TABLES: catalog.tables }[what].all();
  const seen = all.filter(({ name }) => name[0] === job.session.database);
  const rows = seen.map(({ name, owner }) => [name.at(-1) ?? '', name[0] ?? '', name[1] ?? '', owner]);
  const columns = ['name', 'database_name', 'schema_name', 'owner'].map((name) => [name, varchar] as const);
  return listed(columns, rows, statementTypes.select);
}
