import type { Assignment, MergeClause, Statement } from './ast.ts';
import { Cursor } from './lexer.ts';
import { copyAt, listAt, optionsAt, putAt } from './parse-copy.ts';
import { aliasAt, columnsAt, identifierAt, nameAt } from './parse-names.ts';
import { QueryParser } from './parse-query.ts';
import { alterTableAt, createAt } from './parse-table.ts';

/** Parameters of a session that may be set. */
const sessionParameters = [
  'QUERY_TAG',
  'TIMEZONE',
  'STATEMENT_TIMEOUT_IN_SECONDS',
  'LOCK_TIMEOUT',
  'AUTOCOMMIT',
  'ABORT_DETACHED_QUERY',
  'CLIENT_SESSION_KEEP_ALIVE',
  'DATE_OUTPUT_FORMAT',
  'TIMESTAMP_OUTPUT_FORMAT',
  'TIMESTAMP_TZ_OUTPUT_FORMAT',
  'TIMESTAMP_NTZ_OUTPUT_FORMAT',
  'TIMESTAMP_LTZ_OUTPUT_FORMAT',
  'TIME_OUTPUT_FORMAT',
  'BINARY_OUTPUT_FORMAT',
  'BINARY_INPUT_FORMAT',
  'TIMESTAMP_TYPE_MAPPING',
  'TRANSACTION_ABORT_ON_ERROR',
  'WEEK_START',
  'ROWS_PER_RESULTSET',
  'ERROR_ON_NONDETERMINISTIC_MERGE',
  'JS_TREAT_INTEGER_AS_BIGINT',
];

/** The one statement of a text. */
export function parsed(sql: string): Statement {
  const cursor = new Cursor(sql);
  const statement = statementAt(new QueryParser(cursor));
  cursor.take(';');
  if (cursor.peek().kind !== 'end') throw cursor.unexpected();
  return statement;
}

const starts: { readonly [word: string]: (parser: QueryParser) => Statement } = {
  CREATE: createAt,
  DROP: dropAt,
  ALTER: alterAt,
  PUT: ({ cursor }) => putAt(cursor),
  COPY: (parser) => {
    parser.cursor.expect('INTO');
    return copyAt(parser);
  },
  REMOVE: ({ cursor }) => listAt(cursor, 'remove'),
  RM: ({ cursor }) => listAt(cursor, 'remove'),
  LIST: ({ cursor }) => listAt(cursor, 'list'),
  LS: ({ cursor }) => listAt(cursor, 'list'),
  MERGE: mergeAt,
  INSERT: insertAt,
  UPDATE: updateAt,
  DELETE: deleteAt,
  TRUNCATE: truncateAt,
  BEGIN: ({ cursor }) => {
    cursor.oneOf('TRANSACTION', 'WORK');
    return { kind: 'begin' };
  },
  START: ({ cursor }) => {
    cursor.expect('TRANSACTION');
    return { kind: 'begin' };
  },
  COMMIT: ({ cursor }) => {
    cursor.take('WORK');
    return { kind: 'commit' };
  },
  ROLLBACK: ({ cursor }) => {
    cursor.take('WORK');
    return { kind: 'rollback' };
  },
  USE: useAt,
  SHOW: showAt,
};

function statementAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  if (cursor.is('SELECT') || cursor.is('WITH') || cursor.is('VALUES') || cursor.is('(')) {
    return { kind: 'query', query: parser.query() };
  }
  const word = cursor.peek();
  const start = word.kind === 'word' ? starts[word.text] : undefined;
  if (start === undefined) throw cursor.unexpected();
  cursor.next();
  return start(parser);
}

function dropAt({ cursor }: QueryParser): Statement {
  const what = (['TABLE', 'STAGE', 'SCHEMA'] as const).find((one) => cursor.take(one));
  if (what === undefined) throw cursor.unexpected();
  const ifExists = cursor.take('IF', 'EXISTS');
  return { kind: 'drop', what, name: nameAt(cursor), ifExists };
}

function alterAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  if (cursor.take('TABLE')) return alterTableAt(parser);
  cursor.expect('SESSION');
  if (!cursor.take('UNSET')) {
    cursor.expect('SET');
    return { kind: 'alter session', set: optionsAt(cursor, sessionParameters), unset: [] };
  }
  const unset = cursor.list(() => identifierAt(cursor));
  if (!unset.every((name) => sessionParameters.includes(name))) throw cursor.unexpected();
  return { kind: 'alter session', set: {}, unset };
}

function mergeAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  cursor.expect('INTO');
  const into = nameAt(cursor);
  const as = aliasAt(cursor);
  cursor.expect('USING');
  const using = parser.source();
  cursor.expect('ON');
  const on = parser.expression();
  const clauses: MergeClause[] = [];
  while (cursor.take('WHEN')) clauses.push(clauseAt(parser));
  if (clauses.length === 0) throw cursor.unexpected();
  return { kind: 'merge', into, using, on, clauses, ...(as !== undefined && { as }) };
}

function clauseAt(parser: QueryParser): MergeClause {
  const { cursor } = parser;
  const isNew = cursor.take('NOT');
  cursor.expect('MATCHED');
  const condition = parser.optional('AND');
  const and = condition && { and: condition };
  cursor.expect('THEN');
  if (isNew) return { on: 'new', ...and, ...insertedAt(parser) };
  if (cursor.take('DELETE')) return { on: 'matched', ...and, set: 'delete' };
  cursor.expect('UPDATE', 'SET');
  return { on: 'matched', ...and, set: assignmentsAt(parser) };
}

function insertedAt(parser: QueryParser): Pick<MergeClause & { on: 'new' }, 'columns' | 'values'> {
  const { cursor } = parser;
  cursor.expect('INSERT');
  const columns = columnsAt(cursor);
  cursor.expect('VALUES');
  return { columns, values: cursor.inBrackets(() => cursor.list(() => parser.expression())) };
}

/** `column = value`, the column alone or after the name of its table. */
function assignmentsAt(parser: QueryParser): Assignment[] {
  const { cursor } = parser;
  return cursor.list(() => {
    let column = identifierAt(cursor);
    while (cursor.take('.')) column = identifierAt(cursor);
    cursor.expect('=');
    return { column, value: parser.expression() };
  });
}

function insertAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  const overwrite = cursor.take('OVERWRITE');
  cursor.expect('INTO');
  const into = nameAt(cursor);
  const columns = cursor.is('(') && cursor.peek(1).text !== 'SELECT' ? columnsAt(cursor) : undefined;
  return { kind: 'insert', into, overwrite, query: parser.query(), ...(columns && { columns }) };
}

function updateAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  const table = nameAt(cursor);
  const as = aliasAt(cursor);
  cursor.expect('SET');
  const set = assignmentsAt(parser);
  const from = cursor.take('FROM') ? parser.source() : undefined;
  const where = parser.optional('WHERE');
  return {
    kind: 'update',
    table,
    set,
    ...(as !== undefined && { as }),
    ...(from && { from }),
    ...(where && { where }),
  };
}

function deleteAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  cursor.expect('FROM');
  const table = nameAt(cursor);
  const as = aliasAt(cursor);
  const using = cursor.take('USING') ? parser.source() : undefined;
  const where = parser.optional('WHERE');
  return {
    kind: 'delete',
    table,
    ...(as !== undefined && { as }),
    ...(using && { using }),
    ...(where && { where }),
  };
}

function truncateAt({ cursor }: QueryParser): Statement {
  cursor.take('TABLE');
  const ifExists = cursor.take('IF', 'EXISTS');
  return { kind: 'truncate', table: nameAt(cursor), ifExists };
}

function useAt({ cursor }: QueryParser): Statement {
  const what = (['ROLE', 'WAREHOUSE', 'DATABASE', 'SCHEMA'] as const).find((one) => cursor.take(one));
  if (what === undefined) throw cursor.unexpected();
  return { kind: 'use', what, name: nameAt(cursor) };
}

function showAt({ cursor }: QueryParser): Statement {
  const what = (['TABLES', 'SCHEMAS', 'STAGES'] as const).find((one) => cursor.take(one));
  if (what === undefined) throw cursor.unexpected();
  return { kind: 'show', what };
}
