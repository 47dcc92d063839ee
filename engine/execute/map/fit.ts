import type { StagedValue } from '../../model/batch.ts';
import type { DeclaredPlan, LimitsPlan, LogicalType, PropertyPlan } from '../../model/plan.ts';
import { compareDecimals, parseDecimal } from './decimals.ts';
import { type Coerced, Invalid, quoted } from './invalid.ts';
import { jsonMisfit } from './json-limits.ts';
import { type Coercer, compileType } from './types.ts';

/** The coercion to a property's type and to what the warehouse holds of it; and to the column's, where that is another. */
export function compileFit(property: PropertyPlan): Coercer {
  const { declared, limits } = property;
  if (declared?.otherwise === undefined) return limited(compileType(property), property.type, limits);
  return compileNarrowing({ ...property, declared });
}

/** A value that fits the mapping's type, as one of the column's: the same value, or none. */
function compileNarrowing(property: PropertyPlan & { readonly declared: DeclaredPlan }): Coercer {
  const { declared, type, limits } = property;
  const toDeclared = compileType({ ...property, type: declared.type });
  const toColumn = limited(compileType({ type, format: 'iso' }), type, limits);
  return (value) => {
    const fits = toDeclared(value);
    if (fits instanceof Invalid || fits === null) return fits;
    const narrowed = toColumn(received(declared.type, fits));
    if (!(narrowed instanceof Invalid) && isSame(type, fits, narrowed)) return narrowed;
    const why =
      narrowed instanceof Invalid
        ? narrowed.reason
        : `expected a double, got ${quoted(fits)}, which has more digits`;
    return new Invalid(
      'narrower',
      `the column has another type than the mapping: ${why}`,
      declared.otherwise,
    );
  };
}

/** A staged value as an API would send it. */
const received = (type: LogicalType, value: StagedValue): unknown =>
  type.name === 'boolean' ? value === 1 : value;

/** Only a double takes a number without saying that it has lost digits. */
function isSame({ name }: LogicalType, before: StagedValue, after: StagedValue): boolean {
  if (name !== 'double') return true;
  const [one, other] = [parseDecimal(String(before)), parseDecimal(String(after))];
  return one === undefined || other === undefined || compareDecimals(one, other) === 0;
}

type Limit = (value: string | number) => Invalid | undefined;

function limited(toType: Coercer, type: LogicalType, limits: LimitsPlan | undefined): Coercer {
  const found = limits === undefined ? [] : limitsOf(type, limits);
  if (found.length === 0) return toType;
  return (value): Coerced => {
    const coerced = toType(value);
    if (coerced === null || coerced instanceof Invalid) return coerced;
    for (const limit of found) {
      const misfit = limit(coerced);
      if (misfit !== undefined) return misfit;
    }
    return coerced;
  };
}

function limitsOf({ name }: LogicalType, limits: LimitsPlan): readonly Limit[] {
  const { charactersMax, fractionMax, normalOnly } = limits;
  switch (name) {
    case 'string':
      return charactersMax === undefined ? [] : [tooLong(charactersMax)];
    case 'time':
    case 'datetime':
    case 'timestamp':
      return fractionMax === undefined ? [] : [tooFine(fractionMax)];
    case 'double':
      return normalOnly === true ? [subnormal] : [];
    case 'json':
      return [(value) => jsonMisfit(String(value), limits)];
    default:
      return [];
  }
}

const tooLong =
  (charactersMax: number): Limit =>
  (value) => {
    const characters = [...String(value)].length;
    if (characters <= charactersMax) return undefined;
    return new Invalid(
      'range',
      `expected a text of at most ${charactersMax} characters, got one of ${characters}`,
    );
  };

const fraction = /\.(\d+)/;

const tooFine =
  (fractionMax: number): Limit =>
  (value) => {
    const digits = fraction.exec(String(value))?.[1] ?? '';
    if (!/[1-9]/.test(digits.slice(fractionMax))) return undefined;
    return new Invalid(
      'range',
      `expected a fraction of a second of at most ${fractionMax} digits, got ${quoted(value)}`,
    );
  };

/** The least double with all of its 53 bits. */
const leastNormal = 2.2250738585072014e-308;

const subnormal: Limit = (value) => {
  const size = Math.abs(Number(value));
  if (size === 0 || size >= leastNormal) return undefined;
  return new Invalid('range', `expected a double of at least ${leastNormal} in size, got ${quoted(value)}`);
};
