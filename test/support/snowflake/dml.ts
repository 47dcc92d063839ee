import { type Answer, asTexts, changed, done, statementTypes } from './answer.ts';
import type { Assignment, Source, Statement } from './ast.ts';
import type { Table } from './catalog.ts';
import { id, Scope } from './scope.ts';
import { invalid, SqlError } from './sql-error.ts';
import type { Translator } from './translate-expression.ts';
import { type Job, list, relationOf } from './world.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export async function select(job: Job, { query }: Of<'query'>): Promise<Answer> {
  const translated = job.translator.query(query);
  const rows = await job.atomicRead(() => job.rows(asTexts(translated)));
  return { columns: translated.columns, rows, statementType: statementTypes.select };
}

export async function insert(job: Job, { into, overwrite, columns, query }: Of<'insert'>): Promise<Answer> {
  const table = await job.target(into, overwrite ? 'DELETE' : 'INSERT');
  const names = columns ?? table.columns.map(({ name }) => name);
  const twin = names.find((name, at) => names.indexOf(name) !== at);
  if (twin !== undefined) throw invalid(`duplicate column name '${twin}'`);
  const found = job.translator.query(query);
  if (found.columns.length !== names.length)
    throw new SqlError(
      '002020',
      '21S01',
      `SQL compilation error:\nInsert value list does not match column list expecting ${names.length} but got ${found.columns.length}`,
    );
  const places = names.map((_, at) => id(`${at + 1}`));
  const values = names.map((name, at) =>
    job.into(table, name, { sql: places[at]!, type: found.columns[at]!.type }),
  );
  const sql = `INSERT INTO ${table.physical} (${list(names)}) SELECT ${values.join(', ')} FROM (${found.sql}) AS "i"(${places.join(', ')})`;
  const count = await job.atomic(async () => {
    if (overwrite) await job.run(`DELETE FROM ${table.physical}`);
    return job.run(sql);
  });
  return changed(statementTypes.insert, { 'number of rows inserted': count });
}

/** The scope of a statement that changes a table, maybe by others. */
function scopeOf(
  job: Job,
  table: Table,
  as: string | undefined,
  others: Source | undefined,
): { scope: Scope; from: string } {
  const scope = new Scope();
  scope.add({ ...relationOf(table), ...(as !== undefined && { name: [as] }) });
  return { scope, from: others === undefined ? '' : job.translator.source(others, scope) };
}

export function assignments(
  job: Job,
  table: Table,
  set: readonly Assignment[],
  translator: Translator,
): string {
  const names = set.map(({ column }) => column);
  const twin = names.find((name, at) => names.indexOf(name) !== at);
  if (twin !== undefined) throw invalid(`duplicate column name '${twin}'`);
  return set
    .map(({ column, value }) => `${id(column)} = ${job.into(table, column, translator.expression(value))}`)
    .join(', ');
}

export async function update(
  job: Job,
  { table: name, as, set, from: others, where }: Of<'update'>,
): Promise<Answer> {
  const table = await job.target(name, 'UPDATE');
  const { scope, from } = scopeOf(job, table, as, others);
  const translator = job.translator.translator(scope);
  const alias = id(as ?? table.name.at(-1) ?? '');
  const values = assignments(job, table, set, translator);
  const condition = where === undefined ? 'true' : translator.condition(where);
  const count = await job.atomic(async () => {
    if (from !== '')
      await refuseTwins(job, `${table.physical} AS ${alias}, ${from} WHERE ${condition}`, alias);
    return job.run(
      `UPDATE ${table.physical} AS ${alias} SET ${values}${from === '' ? '' : ` FROM ${from}`} WHERE ${condition}`,
    );
  });
  return changed(statementTypes.update, {
    'number of rows updated': count,
    'number of multi-joined rows updated': 0,
  });
}

/** Snowflake would take any of them: nobody can mean that. */
export async function refuseTwins(job: Job, from: string, alias: string): Promise<void> {
  const twins = await job.rows(`SELECT '1' FROM ${from} GROUP BY ${alias}.rowid HAVING count(*) > 1 LIMIT 1`);
  if (twins.length > 0)
    throw new SqlError(
      '100090',
      '42P18',
      'Duplicate row detected during DML action\nRow Values: [not shown by the stand-in]',
    );
}

export async function remove(job: Job, { table: name, as, using, where }: Of<'delete'>): Promise<Answer> {
  const table = await job.target(name, 'DELETE');
  const { scope, from } = scopeOf(job, table, as, using);
  const condition = where === undefined ? 'true' : job.translator.translator(scope).condition(where);
  const alias = id(as ?? table.name.at(-1) ?? '');
  const sql = `DELETE FROM ${table.physical} AS ${alias}${from === '' ? '' : ` USING ${from}`} WHERE ${condition}`;
  const count = await job.atomic(() => job.run(sql));
  return changed(statementTypes.delete, { 'number of rows deleted': count });
}

/** As in Snowflake it is a definition: it commits. It forgets what was loaded, too. */
export async function truncate(job: Job, { table: name, ifExists }: Of<'truncate'>): Promise<Answer> {
  const { access } = job.world;
  const full = job.session.qualified(name, 'TRUNCATE');
  await job.end(true);
  if (ifExists && access.find(job.session, full) === undefined)
    return done('Statement executed successfully.');
  const table = await job.target(name, 'TRUNCATE');
  await job.atomic(() => job.run(`DELETE FROM ${table.physical}`));
  job.tablesOf(table.how).set({ ...table, loaded: new Map() });
  return done('Statement executed successfully.');
}
