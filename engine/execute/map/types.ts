import type { PropertyPlan } from '../../model/plan.ts';
import { fixedText, parseDecimal, plainText } from './decimals.ts';
import { ExactNumber, isStackOverflow, stringifyExact } from './exact-json.ts';
import { type Coerced, Invalid, quoted } from './invalid.ts';
import { decimalOf, isStorable, numberText, scalarText } from './scalars.ts';
import { compileDate, compileDatetime, compileTime, compileTimestamp } from './times.ts';

/** Makes a staged value of a JSON value that is neither missing nor null. */
export type Coercer = (value: unknown) => Coerced;

/** Digits of an integer that every warehouse holds. */
const integerDigitsMax = 38;

/** The coercion to a property's type. */
export function compileType(property: Pick<PropertyPlan, 'type' | 'format' | 'zone'>): Coercer {
  const { type } = property;
  switch (type.name) {
    case 'string':
      return toText;
    case 'integer':
      return toInteger;
    case 'decimal':
      return compileDecimal(type.precision, type.scale);
    case 'double':
      return toDouble;
    case 'boolean':
      return toBoolean;
    case 'date':
      return compileDate(property.format);
    case 'time':
      return compileTime();
    case 'timestamp':
      return compileTimestamp(property.format, property.zone);
    case 'datetime':
      return compileDatetime();
    case 'json':
      return toJson;
    case 'binary':
      return toBinary;
  }
}

function toText(value: unknown): Coerced {
  const text = scalarText(value);
  if (text === undefined) {
    return new Invalid(
      'type',
      `expected a string, got ${quoted(value)}; \`type: json\` keeps objects and arrays`,
    );
  }
  return isStorable(text) ? text : new Invalid('text', unstorable);
}

const unstorable = 'expected text that can be stored, got one with U+0000 or with half of a surrogate pair';

/** An integer as canonical text. */
export function toInteger(value: unknown): Coerced {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  const decimal = decimalOf(value);
  if (decimal === undefined) return new Invalid('type', `expected an integer, got ${quoted(value)}`);
  if (decimal.exponent < 0) return new Invalid('range', `expected an integer, got ${quoted(value)}`);
  if (decimal.digits.length + decimal.exponent > integerDigitsMax) {
    return new Invalid(
      'range',
      `expected an integer of at most ${integerDigitsMax} digits, got ${quoted(value)}`,
    );
  }
  return plainText(decimal) ?? '0';
}

const simpleDecimal = /^(?:-(?=.*[1-9]))?(0|[1-9]\d*)(?:\.(\d+))?$/;

/** A decimal as text with exactly `scale` digits behind the point. */
function compileDecimal(precision: number, scale: number): Coercer {
  const exactly = compileExactDecimal(precision, scale);
  const zeros = '0'.repeat(scale);
  // Most amounts are written as they are stored, but for zeros at the end.
  const quickly = (text: string): string | undefined => {
    const [, whole, fraction = ''] = simpleDecimal.exec(text) ?? [];
    if (whole === undefined || whole.length > precision - scale || fraction.length > scale) return undefined;
    return fraction === '' ? `${text}.${zeros}` : text + zeros.slice(fraction.length);
  };
  if (scale === 0) return exactly;
  const asStored = new RegExp(`^(?:0|[1-9]\\d{0,${Math.max(0, precision - scale - 1)}})\\.\\d{${scale}}$`);
  return (value) => {
    if (typeof value === 'string' && precision > scale && asStored.test(value)) return value;
    return (
      (typeof value === 'string' || typeof value === 'number' ? quickly(String(value)) : undefined) ??
      exactly(value)
    );
  };
}

function compileExactDecimal(precision: number, scale: number): Coercer {
  const expected = `expected decimal(${precision},${scale})`;
  const reasons = {
    'too fine': 'would lose digits behind the point',
    'too large': `has more than ${precision - scale} digits before the point`,
  };
  return (value) => {
    const decimal = decimalOf(value);
    if (decimal === undefined) return new Invalid('type', `${expected}, got ${quoted(value)}`);
    const fixed = fixedText(decimal, precision, scale);
    if (typeof fixed !== 'string') return fixed.text;
    return new Invalid('range', `${expected}, got ${quoted(value)}, which ${reasons[fixed]}`);
  };
}

function toDouble(value: unknown): Coerced {
  const numeric = typeof value === 'string' ? parseDecimal(value) !== undefined : isNumber(value);
  if (!numeric) return new Invalid('type', `expected a double, got ${quoted(value)}`);
  const double = Number(value instanceof ExactNumber ? value.text : value);
  if (!Number.isFinite(double))
    return new Invalid('range', `expected a double, got ${quoted(value)}, which is too large`);
  // A negative zero is equal to zero, but would have a hash of its own.
  return double === 0 ? 0 : double;
}

const isNumber = (value: unknown): value is number | ExactNumber =>
  typeof value === 'number' || value instanceof ExactNumber;

const booleans = new Map<unknown, number>([
  [true, 1],
  [false, 0],
  [1, 1],
  [0, 0],
  ['true', 1],
  ['false', 0],
  ['1', 1],
  ['0', 0],
]);

function toBoolean(value: unknown): Coerced {
  const known = booleans.get(typeof value === 'string' ? value.toLowerCase() : value);
  return known ?? new Invalid('type', `expected a boolean (true, false, 1 or 0), got ${quoted(value)}`);
}

/** Half of a surrogate pair, which JSON writes as an escape: databases refuse it, and the whole load with it. */
const halfPair = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

const hasHalfPair = (json: string): boolean => json.includes('\\ud') && halfPair.test(json);

function toJson(value: unknown): Coerced {
  try {
    const text = typeof value === 'number' ? numberText(value) : stringifyExact(value);
    return hasHalfPair(text)
      ? new Invalid('text', 'expected JSON, got a text with half of a surrogate pair')
      : text;
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    return new Invalid('range', 'expected JSON, got a value that nests too deeply');
  }
}

/** Base64, standard or URL-safe, to standard base64 with padding. */
function toBinary(value: unknown): Coerced {
  if (typeof value !== 'string') return new Invalid('type', `expected base64 text, got ${quoted(value)}`);
  const bare = value
    .replace(/={1,2}$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
  const canonical = Buffer.from(bare, 'base64').toString('base64');
  // What does not come back as it was holds a character, a length or spare bits that base64 does not know.
  if (canonical.replace(/=+$/, '') === bare) return canonical;
  return new Invalid('type', `expected base64 text, got ${quoted(value)}`);
}
