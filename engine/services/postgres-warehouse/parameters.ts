import { assert } from '../../model/errors.ts';
import type { BoundValue, BoundValues } from '../warehouse/session.ts';

/** A text in quotes, a name in quotes, a comment, or a parameter. */
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\$([A-Za-z_]\w*)(?!\w*\$)/g;

export interface Positional {
  readonly text: string;
  readonly values: unknown[];
}

/** SQL with `$1`, `$2`, … in place of each `$name`, and their values; each name has one number. */
export function positional(sql: string, named: BoundValues): Positional {
  const numbers = new Map<string, number>();
  const values: unknown[] = [];
  const text = sql.replace(token, (found: string, name?: string) => {
    if (name === undefined) return found;
    const known = numbers.get(name);
    if (known !== undefined) return `$${known}`;
    assert(Object.hasOwn(named, name), `the statement's $${name} has a value`);
    values.push(bindable(named[name] ?? null));
    numbers.set(name, values.length);
    return `$${values.length}`;
  });
  return { text, values };
}

const bindable = (value: BoundValue): unknown => (typeof value === 'bigint' ? String(value) : value);
