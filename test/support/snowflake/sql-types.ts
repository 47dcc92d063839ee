import type { Cursor } from './lexer.ts';

export type Kind =
  | 'VARCHAR'
  | 'NUMBER'
  | 'FLOAT'
  | 'BOOLEAN'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP_NTZ'
  | 'TIMESTAMP_LTZ'
  | 'TIMESTAMP_TZ'
  | 'VARIANT'
  | 'BINARY'
  | 'NULL';

/** A type as Snowflake has it. `size` is a length, the digits of a number or the digits of a second's fraction. */
export interface SqlType {
  readonly kind: Kind;
  readonly size: number;
  readonly scale: number;
}

export const textMax = 16_777_216;
export const binaryMax = 8_388_608;

export const type = (kind: Kind, size = 0, scale = 0): SqlType => ({ kind, size, scale });
export const varchar = type('VARCHAR', textMax);
export const integer = type('NUMBER', 38, 0);
export const float = type('FLOAT');
export const boolean = type('BOOLEAN');
export const variant = type('VARIANT');
export const binary = type('BINARY', binaryMax);
export const nothing = type('NULL');

const numbers = ['NUMBER', 'DECIMAL', 'NUMERIC'];
const texts = ['VARCHAR', 'STRING', 'TEXT'];
const moments = ['TIME', 'TIMESTAMP_NTZ', 'TIMESTAMP_LTZ', 'TIMESTAMP_TZ'] as const;

/** Types without a size. */
const plain: { readonly [word: string]: SqlType } = {
  INT: integer,
  INTEGER: integer,
  BIGINT: integer,
  SMALLINT: integer,
  FLOAT: float,
  DOUBLE: float,
  REAL: float,
  BOOLEAN: boolean,
  DATE: type('DATE'),
  VARIANT: variant,
};

/** Reads a type; those whose meaning hangs on parameters (TIMESTAMP, DATETIME) are not taken. */
export function typeAt(cursor: Cursor): SqlType {
  const word = cursor.ofKind('word').text;
  const given = cursor.is('(') ? cursor.inBrackets(() => cursor.list(() => cursor.number())) : [];
  const [first, second, ...more] = given;
  const found = typeOf(word, first, second);
  if (found === undefined || more.length > 0 || !fits(found)) throw cursor.unexpected();
  if (found.kind === 'FLOAT' && word === 'DOUBLE') cursor.take('PRECISION');
  return found;
}

function typeOf(word: string, first?: number, second?: number): SqlType | undefined {
  if (numbers.includes(word)) return type('NUMBER', first ?? 38, second ?? 0);
  if (second !== undefined) return undefined;
  return sized(word, first) ?? (first === undefined ? plain[word] : undefined);
}

/** Types that may have one size. */
function sized(word: string, size: number | undefined): SqlType | undefined {
  if (texts.includes(word)) return type('VARCHAR', size ?? textMax);
  if (word === 'BINARY') return type('BINARY', size ?? binaryMax);
  const moment = moments.find((kind) => kind === word);
  return moment && type(moment, size ?? 9);
}

function fits({ kind, size, scale }: SqlType): boolean {
  if (kind === 'NUMBER') return size >= 1 && size <= 38 && scale <= Math.min(37, size);
  if (kind === 'VARCHAR') return size >= 1 && size <= textMax;
  if (kind === 'BINARY') return size >= 1 && size <= binaryMax;
  return size <= 9;
}

/** As DuckDB stores it. An instant with an offset is two values; JSON is its canonical text. */
export function storedAs({ kind, size, scale }: SqlType): string {
  switch (kind) {
    case 'NUMBER':
      return `DECIMAL(${size},${scale})`;
    case 'FLOAT':
      return 'DOUBLE';
    case 'TIMESTAMP_NTZ':
      return 'TIMESTAMP';
    case 'TIMESTAMP_LTZ':
      return 'TIMESTAMP';
    case 'TIMESTAMP_TZ':
      return 'STRUCT(t TIMESTAMP, o INTEGER)';
    case 'BINARY':
      return 'BLOB';
    case 'VARIANT':
    case 'NULL':
      return 'VARCHAR';
    default:
      return kind;
  }
}

/** As Snowflake writes it in DDL and in messages. */
export function written({ kind, size, scale }: SqlType): string {
  if (kind === 'NUMBER') return `NUMBER(${size},${scale})`;
  if (kind === 'VARCHAR' || kind === 'BINARY' || kind.startsWith('TIME')) return `${kind}(${size})`;
  return kind;
}

/** What both become where they meet: in CASE, COALESCE, UNION ALL. Texts and other kinds do not meet. */
export function meeting(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'NULL') return b;
  if (b.kind === 'NULL') return a;
  if (a.kind === 'NUMBER' && b.kind === 'NUMBER') {
    const scale = Math.max(a.scale, b.scale);
    return type('NUMBER', Math.min(38, Math.max(a.size - a.scale, b.size - b.scale) + scale), scale);
  }
  const kinds = [a.kind, b.kind];
  if (kinds.includes('FLOAT') && kinds.includes('NUMBER')) return float;
  return a.kind === b.kind ? type(a.kind, Math.max(a.size, b.size)) : undefined;
}
