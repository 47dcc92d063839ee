const pattern = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

interface Decimal {
  /** All digits with the sign, without a point. */
  readonly digits: bigint;
  /** How many of them stand behind the point; negative when zeros are left out before it. */
  readonly scale: number;
}

function parse(text: string): Decimal {
  const found = pattern.exec(text);
  if (found === null) throw new RangeError(`"${text}" is not a decimal number`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = found;
  return {
    digits: BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}` || '0'),
    scale: fraction.length - Number(exponent),
  };
}

/** Compares two decimal texts of any length exactly: -1, 0 or 1. */
export function compareDecimals(a: string, b: string): number {
  const left = parse(a);
  const right = parse(b);
  const scale = Math.max(left.scale, right.scale);
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

const scaled = ({ digits, scale }: Decimal, to: number): bigint => digits * 10n ** BigInt(to - scale);
