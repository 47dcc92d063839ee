import { assert } from '../../model/errors.ts';
import type { BoundValue, BoundValues } from '../warehouse/session.ts';

/** What the SDK binds: texts, which statements cast, and booleans. */
export type Bind = string | boolean | null;

/** A statement as it is sent, with the values of its `?`. */
export interface BoundStatement {
  readonly sql: string;
  readonly binds: readonly Bind[];
}

/** Texts, quoted names and comments, which hold no parameters; a list in brackets of parameters alone; and one parameter. */
const parts =
  /'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"]|"")*"|--[^\n]*|\((\s*\$[a-z]\w*(?:\s*,\s*\$[a-z]\w*)*\s*)\)|\$([a-z]\w*)/g;

/** Turns `$name` into `?`. A list in brackets of parameters that are lists is written once for each of their values. */
export function boundStatement(sql: string, values: BoundValues): BoundStatement {
  const binds: Bind[] = [];
  const one = (name: string): string => {
    binds.push(bindOf(name, values[name]));
    return '?';
  };
  const text = sql.replace(parts, (whole: string, list?: string, name?: string) => {
    if (name !== undefined) return one(name);
    if (list === undefined) return whole;
    const names = list.split(',').map((item) => item.trim().slice(1));
    if (names.every((item) => Array.isArray(values[item]))) return rowsOf(names, values, binds);
    return `(${names.map(one).join(', ')})`;
  });
  return { sql: text, binds };
}

function rowsOf(names: readonly string[], values: BoundValues, binds: Bind[]): string {
  const lists = names.map((name) => values[name] as readonly (string | null)[]);
  const rows = (lists[0] ?? []).map((_, at) => {
    binds.push(...lists.map((list) => list[at] ?? null));
    return `(${lists.map(() => '?').join(', ')})`;
  });
  return rows.join(', ');
}

function bindOf(name: string, value: BoundValue | undefined): Bind {
  assert(value !== undefined && !Array.isArray(value), `the parameter ${name} has one value`);
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : (value as Bind);
}
