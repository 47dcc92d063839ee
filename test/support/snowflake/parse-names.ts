import type { Name } from './ast.ts';
import type { Cursor, Token } from './lexer.ts';
import { SqlError } from './sql-error.ts';

/** Words that Snowflake does not take as unquoted names. */
const reserved = new Set(
  `ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE
  CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT
  GROUP GSCLUSTER HAVING ILIKE IN INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME
  LOCALTIMESTAMP MINUS NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS SAMPLE SCHEMA
  SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE UPDATE USING VALUES VIEW WHEN WHENEVER
  WHERE WITH`.split(/\s+/),
);

/** Words that begin the next clause, so that they are no alias without AS. */
const clauses = new Set(['LIMIT', 'OFFSET', 'FETCH', 'WINDOW', 'OVER', 'WITHIN', 'FILE_FORMAT', 'FILES']);

export const isName = (token: Token): boolean =>
  token.kind === 'quoted' || (token.kind === 'word' && !reserved.has(token.text));

/** Reserved words that are functions all the same. */
const functions = new Set(['LEFT', 'RIGHT', 'CURRENT_TIMESTAMP']);

export const isFunctionName = (token: Token): boolean => isName(token) || functions.has(token.text);

/** One part of a name. */
export function identifierAt(cursor: Cursor): string {
  if (!isName(cursor.peek())) throw cursor.unexpected();
  const { text } = cursor.next();
  if (Buffer.byteLength(text) > 255) {
    const message = `SQL compilation error: Identifier '${text}' exceeds 255 characters.`;
    throw new SqlError('000972', '42601', message);
  }
  return text;
}

export function nameAt(cursor: Cursor): Name {
  const parts = [identifierAt(cursor)];
  while (cursor.take('.')) parts.push(identifierAt(cursor));
  if (parts.length > 3) throw cursor.unexpected();
  return parts;
}

export function aliasAt(cursor: Cursor): string | undefined {
  if (cursor.take('AS')) return identifierAt(cursor);
  const token = cursor.peek();
  return isName(token) && !(token.kind === 'word' && clauses.has(token.text))
    ? identifierAt(cursor)
    : undefined;
}

export const columnsAt = (cursor: Cursor): string[] =>
  cursor.inBrackets(() => cursor.list(() => identifierAt(cursor)));

/** `@stage/path`, or the same in quotes. */
export function stageAt(cursor: Cursor): string {
  const token = cursor.ofKind('stage', 'text');
  if (!token.text.startsWith('@')) throw cursor.unexpected();
  return token.text.slice(1);
}
