import type { ConditionPlan, Literal } from '../../model/plan.ts';
import { compareDecimals, parseDecimal } from './decimals.ts';
import { ExactNumber } from './exact-json.ts';
import { Invalid } from './invalid.ts';
import { decimalOf, scalarText } from './scalars.ts';
import { compileUnitPath, type UnitReader } from './unit.ts';

/** Whether a unit is wanted. */
export type Filter = (element: unknown, record: unknown, index: number | null) => boolean;

type Test = (value: unknown) => boolean;

/** All conditions of `where`; undefined when there are none. */
export function compileConditions(conditions: readonly ConditionPlan[]): Filter | undefined {
  if (conditions.length === 0) return undefined;
  const tests = conditions.map((condition): readonly [UnitReader, Test] => [
    compileUnitPath(condition.path),
    compileTest(condition),
  ]);
  return (element, record, index) =>
    tests.every(([read, holds]) => {
      const value = read(element, record, index);
      // Nothing is left out because nobody knows which of several values is meant.
      return value instanceof Invalid || holds(value);
    });
}

function compileTest({ op, value }: ConditionPlan): Test {
  const literals = Array.isArray(value) ? (value as readonly Literal[]) : [value as Literal];
  const first = literals[0] ?? null;
  switch (op) {
    case 'eq':
    case 'in':
      return anyOf(literals);
    case 'ne':
    case 'notIn':
      return not(anyOf(literals));
    case 'gt':
      return compared(first, (order) => order > 0);
    case 'gte':
      return compared(first, (order) => order >= 0);
    case 'lt':
      return compared(first, (order) => order < 0);
    case 'lte':
      return compared(first, (order) => order <= 0);
    case 'exists':
      return (found) => (found !== undefined && found !== null) === first;
    case 'matches':
      return compileMatches(String(first));
  }
}

const not =
  (test: Test): Test =>
  (value) =>
    !test(value);

function anyOf(literals: readonly Literal[]): Test {
  const tests = literals.map(equals);
  return (value) => tests.some((test) => test(value));
}

/** Numbers are equal by value, texts letter by letter; a text equals the number or the boolean that it says. */
function equals(literal: Literal): Test {
  if (literal === null) return (value) => value === undefined || value === null;
  const text = String(literal);
  const decimal = typeof literal === 'boolean' ? undefined : parseDecimal(text);
  const byValue = (value: unknown): boolean => {
    const other = decimalOf(value);
    return decimal !== undefined && other !== undefined && compareDecimals(decimal, other) === 0;
  };
  return (value) => {
    if (typeof value === 'string') return value === text || (typeof literal === 'number' && byValue(value));
    return value instanceof ExactNumber || typeof value === 'number'
      ? byValue(value)
      : scalarText(value) === text;
  };
}

/** By value where both sides are numbers, as texts otherwise: ISO dates come in order. */
function compared(literal: Literal, accepts: (order: number) => boolean): Test {
  const text = String(literal);
  const decimal = parseDecimal(text);
  return (value) => {
    const other = decimalOf(value);
    if (decimal !== undefined && other !== undefined) return accepts(compareDecimals(other, decimal));
    if (typeof value !== 'string') return false;
    return accepts(value < text ? -1 : Number(value > text));
  };
}

function compileMatches(pattern: string): Test {
  const expression = new RegExp(pattern, 'u');
  return (value) => {
    const text = scalarText(value);
    return text !== undefined && expression.test(text);
  };
}
