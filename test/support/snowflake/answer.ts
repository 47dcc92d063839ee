import { encoded, type Typed } from './cast.ts';
import type { Row } from './database.ts';
import { type Column, id } from './scope.ts';
import { integer, type SqlType, varchar } from './sql-types.ts';
import type { Translated } from './translate-query.ts';

/** What a statement answers. */
export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly statementType: number;
  /** PUT: what the client is told in place of rows. */
  readonly upload?: object;
}

export const statementTypes = {
  select: 4096,
  insert: 12_544,
  update: 12_800,
  delete: 13_056,
  merge: 13_312,
  copy: 16_384 + 4096 * 3 + 2,
  ddl: 24_576,
  transaction: 20_480,
} as const;

const types: { readonly [kind: string]: string } = {
  VARCHAR: 'text',
  NUMBER: 'fixed',
  FLOAT: 'real',
  NULL: 'text',
};

/** A column as the wire has it. */
export function described({ name, type }: Column): object {
  const wire = types[type.kind] ?? type.kind.toLowerCase();
  return {
    name,
    database: '',
    schema: '',
    table: '',
    type: wire,
    nullable: true,
    collation: null,
    ...measured(type),
  };
}

function measured({ kind, size, scale }: SqlType): object {
  const none = { scale: null, precision: null, length: null, byteLength: null };
  if (kind === 'NUMBER') return { ...none, scale, precision: size };
  if (kind === 'VARCHAR') return { ...none, length: size, byteLength: size * 4 };
  if (kind === 'BINARY') return { ...none, length: size, byteLength: size };
  return kind.startsWith('TIME') ? { ...none, scale: size, precision: 0 } : none;
}

/** A query whose values are the texts of the answer. */
export function asTexts({ sql, columns }: Translated): string {
  const names = columns.map((_, at) => id(`${at + 1}`));
  const values = columns.map(({ type }, at) => encoded({ sql: names[at] ?? '', type } satisfies Typed));
  return `SELECT ${values.join(', ')} FROM (${sql}) AS "a"(${names.join(', ')})`;
}

const counted = (name: string): Column => ({ name, type: integer });

/** The counts of what changed. */
export const changed = (statementType: number, counts: { readonly [name: string]: number }): Answer => ({
  columns: Object.keys(counts).map(counted),
  rows: [Object.values(counts).map(String)],
  statementType,
});

export const done = (text: string, statementType: number = statementTypes.ddl): Answer => ({
  columns: [{ name: 'status', type: varchar }],
  rows: [[text]],
  statementType,
});

/** A table of texts and numbers. */
export const listed = (
  columns: readonly (readonly [string, SqlType])[],
  rows: readonly Row[],
  statementType: number,
): Answer => ({
  columns: columns.map(([name, type]) => ({ name, type })),
  rows,
  statementType,
});
