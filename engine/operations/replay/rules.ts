import type { StagedValue } from '../../model/batch.ts';
import type { MappingEdit, UnitChange } from '../../model/replay.ts';
import type { Outcome, Unit } from './units.ts';

/** What a unit has become, and how far the mapping's own diff explains it. */
export interface Judged {
  readonly change: UnitChange;
  readonly explained: boolean;
  /** Columns whose values differ, of rows that both sides have. */
  readonly columns: readonly { readonly column: string; readonly explained: boolean }[];
}

/** Keys whose change makes other units of a record, so that all of a row may differ. */
const unitKeys = ['from', 'each'];
/** Keys whose change may add rows and take some away. */
const rowKeys = [...unitKeys, 'where', 'load.key', 'load.strategy', 'load.children', 'load.deletes'];
/** Keys whose change may set rows aside. */
const blockKeys = [...unitKeys, 'load.key', 'onInvalid'];

/** What the diff of a mapping's file explains. */
class Rules {
  readonly #edit: MappingEdit;

  constructor(edit: MappingEdit) {
    this.#edit = edit;
  }

  get rows(): boolean {
    return this.#has(rowKeys);
  }

  value(column: string, base: StagedValue, head: StagedValue): boolean {
    if (this.#edit.columns.includes(column) || this.#has(unitKeys)) return true;
    return this.#has(['onInvalid']) && (base === null || head === null);
  }

  /** A value of this property has set a row aside, or does no more. */
  blocked(property: string): boolean {
    return this.#edit.columns.includes(property) || this.#has(blockKeys);
  }

  #has(keys: readonly string[]): boolean {
    const { state, keys: edited } = this.#edit;
    return state === 'new' || state === 'removed' || keys.some((key) => edited.includes(key));
  }
}

export interface JudgeOptions {
  /** Whether there is an `own` side. */
  readonly hasOwn: boolean;
  /** Columns that are exact numbers on both sides: 7 is 7.00 there. */
  readonly numbers: ReadonlySet<string>;
}

/**
 * Judges units. What the mapping inherits is never explained by its diff: where `own`, the head's mapping in the base's
 * surroundings, makes something else than the head, that is why.
 */
export function judge(
  edit: MappingEdit,
  { hasOwn, numbers }: JudgeOptions,
): (unit: Unit) => Judged | undefined {
  const rules = new Rules(edit);
  return (unit) => {
    const { base, head } = unit;
    if (base?.kind === 'row' && head?.kind === 'row') return judgedRow(rules, unit, { hasOwn, numbers });
    const change = changeOf(base, head);
    if (change === undefined) return undefined;
    const inherited = hasOwn && !isAlike(unit.own, head);
    return { change, explained: !inherited && explainsChange(rules, base, head), columns: [] };
  };
}

function judgedRow(
  rules: Rules,
  { base, own, head }: Unit,
  { hasOwn, numbers }: JudgeOptions,
): Judged | undefined {
  const names = new Set([...valuesOf(base).keys(), ...valuesOf(head).keys()]);
  const of = (outcome: Outcome | undefined, column: string): StagedValue => {
    const value = valuesOf(outcome).get(column) ?? null;
    return value === null || !numbers.has(column) ? value : plainNumber(String(value));
  };
  const columns = [...names]
    .filter((column) => of(base, column) !== of(head, column))
    .map((column) => {
      const inherited = hasOwn && (own?.kind !== 'row' || of(own, column) !== of(head, column));
      const explained = !inherited && rules.value(column, of(base, column), of(head, column));
      return { column, explained };
    });
  if (columns.length === 0) return undefined;
  return { change: 'changed', explained: columns.every(({ explained }) => explained), columns };
}

/** Without zeros that say nothing. */
const plainNumber = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

export const valuesOf = (outcome: Outcome | undefined): ReadonlyMap<string, StagedValue> =>
  outcome?.kind === 'row' ? outcome.values : new Map();

function changeOf(base: Outcome | undefined, head: Outcome | undefined): UnitChange | undefined {
  if (isAlike(base, head)) return undefined;
  if (head?.kind === 'blocked') return 'blocked';
  if (base?.kind === 'blocked') return 'unblocked';
  return head === undefined ? 'removed' : 'added';
}

/** Whether both are rows, both left out, or set aside for the same reason. */
const isAlike = (one: Outcome | undefined, other: Outcome | undefined): boolean =>
  one?.kind === 'blocked' && other?.kind === 'blocked'
    ? one.row.property === other.row.property && one.row.code === other.row.code
    : one?.kind === other?.kind;

function explainsChange(rules: Rules, base: Outcome | undefined, head: Outcome | undefined): boolean {
  const blocked = [base, head].flatMap((one) => (one?.kind === 'blocked' ? [one.row.property] : []));
  const left = base === undefined || head === undefined;
  return (left && rules.rows) || blocked.some((property) => rules.blocked(property));
}
