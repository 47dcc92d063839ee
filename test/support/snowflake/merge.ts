import { type Answer, changed, statementTypes } from './answer.ts';
import type { MergeClause, Statement } from './ast.ts';
import type { Table } from './catalog.ts';
import { rowsOf } from './database.ts';
import { assignments, refuseTwins } from './dml.ts';
import { id, Scope } from './scope.ts';
import { notTaken, SqlError } from './sql-error.ts';
import type { Translator } from './translate-expression.ts';
import { type Job, list, relationOf } from './world.ts';

const sourceTable = 'temp.main."sf~merge"';

/**
 * The source is read once, so that what is checked is what is merged. DuckDB would take any of several source rows for one
 * row; Snowflake refuses.
 */
export async function merge(job: Job, statement: Extract<Statement, { kind: 'merge' }>): Promise<Answer> {
  const { clauses, using } = statement;
  const table = await job.target(
    statement.into,
    clauses.some(({ on }) => on === 'matched') ? 'UPDATE' : 'INSERT',
  );
  if (using.kind === 'join' || using.kind === 'stage') throw notTaken('MERGE USING but a table or a query');
  const source = new Scope();
  const from = job.translator.source(using, source);
  const [relation] = source.relations;
  const scope = new Scope();
  scope.add({ ...relationOf(table), ...(statement.as !== undefined && { name: [statement.as] }) });
  scope.add({ ...relation!, sql: sourceTable });
  const translator = job.translator.translator(scope);
  const [target, other] = scope.relations.map(({ name }) => id(name.at(-1) ?? ''));
  const on = translator.condition(statement.on);
  const actions = clauses.map((clause) => actionOf(job, table, clause, translator));
  const twins = conditionOfTwins(clauses, translator);
  return job.atomic(async () => {
    await job.run(`CREATE OR REPLACE TEMP TABLE ${sourceTable.split('.').at(-1)} AS SELECT * FROM ${from}`);
    if (twins !== undefined)
      await refuseTwins(
        job,
        `${table.physical} AS ${target} JOIN ${sourceTable} AS ${other} ON ${on} WHERE ${twins}`,
        target ?? '',
      );
    const sql = `MERGE INTO ${table.physical} AS ${target} USING ${sourceTable} AS ${other} ON ${on} ${actions.join(' ')}`;
    const counts = await countsOf(job, sql, clauses);
    await job.run(`DROP TABLE ${sourceTable}`);
    return changed(statementTypes.merge, counts);
  });
}

/** What makes a source row act on a row that it meets; undefined if nothing but deletes does. */
function conditionOfTwins(clauses: readonly MergeClause[], translator: Translator): string | undefined {
  const matched = clauses.filter((clause) => clause.on === 'matched');
  if (matched.every(({ set }) => set === 'delete')) return undefined;
  return matched.map(({ and }) => (and === undefined ? 'true' : translator.condition(and))).join(' OR ');
}

function actionOf(job: Job, table: Table, clause: MergeClause, translator: Translator): string {
  const and = clause.and === undefined ? '' : ` AND ${translator.condition(clause.and)}`;
  if (clause.on === 'matched') {
    const action =
      clause.set === 'delete' ? 'DELETE' : `UPDATE SET ${assignments(job, table, clause.set, translator)}`;
    return `WHEN MATCHED${and} THEN ${action}`;
  }
  const { columns, values } = clause;
  if (columns.length !== values.length)
    throw new SqlError(
      '002020',
      '21S01',
      `SQL compilation error:\nInsert value list does not match column list expecting ${columns.length} but got ${values.length}`,
    );
  const written = values.map((value, at) => job.into(table, columns[at]!, translator.expression(value)));
  return `WHEN NOT MATCHED${and} THEN INSERT (${list(columns)}) VALUES (${written.join(', ')})`;
}

async function countsOf(
  job: Job,
  sql: string,
  clauses: readonly MergeClause[],
): Promise<{ [name: string]: number }> {
  const counts: { [name: string]: number } = {};
  if (clauses.some(({ on }) => on === 'new')) counts['number of rows inserted'] = 0;
  if (clauses.some((clause) => clause.on === 'matched' && clause.set !== 'delete'))
    counts['number of rows updated'] = 0;
  if (clauses.some((clause) => clause.on === 'matched' && clause.set === 'delete'))
    counts['number of rows deleted'] = 0;
  const names: { readonly [action: string]: string } = {
    INSERT: 'number of rows inserted',
    UPDATE: 'number of rows updated',
    DELETE: 'number of rows deleted',
  };
  for (const [action] of await rowsOf(job.session.connection, `${sql} RETURNING merge_action`)) {
    const name = names[action ?? ''] ?? '';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
