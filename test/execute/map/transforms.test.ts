import { expect } from 'chai';
import fc from 'fast-check';
import { parseExact } from '../../../engine/execute/map/exact-json.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileTransforms } from '../../../engine/execute/map/transforms.ts';
import type { TransformPlan } from '../../../engine/model/plan.ts';

const apply = (value: unknown, ...plans: TransformPlan[]): unknown => compileTransforms(plans)?.(value);

describe('transforms', () => {
  const cases: readonly (readonly [TransformPlan, unknown, unknown])[] = [
    [{ name: 'trim' }, ' \t a b\n', 'a b'],
    [{ name: 'upper' }, 'straße', 'STRASSE'],
    [{ name: 'lower' }, 'ÄB', 'äb'],
    [{ name: 'collapse_spaces' }, 'a \n  b  ', 'a b '],
    [{ name: 'null_if_empty' }, '', null],
    [{ name: 'null_if_empty' }, ' ', ' '],
    [{ name: 'digits' }, '+49 (0) 30/12٣', '4903012'],
    [{ name: 'digits' }, 12.5, '125'],
    [{ name: 'replace', pattern: '(\\d),(\\d)', with: '$1.$2' }, '1,5 2,5', '1.5 2.5'],
    [{ name: 'replace', pattern: '.', with: 'x' }, '😀', 'x'],
    [{ name: 'map', values: { Y: 'true' } }, 'Y', 'true'],
    [{ name: 'map', values: { Y: 'true' } }, 'N', 'N'],
    [{ name: 'map', values: { Y: 'true' } }, 'toString', 'toString'],
    [{ name: 'map', values: { true: 'yes' } }, true, 'yes'],
    [{ name: 'shift', places: -2 }, 1999, '19.99'],
    [{ name: 'shift', places: -2 }, '5', '0.05'],
    [{ name: 'shift', places: 3 }, '-1.5', '-1500'],
    [{ name: 'shift', places: -2 }, '', ''],
    [{ name: 'shift', places: -2 }, 0, '0'],
    [{ name: 'trim' }, null, null],
    [{ name: 'trim' }, undefined, undefined],
  ];
  for (const [plan, value, expected] of cases) {
    it(`make ${JSON.stringify(expected)} of ${JSON.stringify(value)} by ${JSON.stringify(plan)}`, () => {
      expect(apply(value, plan)).to.equal(expected);
    });
  }

  it('run in order and stop at null', () => {
    const plans = [{ name: 'trim' }, { name: 'null_if_empty' }, { name: 'upper' }] as const;
    expect(apply(' a ', ...plans)).to.equal('A');
    expect(apply('   ', ...plans)).to.equal(null);
  });

  it('keep long numbers exact', () => {
    expect(apply(parseExact('123456789012345678901'), { name: 'shift', places: -2 })).to.equal(
      '1234567890123456789.01',
    );
  });

  it('shift forth and back without loss', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: -18, max: 18 }), (value, places) => {
        const there = { name: 'shift', places } as const;
        const back = { name: 'shift', places: -places } as const;
        expect(apply(String(value), there, back)).to.equal(String(value));
      }),
    );
  });

  it('refuse an object, and a text that is no number to shift', () => {
    expect(apply({ a: 1 }, { name: 'trim' }))
      .to.be.instanceOf(Invalid)
      .with.property('code', 'ETL0527');
    expect(apply('12,5', { name: 'shift', places: 1 }))
      .to.be.instanceOf(Invalid)
      .with.property('code', 'ETL0527');
  });

  it('are not there when none are declared', () => {
    expect(compileTransforms([])).to.equal(undefined);
  });
});
