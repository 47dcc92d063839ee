import type { Alteration, ColumnDefinition, CreateTable, Statement } from './ast.ts';
import { identifierAt, nameAt } from './parse-names.ts';
import type { QueryParser } from './parse-query.ts';
import { typeAt } from './sql-types.ts';

type Kept = CreateTable['how'];

export function createAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  const orReplace = cursor.take('OR', 'REPLACE');
  const how = keptAt(parser);
  if (cursor.take('TABLE')) return tableAt(parser, how, orReplace);
  if (cursor.take('STAGE')) {
    const ifNotExists = cursor.take('IF', 'NOT', 'EXISTS');
    return {
      kind: 'create stage',
      name: nameAt(cursor),
      temporary: how === 'TEMPORARY',
      orReplace,
      ifNotExists,
    };
  }
  if (orReplace || how === 'TEMPORARY') throw cursor.unexpected();
  cursor.expect('SCHEMA');
  const ifNotExists = cursor.take('IF', 'NOT', 'EXISTS');
  return { kind: 'create schema', name: nameAt(cursor), ifNotExists };
}

function keptAt({ cursor }: QueryParser): Kept {
  const word = cursor.oneOf('TEMPORARY', 'TEMP', 'TRANSIENT');
  if (word === undefined) return 'PERMANENT';
  return word === 'TRANSIENT' ? 'TRANSIENT' : 'TEMPORARY';
}

function tableAt(parser: QueryParser, how: Kept, orReplace: boolean): Statement {
  const { cursor } = parser;
  const ifNotExists = cursor.take('IF', 'NOT', 'EXISTS');
  if (orReplace && ifNotExists) throw cursor.unexpected();
  const name = nameAt(cursor);
  const head = { kind: 'create table' as const, name, how, orReplace, ifNotExists };
  if (cursor.take('LIKE')) return { ...head, like: nameAt(cursor) };
  if (cursor.take('AS')) return { ...head, query: parser.query() };
  const columns = cursor.inBrackets(() => cursor.list(() => columnAt(parser)));
  if (cursor.take('DATA_RETENTION_TIME_IN_DAYS')) {
    cursor.expect('=');
    cursor.number();
  }
  return { ...head, columns };
}

function columnAt(parser: QueryParser): ColumnDefinition {
  const { cursor } = parser;
  const name = identifierAt(cursor);
  const type = typeAt(cursor);
  let required = false;
  let preset: ColumnDefinition['default'];
  for (;;) {
    if (cursor.take('NOT', 'NULL')) required = true;
    else if (cursor.take('DEFAULT')) preset = parser.expression();
    else return { name, type, required, ...(preset && { default: preset }) };
  }
}

export function alterTableAt(parser: QueryParser): Statement {
  const { cursor } = parser;
  const ifExists = cursor.take('IF', 'EXISTS');
  return { kind: 'alter table', name: nameAt(cursor), ifExists, change: changeAt(parser) };
}

function changeAt(parser: QueryParser): Alteration {
  const { cursor } = parser;
  if (cursor.take('ADD')) return addAt(parser);
  if (cursor.take('DROP', 'COLUMN')) {
    const ifExists = cursor.take('IF', 'EXISTS');
    return { do: 'drop', ifExists, columns: cursor.list(() => identifierAt(cursor)) };
  }
  if (cursor.take('RENAME', 'COLUMN')) {
    const from = identifierAt(cursor);
    cursor.expect('TO');
    return { do: 'rename column', from, to: identifierAt(cursor) };
  }
  if (cursor.take('RENAME', 'TO')) return { do: 'rename', to: nameAt(cursor) };
  if (cursor.take('SWAP', 'WITH')) return { do: 'swap', with: nameAt(cursor) };
  return alterColumnAt(parser);
}

/** One clause adds several columns, `IF NOT EXISTS` is for all of them. */
function addAt(parser: QueryParser): Alteration {
  const { cursor } = parser;
  cursor.take('COLUMN');
  const ifNotExists = cursor.take('IF', 'NOT', 'EXISTS');
  return { do: 'add', ifNotExists, columns: cursor.list(() => columnAt(parser)) };
}

function alterColumnAt({ cursor }: QueryParser): Alteration {
  if (!cursor.take('ALTER', 'COLUMN') && !cursor.take('MODIFY', 'COLUMN')) throw cursor.unexpected();
  const column = identifierAt(cursor);
  if (cursor.take('DROP', 'NOT', 'NULL')) return { do: 'drop not null', column };
  if (!cursor.take('SET', 'DATA', 'TYPE')) cursor.expect('TYPE');
  return { do: 'type', column, type: typeAt(cursor) };
}
