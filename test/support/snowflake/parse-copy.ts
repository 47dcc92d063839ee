import type { CopyInto, FileFormat, Item, Statement } from './ast.ts';
import type { Cursor } from './lexer.ts';
import { columnsAt, nameAt, stageAt } from './parse-names.ts';
import type { QueryParser } from './parse-query.ts';
import { notTaken } from './sql-error.ts';

type Value = string | boolean | number | readonly string[];

const formats: { readonly [type: string]: readonly string[] } = {
  CSV: [
    'COMPRESSION',
    'FIELD_DELIMITER',
    'RECORD_DELIMITER',
    'FIELD_OPTIONALLY_ENCLOSED_BY',
    'ESCAPE',
    'ESCAPE_UNENCLOSED_FIELD',
    'NULL_IF',
    'EMPTY_FIELD_AS_NULL',
    'BINARY_FORMAT',
    'ENCODING',
    'SKIP_HEADER',
    'PARSE_HEADER',
    'TRIM_SPACE',
    'ERROR_ON_COLUMN_COUNT_MISMATCH',
    'SKIP_BLANK_LINES',
    'REPLACE_INVALID_CHARACTERS',
  ],
  JSON: ['COMPRESSION', 'BINARY_FORMAT', 'NULL_IF', 'TRIM_SPACE', 'STRIP_OUTER_ARRAY', 'ALLOW_DUPLICATE'],
  PARQUET: ['COMPRESSION', 'USE_LOGICAL_TYPE', 'USE_VECTORIZED_SCANNER', 'BINARY_AS_TEXT', 'NULL_IF'],
};

const copyOptions = ['FILES', 'PATTERN', 'ON_ERROR', 'FORCE', 'PURGE', 'MATCH_BY_COLUMN_NAME'];
const putOptions = ['PARALLEL', 'AUTO_COMPRESS', 'SOURCE_COMPRESSION', 'OVERWRITE'];

/** One value of an option: a text, a number, a word or a list of texts. */
function valueAt(cursor: Cursor): Value {
  if (cursor.is('(')) {
    return cursor.inBrackets(() => (cursor.is(')') ? [] : cursor.list(() => cursor.ofKind('text').text)));
  }
  const { kind, text } = cursor.ofKind('text', 'number', 'word');
  if (kind === 'number') return Number(text);
  if (kind === 'word' && (text === 'TRUE' || text === 'FALSE')) return text === 'TRUE';
  return text;
}

/** `NAME = value …`, each of the names given at most once. */
export function optionsAt(cursor: Cursor, names: readonly string[]): FileFormat {
  const options: { [name: string]: Value } = {};
  while (cursor.peek().kind === 'word') {
    const name = cursor.peek().text;
    if (!names.includes(name) || name in options) throw cursor.unexpected();
    cursor.next();
    cursor.expect('=');
    options[name] = valueAt(cursor);
    cursor.take(',');
  }
  return options;
}

function formatAt(cursor: Cursor): FileFormat {
  cursor.expect('FILE_FORMAT', '=');
  return cursor.inBrackets(() => {
    cursor.expect('TYPE', '=');
    const type = String(valueAt(cursor)).toUpperCase();
    cursor.take(',');
    const names = formats[type];
    if (names === undefined) throw notTaken(`files of the type ${type}`);
    return { TYPE: type, ...optionsAt(cursor, names) };
  });
}

export function copyAt(parser: QueryParser): CopyInto {
  const { cursor } = parser;
  const table = nameAt(cursor);
  const columns = cursor.is('(') ? columnsAt(cursor) : undefined;
  cursor.expect('FROM');
  const from = cursor.is('(') ? transformationAt(parser) : { stage: stageAt(cursor) };
  let format: FileFormat | undefined;
  const options: { [name: string]: Value } = {};
  while (cursor.peek().kind === 'word') {
    if (cursor.is('FILE_FORMAT')) format = formatAt(cursor);
    else Object.assign(options, oneOption(cursor));
  }
  if (format === undefined) throw notTaken('COPY INTO without FILE_FORMAT = (TYPE = …)');
  return { kind: 'copy', table, ...from, format, options, ...(columns && { columns }) };
}

function oneOption(cursor: Cursor): FileFormat {
  const name = cursor.peek().text;
  if (!copyOptions.includes(name)) throw cursor.unexpected();
  cursor.next();
  cursor.expect('=');
  return { [name]: valueAt(cursor) };
}

/** A transformation is a plain list of expressions over one stage: no joins, filters or groups. */
function transformationAt(parser: QueryParser): { stage: string; items: readonly Item[]; as?: string } {
  return parser.cursor.inBrackets(() => {
    const { from, items, where, group, having, qualify, distinct } = parser.select();
    const isPlain = !(where || having || qualify || distinct) && group.length === 0;
    if (from?.kind !== 'stage' || !isPlain)
      throw notTaken('a COPY transformation beyond SELECT … FROM @stage');
    return { stage: from.path, items, ...(from.as !== undefined && { as: from.as }) };
  });
}

export function putAt(cursor: Cursor): Statement {
  const { text } = cursor.ofKind('text');
  if (!text.startsWith('file://')) throw cursor.unexpected();
  const stage = stageAt(cursor);
  return { kind: 'put', file: text.slice('file://'.length), stage, options: optionsAt(cursor, putOptions) };
}

export function listAt(cursor: Cursor, kind: 'list' | 'remove'): Statement {
  const stage = stageAt(cursor);
  const { PATTERN: pattern } = optionsAt(cursor, ['PATTERN']);
  return { kind, stage, ...(typeof pattern === 'string' && { pattern }) };
}
