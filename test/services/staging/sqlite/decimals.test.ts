import { expect } from 'chai';
import fc from 'fast-check';
import { compareDecimals } from '../../../../engine/services/staging/sqlite/decimals.ts';

const digits = fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n });

/** The decimal text of `value` / 10^`scale`. */
function textOf(value: bigint, scale: number): string {
  const plain = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const text = scale === 0 ? plain : `${plain.slice(0, -scale)}.${plain.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}

describe('comparing decimal texts', () => {
  it('agrees with the order of the exact values', () => {
    fc.assert(
      fc.property(digits, digits, fc.nat(20), fc.nat(20), (a, b, scaleA, scaleB) => {
        const exact = a * 10n ** BigInt(scaleB) - b * 10n ** BigInt(scaleA);
        const order = exact === 0n ? 0 : exact < 0n ? -1 : 1;
        expect(compareDecimals(textOf(a, scaleA), textOf(b, scaleB))).to.equal(order);
      }),
    );
  });

  it('takes different texts of one number for equal', () => {
    for (const text of ['5', '5.0', '05.000', '0.5e1', '50E-1', '+5'])
      expect(compareDecimals(text, '5')).to.equal(0);
    expect(compareDecimals('-0', '0')).to.equal(0);
    expect(compareDecimals('.5', '0.5')).to.equal(0);
  });

  it('refuses a text that is no number', () => {
    expect(() => compareDecimals('twelve', '1')).to.throw(RangeError);
  });
});
