import type { TransformPlan } from '../../model/plan.ts';
import { parseDecimal, plainText } from './decimals.ts';
import { Invalid, quoted } from './invalid.ts';
import { scalarText } from './scalars.ts';

/** Changes a value before it gets its type; null and a missing value stay. */
export type Transform = (value: unknown) => unknown;

/** A list is what the last change may make. */
type Change = (text: string) => string | null | Invalid | readonly string[];

/** All changes of a property, in order; undefined when there are none. */
export function compileTransforms(plans: readonly TransformPlan[]): Transform | undefined {
  if (plans.length === 0) return undefined;
  const changes = plans.map(compileChange);
  return (value) => {
    if (value === undefined || value === null) return value;
    const text = scalarText(value);
    if (text === undefined)
      return new Invalid('transform', `expected text to transform, got ${quoted(value)}`);
    let result: ReturnType<Change> = text;
    for (const change of changes) {
      if (typeof result !== 'string') return result;
      result = change(result);
    }
    return result;
  };
}

function compileChange(plan: TransformPlan): Change {
  switch (plan.name) {
    case 'trim':
      return (text) => text.trim();
    case 'upper':
      return (text) => text.toUpperCase();
    case 'lower':
      return (text) => text.toLowerCase();
    case 'collapse_spaces':
      return (text) => text.replace(/\s+/g, ' ');
    case 'null_if_empty':
      return (text) => (text === '' ? null : text);
    case 'digits':
      return (text) => text.replace(/[^0-9]/g, '');
    case 'replace':
      return compileReplace(plan.pattern, plan.with);
    case 'map':
      return compileMap(plan.values);
    case 'mapEach':
      return compileMapEach(plan.separator, plan.values);
    case 'split':
      return (list) => partsOf(list, plan.separator);
    case 'shift':
      return compileShift(plan.places);
  }
}

function compileReplace(pattern: string, replacement: string): Change {
  const expression = new RegExp(pattern, 'gu');
  return (text) => text.replace(expression, replacement);
}

function compileMap(values: { readonly [from: string]: string }): Change {
  const known = new Map(Object.entries(values));
  return (text) => known.get(text) ?? text;
}

/** Elements of a text, each with its `value`; what is no text stays. */
export const elementsIn = (found: unknown, separator: string): unknown =>
  typeof found === 'string' ? partsOf(found, separator).map((value) => ({ value })) : found;

const partsOf = (text: string, separator: string): readonly string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');

function compileMapEach(separator: string, values: { readonly [from: string]: string }): Change {
  const known = new Map(Object.entries(values));
  return (text) =>
    partsOf(text, separator)
      .map((part) => known.get(part) ?? part)
      .join(separator);
}

function compileShift(places: number): Change {
  return (text) => {
    const decimal = text === '' ? undefined : parseDecimal(text);
    if (decimal === undefined) {
      return text === '' ? text : new Invalid('transform', `expected a number to shift, got ${quoted(text)}`);
    }
    const shifted = decimal.digits === '' ? decimal : { ...decimal, exponent: decimal.exponent + places };
    return plainText(shifted) ?? new Invalid('range', `expected a number to shift, got ${quoted(text)}`);
  };
}
