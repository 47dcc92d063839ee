import type { Typed } from './cast.ts';
import { literal } from './cast.ts';
import { notTaken } from './sql-error.ts';
import { written } from './sql-types.ts';

/** Elements of Snowflake's date formats, as DuckDB's strftime writes them. */
const elements: { readonly [element: string]: string } = {
  YYYY: '%Y',
  MM: '%m',
  DD: '%d',
  HH24: '%H',
  MI: '%M',
  SS: '%S',
  FF3: '%g',
  FF6: '%f',
  FF9: '%f000',
};

const pattern = /"([^"]*)"|(TZH:TZM|TZHTZM|YYYY|HH24|FF[369]|MM|DD|MI|SS)|([-/ :.,TZ+])/gy;

/** TO_VARCHAR of a date or time in a format. */
export function formatted(of: Typed, format: string): string {
  const { sql, type } = of;
  const isZoned = type.kind === 'TIMESTAMP_TZ';
  if (type.kind === 'BINARY') return inFormat(sql, format);
  if (!isZoned && !['DATE', 'TIME', 'TIMESTAMP_NTZ'].includes(type.kind))
    throw notTaken(`TO_VARCHAR of ${written(type)} with a format`);
  const at = isZoned
    ? `((${sql}).t + to_minutes((${sql}).o))`
    : type.kind === 'TIME'
      ? `(DATE '1970-01-01' + ${sql})`
      : sql;
  const parts = piecesOf(format).map((piece) => {
    if (!piece.startsWith('TZH')) return `strftime(${at}, ${literal(piece)})`;
    if (!isZoned) throw notTaken(`an offset of ${written(type)}`);
    const text = `sf_offset_text((${sql}).o)`;
    return piece === 'TZHTZM' ? text : `(left(${text}, 3) || ':' || right(${text}, 2))`;
  });
  return `(${parts.join(' || ')})`;
}

function piecesOf(format: string): readonly string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const { 0: all, 1: quoted, 2: element, 3: plain } of format.matchAll(pattern)) {
    at += all.length;
    if (element?.startsWith('TZH')) pieces.push(element);
    else pieces.push((quoted ?? plain)?.replaceAll('%', '%%') ?? elements[element ?? ''] ?? '');
  }
  if (at !== format.length) throw notTaken(`the format '${format}' from '${format.slice(at)}' on`);
  return pieces;
}

function inFormat(sql: string, format: string): string {
  const write = { HEX: 'hex', BASE64: 'base64', 'UTF-8': 'decode' }[format.toUpperCase()];
  if (write === undefined) throw notTaken(`the binary format ${format}`);
  return `${write}(${sql})`;
}
