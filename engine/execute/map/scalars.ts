import { type Decimal, parseDecimal, plainText } from './decimals.ts';
import { ExactNumber } from './exact-json.ts';

/** The text of a string, number or boolean as received; undefined for objects and arrays. Numbers have no exponent. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || value instanceof ExactNumber) return numberText(value);
  return typeof value === 'boolean' ? String(value) : undefined;
}

/** A number in full: `1e+21` becomes 1 and 21 zeros. One that takes more than 400 zeros stays as received. */
export function numberText(value: number | ExactNumber): string {
  const text = String(value);
  if (typeof value === 'number' && !text.includes('e')) return text;
  const decimal = parseDecimal(text);
  return (decimal && plainText(decimal)) ?? text;
}

/** The decimal that a number, or a text of one, says; undefined for anything else. */
export function decimalOf(value: unknown): Decimal | undefined {
  if (typeof value === 'string') return parseDecimal(value);
  return typeof value === 'number' || value instanceof ExactNumber ? parseDecimal(String(value)) : undefined;
}

/** Of ECMAScript 2024; Node 20 has it, the library types of ES2023 do not. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** Whether a text is Unicode that every database takes: no half of a surrogate pair, no U+0000. */
export const isStorable = (text: string): boolean =>
  (text as string & WellFormed).isWellFormed() && !text.includes('\0');
