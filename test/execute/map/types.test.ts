import { expect } from 'chai';
import fc from 'fast-check';
import { parseExact } from '../../../engine/execute/map/exact-json.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileType } from '../../../engine/execute/map/types.ts';
import type { PropertyPlan } from '../../../engine/model/plan.ts';
import { logicalType } from '../../support/mappings.ts';

type Options = Partial<Pick<PropertyPlan, 'format' | 'zone'>>;

const coerce = (type: string, json: string, options: Options = {}): unknown =>
  compileType({ type: logicalType(type), format: 'iso', ...options })(parseExact(json));

interface Case {
  readonly type: string;
  /** JSON of a value, and what it becomes. */
  readonly valid?: readonly (readonly [string, string | number])[];
  /** JSON of a value, its code, and a part of the reason. */
  readonly invalid?: readonly (readonly [string, string, string])[];
  readonly options?: Options;
}

const cases: readonly Case[] = [
  {
    type: 'string',
    valid: [
      ['"a b"', 'a b'],
      ['"😀"', '😀'],
      ['5', '5'],
      ['12.50', '12.5'],
      ['1e21', '1000000000000000000000'],
      ['1e-7', '0.0000001'],
      ['123456789012345678901234567890', '123456789012345678901234567890'],
      ['0.1000000000000000000010', '0.100000000000000000001'],
      ['true', 'true'],
      ['false', 'false'],
    ],
    invalid: [
      ['{"a":1}', 'ETL0521', 'got an object'],
      ['[1,2]', 'ETL0521', 'got an array of 2'],
      ['"\\ud800"', 'ETL0524', 'surrogate'],
      ['"a\\u0000b"', 'ETL0524', 'U+0000'],
    ],
  },
  {
    type: 'integer',
    valid: [
      ['5', '5'],
      ['-0', '0'],
      ['5.0', '5'],
      ['1e3', '1000'],
      ['9007199254740993', '9007199254740993'],
      ['99999999999999999999999999999999999999', '9'.repeat(38)],
      ['"007"', '7'],
      ['"+7"', '7'],
      ['"-0"', '0'],
      ['"-12"', '-12'],
      ['"5.0"', '5'],
    ],
    invalid: [
      ['5.5', 'ETL0522', 'expected an integer, got 5.5'],
      ['"1.5"', 'ETL0522', 'got "1.5"'],
      [`1${'0'.repeat(38)}`, 'ETL0522', 'at most 38 digits'],
      ['1e999999999', 'ETL0522', 'at most 38 digits'],
      ['"1 000"', 'ETL0521', 'got "1 000"'],
      ['"0x1F"', 'ETL0521', 'expected an integer'],
      ['true', 'ETL0521', 'got true'],
      ['{}', 'ETL0521', 'got an object'],
    ],
  },
  {
    type: 'decimal(18,2)',
    valid: [
      ['12.5', '12.50'],
      ['"12.5"', '12.50'],
      ['"12.500"', '12.50'],
      ['12', '12.00'],
      ['-0.00', '0.00'],
      ['"-0.00"', '0.00'],
      ['"-0.10"', '-0.10'],
      ['"007.1"', '7.10'],
      ['1e2', '100.00'],
      ['"9999999999999999.99"', '9999999999999999.99'],
      ['9999999999999999.99', '9999999999999999.99'],
    ],
    invalid: [
      ['"12,50"', 'ETL0521', 'expected decimal(18,2), got "12,50"'],
      ['19.990000000000002', 'ETL0522', 'would lose digits'],
      ['"0.005"', 'ETL0522', 'would lose digits'],
      ['"10000000000000000"', 'ETL0522', 'more than 16 digits before the point'],
      ['"1e999999999"', 'ETL0522', 'more than 16 digits'],
      ['false', 'ETL0521', 'got false'],
    ],
  },
  { type: 'decimal(2,2)', valid: [['0.25', '0.25']], invalid: [['1', 'ETL0522', 'more than 0 digits']] },
  { type: 'decimal(3,0)', valid: [['"999"', '999']], invalid: [['"999.5"', 'ETL0522', 'lose digits']] },
  {
    type: 'double',
    valid: [
      ['0.1', 0.1],
      ['"2.5e-3"', 0.0025],
      ['123456789012345678901', 123456789012345680000],
      ['-0.0', 0],
    ],
    invalid: [
      ['1e400', 'ETL0522', 'too large'],
      ['"-1e400"', 'ETL0522', 'too large'],
      ['"NaN"', 'ETL0521', 'expected a double'],
      ['"Infinity"', 'ETL0521', 'expected a double'],
      ['true', 'ETL0521', 'got true'],
      ['[]', 'ETL0521', 'got an array of 0'],
    ],
  },
  {
    type: 'boolean',
    valid: [
      ['true', 1],
      ['false', 0],
      ['"TRUE"', 1],
      ['"False"', 0],
      ['1', 1],
      ['0', 0],
      ['"1"', 1],
      ['"0"', 0],
    ],
    invalid: [
      ['"yes"', 'ETL0521', 'got "yes"'],
      ['2', 'ETL0521', 'got 2'],
      ['{}', 'ETL0521', 'got an object'],
    ],
  },
  {
    type: 'json',
    valid: [
      ['{"b":[1,9007199254740993],"a":null}', '{"b":[1,9007199254740993],"a":null}'],
      ['"a"', '"a"'],
      ['true', 'true'],
      ['1e21', '1000000000000000000000'],
      ['[]', '[]'],
      ['"a\\u0000"', '"a\\u0000"'],
      ['["\\\\ud800"]', '["\\\\ud800"]'],
      ['"\\ud83d\\ude00"', '"😀"'],
    ],
    invalid: [
      ['{"a":"cut \\ud83d"}', 'ETL0524', 'surrogate'],
      ['{"\\udfaa":0}', 'ETL0524', 'surrogate'],
      ['"\\\\\\ud800"', 'ETL0524', 'surrogate'],
    ],
  },
  {
    type: 'binary',
    valid: [
      ['"SGk="', 'SGk='],
      ['"SGk"', 'SGk='],
      ['"-_8="', '+/8='],
    ],
    invalid: [
      ['"S"', 'ETL0521', 'base64'],
      ['"SG k="', 'ETL0521', 'base64'],
      ['"SGl="', 'ETL0521', 'base64'],
      ['"SGk==="', 'ETL0521', 'base64'],
      ['5', 'ETL0521', 'got 5'],
    ],
  },
];

describe('types', () => {
  for (const { type, valid = [], invalid = [], options = {} } of cases) {
    for (const [json, expected] of valid) {
      it(`make ${JSON.stringify(expected)} of ${json} for ${type}`, () => {
        expect(coerce(type, json, options)).to.deep.equal(expected);
      });
    }
    for (const [json, code, reason] of invalid) {
      it(`refuse ${json.slice(0, 60)} for ${type}`, () => {
        const refused = coerce(type, json, options);
        expect(refused).to.be.instanceOf(Invalid);
        expect((refused as Invalid).code).to.equal(code);
        expect((refused as Invalid).reason).to.contain(reason);
      });
    }
  }

  it('keep any bytes as base64 of either alphabet', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('base64' as const, 'base64url' as const),
        (value, alphabet) => {
          fc.pre(value.length > 0);
          const text = JSON.stringify(Buffer.from(value).toString(alphabet));
          expect(coerce('binary', text)).to.equal(Buffer.from(value).toString('base64'));
        },
      ),
    );
  });

  it('never make a text of any value that is not well-formed Unicode', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\0', '\ud800', '\udc00', '😀') }), (text) => {
        const coerced = coerce('string', JSON.stringify(text));
        const storable = !text.includes('\0') && Buffer.from(text).toString() === text;
        expect(coerced instanceof Invalid).to.equal(!storable);
      }),
    );
  });

  it('shorten a long value in the reason', () => {
    const refused = coerce('integer', JSON.stringify('x'.repeat(500))) as Invalid;
    expect(refused.reason).to.have.length.lessThan(100);
  });
});
