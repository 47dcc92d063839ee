import { expect } from 'chai';
import fc from 'fast-check';
import { compareDecimals, fixedText, parseDecimal, plainText } from '../../../engine/execute/map/decimals.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileType } from '../../../engine/execute/map/types.ts';
import { logicalType } from '../../support/mappings.ts';

/** A decimal as a whole number of 10^-60, and a text that says it. */
const sized = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }),
    fc.nat(30),
    fc.nat(3),
    fc.integer({ min: -20, max: 20 }),
    fc.boolean(),
  )
  .map(([unscaled, scale, zeros, exponent, plus]) => {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const fraction = digits.slice(digits.length - scale) + (scale === 0 ? '' : '0'.repeat(zeros));
    const sign = unscaled < 0n ? '-' : plus ? '+' : '';
    const whole = '0'.repeat(zeros) + digits.slice(0, digits.length - scale);
    const power = exponent === 0 ? '' : `e${exponent}`;
    return {
      text: `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${power}`,
      value: unscaled * 10n ** BigInt(60 - scale + exponent),
    };
  });

const unit = 10n ** 60n;

/** What decimal(p,s) makes of a whole number of 10^-60; undefined when it does not fit. */
function fixed(value: bigint, precision: number, scale: number): string | undefined {
  const step = 10n ** BigInt(60 - scale);
  const magnitude = value < 0n ? -value : value;
  if (magnitude % step !== 0n || magnitude >= 10n ** BigInt(60 + precision - scale)) return undefined;
  const digits = String(magnitude / step).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(whole.length)}` : ''}`;
}

describe('decimals', () => {
  it('fit decimal(p,s) exactly when whole-number arithmetic says so', () => {
    const shape = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) => fc.tuple(fc.constant(precision), fc.nat(precision)));
    fc.assert(
      fc.property(sized, shape, ({ text, value }, [precision, scale]) => {
        const coerced = compileType({ type: { name: 'decimal', precision, scale }, format: 'iso' })(text);
        expect(coerced instanceof Invalid ? undefined : coerced).to.equal(fixed(value, precision, scale));
      }),
      { numRuns: 3000 },
    );
  });

  it('compare as whole-number arithmetic does', () => {
    fc.assert(
      fc.property(sized, sized, (a, b) => {
        const [left, right] = [parseDecimal(a.text), parseDecimal(b.text)];
        if (left === undefined || right === undefined)
          throw new Error(`${a.text} and ${b.text} are decimals`);
        const expected = a.value < b.value ? -1 : Number(a.value > b.value);
        expect(Math.sign(compareDecimals(left, right))).to.equal(expected);
        expect(compareDecimals(left, left)).to.equal(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('keep their value as plain text', () => {
    fc.assert(
      fc.property(sized, ({ text, value }) => {
        const decimal = parseDecimal(text);
        const plain = decimal && plainText(decimal);
        expect(plain).to.match(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
        const [whole = '', fraction = ''] = (plain ?? '').replace('-', '').split('.');
        const magnitude = BigInt(whole) * unit + BigInt(fraction.padEnd(60, '0'));
        expect(plain?.startsWith('-') ? -magnitude : magnitude).to.equal(value);
      }),
      { numRuns: 1000 },
    );
  });

  for (const text of [
    '',
    '.',
    '-',
    'e5',
    '1e',
    '1 ',
    ' 1',
    '1,5',
    '0x10',
    '1_000',
    'NaN',
    'Infinity',
    '--1',
    '1.2.3',
    '١',
  ]) {
    it(`are not read from ${JSON.stringify(text)}`, () => {
      expect(parseDecimal(text)).to.equal(undefined);
    });
  }

  it('with an enormous exponent take no memory', () => {
    const huge = parseDecimal('1e999999999');
    expect(huge && plainText(huge)).to.equal(undefined);
    expect(huge && fixedText(huge, 38, 2)).to.equal('too large');
    const tiny = parseDecimal('1e-999999999');
    expect(tiny && plainText(tiny)).to.equal(undefined);
    expect(tiny && fixedText(tiny, 38, 2)).to.equal('too fine');
    const zero = parseDecimal('0e999999999');
    expect(zero && plainText(zero)).to.equal('0');
  });

  it('take linear time for a long run of zeros', () => {
    const started = performance.now();
    expect(parseDecimal(`1${'0'.repeat(500_000)}1`)?.digits).to.have.length(500_002);
    expect(performance.now() - started).to.be.lessThan(2000);
  });

  it('of equal value have equal texts', () => {
    const coerce = compileType({ type: logicalType('decimal(18,2)'), format: 'iso' });
    const texts = ['12.5', '12.50', '+12.5', '012.5', '1.25e1', '12.500', 12.5].map(coerce);
    expect(new Set(texts)).to.deep.equal(new Set(['12.50']));
  });
});
