/** A decimal number, exactly: `digits` × 10^`exponent`. Digits begin and end with no zero; zero has none and no sign. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const pattern = /^([+-])?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const zero: Decimal = { negative: false, digits: '', exponent: 0 };

/** Zeros that a number's text may gain when its exponent is written out. */
const zerosMax = 400;

/** Reads `12.50`, `-.5`, `+1e3`; undefined for anything else, spaces included. */
export function parseDecimal(text: string): Decimal | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  const all = whole + fraction;
  if (all === '') return undefined;
  const [first, end] = significant(all);
  if (first === end) return zero;
  return {
    negative: sign === '-',
    digits: all.slice(first, end),
    exponent: Number(exponent) - fraction.length + all.length - end,
  };
}

/** Where the digits without outer zeros begin and end; a regular expression would take quadratic time here. */
function significant(digits: string): readonly [number, number] {
  let first = 0;
  while (digits[first] === '0') first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end -= 1;
  return [first, end];
}

/** Without an exponent and without needless zeros; undefined when that takes more than 400 zeros. */
export function plainText({ negative, digits, exponent }: Decimal): string | undefined {
  const point = digits.length + exponent;
  if (exponent > zerosMax || -point > zerosMax) return undefined;
  const sign = negative ? '-' : '';
  if (digits === '') return '0';
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${sign}0.${'0'.repeat(-point)}${digits}`;
}

/** Why a number does not fit a decimal type: it has too many digits before or behind the point. */
export type Misfit = 'too large' | 'too fine';

/** With exactly `scale` digits behind the point, so that equal values have equal texts. */
export function fixedText(decimal: Decimal, precision: number, scale: number): { text: string } | Misfit {
  const { digits, exponent } = decimal;
  if (-exponent > scale) return 'too fine';
  if (digits.length + exponent > precision - scale) return 'too large';
  const shifted = digits + '0'.repeat(exponent + scale);
  const padded = shifted.padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale);
  const sign = decimal.negative ? '-' : '';
  return { text: scale === 0 ? sign + whole : `${sign}${whole}.${padded.slice(whole.length)}` };
}

/** Negative, zero or positive, as for sorting. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const sign = (decimal: Decimal): number => (decimal.digits === '' ? 0 : decimal.negative ? -1 : 1);
  if (sign(a) !== sign(b)) return sign(a) - sign(b);
  const larger = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  // With the same number of whole digits, and none of them zero at the front, digits compare as texts.
  const magnitude = larger !== 0 ? larger : a.digits < b.digits ? -1 : Number(a.digits > b.digits);
  return a.negative ? -magnitude : magnitude;
}
