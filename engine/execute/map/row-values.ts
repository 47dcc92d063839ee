import { type Column, coerce, coerceSet, type Guard } from './columns.ts';
import { type Coerced, Invalid } from './invalid.ts';
import { isFor, type Patches } from './patches.ts';
import type { JsonObject } from './paths.ts';
import type { Sheet } from './sheet.ts';

/** A record, or one element of it: what one row is made of. */
export interface Unit {
  readonly ordinal: number;
  readonly index: number | null;
  readonly element: unknown;
  readonly record: JsonObject;
}

/** What gives the values of a row, compiled. */
interface ValueProgram {
  readonly columns: readonly Column[];
  /** What the table has no column for. */
  readonly guards: readonly Guard[];
  /** Values that people have set. */
  readonly patches: Patches | undefined;
}

export interface BadValue {
  readonly property: string;
  readonly invalid: Invalid;
  readonly value: unknown;
}

/** Whether a page stops for it, and not only its row. */
export interface StoppingValue extends BadValue {
  readonly fails: boolean;
}

/** Adds the values of a row; gives the first that stops it. */
export function addValues(
  { columns, patches }: ValueProgram,
  sheet: Sheet,
  unit: Unit,
  key: string,
  computed: readonly unknown[] | undefined,
): StoppingValue | undefined {
  const set = patches?.(key, unit.index);
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at] as Column;
    const value = computed?.[at] ?? column.read(unit.element, unit.record, unit.index);
    const patch = set?.get(column.name);
    const patched = patch !== undefined && isFor(patch, value);
    const coerced = patched ? coerceSet(column, patch.value) : coerce(column, value);
    const bad = addValue(sheet, column, coerced);
    if (bad !== undefined) {
      return { property: column.name, invalid: bad, value, fails: fails(column, bad) };
    }
  }
  return undefined;
}

/** Adds a value, or NULL where that is to take its place; gives what cannot be added. */
function addValue(sheet: Sheet, column: Column, coerced: Coerced): Invalid | undefined {
  if (!(coerced instanceof Invalid)) {
    sheet.values.push(coerced);
  } else if (isNulled(column, coerced)) {
    sheet.values.push(null);
    sheet.nulled += 1;
  } else {
    return coerced;
  }
  return undefined;
}

const fails = ({ onInvalid }: Column, { otherwise }: Invalid): boolean =>
  onInvalid === 'fail' && otherwise === undefined;

/** Whether NULL takes the place of a value: the contract says so, or `onInvalid` where it is not for the contract. */
const isNulled = ({ onInvalid, required }: Column, { otherwise }: Invalid): boolean =>
  otherwise === undefined ? onInvalid === 'set_null' : otherwise === 'discard_value' && !required;

/** A value that the table has no column for. One that would not fit its type is a value as well. */
export function guarded(
  { guards, columns }: Pick<ValueProgram, 'guards' | 'columns'>,
  unit: Unit,
  computed: readonly unknown[] | undefined,
): StoppingValue | undefined {
  for (const [at, guard] of guards.entries()) {
    const value = computed?.[columns.length + at] ?? guard.read(unit.element, unit.record, unit.index);
    if (coerce(guard, value) === null) continue;
    const reason = `the table has no column ${guard.name}, which this row has a value for`;
    const invalid = new Invalid('lacking', reason, guard.otherwise);
    return { property: guard.name, invalid, value, fails: false };
  }
  return undefined;
}
