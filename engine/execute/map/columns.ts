import { accountColumn } from '../../model/columns.ts';
import { assert } from '../../model/errors.ts';
import type { MappingPlan, PropertyPlan } from '../../model/plan.ts';
import { compileExpression, type Expression } from './expressions.ts';
import { compileFit } from './fit.ts';
import { type Coerced, Invalid } from './invalid.ts';
import { compileTemplate } from './templates.ts';
import { compileTransforms, type Transform } from './transforms.ts';
import type { Coercer } from './types.ts';
import { compileUnitPath, type UnitReader } from './unit.ts';
import { compileRest } from './unread.ts';

/** A property, compiled: where its value comes from, what becomes of it, and what happens when it does not fit. */
export interface Column {
  /** As the mapping names it. */
  readonly name: string;
  readonly read: UnitReader;
  /** For an expression: what `read` cannot do at once. */
  readonly compute: Expression | undefined;
  readonly transform: Transform | undefined;
  readonly toType: Coercer;
  /** Whether an empty text is a value of its own. */
  readonly keepsEmpty: boolean;
  readonly required: boolean;
  readonly onInvalid: PropertyPlan['onInvalid'];
}

/** The columns of a mapping, without those that Sluice adds. */
export function compileColumns(mapping: MappingPlan): readonly Column[] {
  const keys = new Set(mapping.key.filter((column) => column !== accountColumn));
  return mapping.properties.map((property) =>
    compileColumn(property, property.required || keys.has(property.name)),
  );
}

/** What decides about a row without being stored, compiled as if it were. */
export const compileGuards = ({ guards = [] }: MappingPlan): readonly Guard[] =>
  guards.map(({ property, otherwise }) => ({ ...compileColumn(property, false), otherwise }));

export interface Guard extends Column {
  readonly otherwise: 'discard_row' | 'quarantine';
}

function compileColumn(property: PropertyPlan, required: boolean): Column {
  const { origin, onInvalid } = property;
  return {
    name: property.declared?.name ?? property.name,
    read: compileRead(property),
    compute: origin.kind === 'expr' ? compileExpression(origin.expr) : undefined,
    transform: compileTransforms(property.transforms),
    toType: compileFit(property),
    keepsEmpty: (property.declared ?? property).type.name === 'string',
    required,
    // A column that must have a value cannot be given NULL.
    onInvalid: required && onInvalid === 'set_null' ? 'block' : onInvalid,
  };
}

function compileRead({ origin }: PropertyPlan): UnitReader {
  switch (origin.kind) {
    case 'path':
      return compileFirst([origin.path, ...(origin.previously ?? [])].map(compileUnitPath));
    case 'rest':
      return compileRest(origin.known);
    case 'value':
      return () => origin.value;
    case 'template':
      return compileTemplate(origin.template);
    case 'expr':
      return () => undefined;
  }
}

/** The first place that a record has, be it with null. */
function compileFirst([first, ...others]: readonly UnitReader[]): UnitReader {
  assert(first, 'a value has a place');
  if (others.length === 0) return first;
  const next = compileFirst(others);
  return (element, record, index) => {
    const value = first(element, record, index);
    return value === undefined ? next(element, record, index) : value;
  };
}

/** The same of a value that a person has set: it is taken as it should be stored. */
export const coerceSet = (column: Column, value: unknown): Coerced =>
  column.transform === undefined ? coerce(column, value) : coerce({ ...column, transform: undefined }, value);

const missing = new Invalid('missing', 'expected a value, got none');

/** A value as received to a value as staged. */
export function coerce(column: Column, received: unknown): Coerced {
  if (received instanceof Invalid) return received;
  const value = column.transform === undefined ? received : column.transform(received);
  if (value === undefined || value === null) return column.required ? missing : null;
  if (value === '') return emptyText(column);
  return value instanceof Invalid ? value : column.toType(value);
}

const emptyText = ({ required, keepsEmpty }: Column): Coerced => {
  if (required) return missing;
  return keepsEmpty ? '' : null;
};
