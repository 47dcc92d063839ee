import { expect } from 'chai';
import { parseExact } from '../../../engine/execute/map/exact-json.ts';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileType } from '../../../engine/execute/map/types.ts';
import { logicalType } from '../../support/mappings.ts';

const nines = '9'.repeat(38);

/** Type, JSON of a value, and what is stored of it, or the code that refuses it. */
const cases: readonly (readonly [string, string, unknown])[] = [
  ['integer', nines, nines],
  ['integer', `-${nines}`, `-${nines}`],
  ['integer', `1${'0'.repeat(38)}`, 'ETL0522'],
  ['decimal(38,0)', nines, nines],
  ['decimal(38,38)', `0.${nines}`, `0.${nines}`],
  ['decimal(38,37)', `9.${nines.slice(1)}`, `9.${nines.slice(1)}`],
  ['decimal(38,37)', '10', 'ETL0522'],
  ['decimal(38,2)', `1.234`, 'ETL0522'],
  ['double', '1.7976931348623157e308', Number.MAX_VALUE],
  ['double', '5e-324', Number.MIN_VALUE],
  ['double', '-0.0', 0],
  ['double', '1e309', 'ETL0522'],
  ['double', '"NaN"', 'ETL0521'],
  ['double', '"Infinity"', 'ETL0521'],
  ['double', '"-Infinity"', 'ETL0521'],
  ['date', '"0001-01-01"', '0001-01-01'],
  ['date', '"9999-12-31"', '9999-12-31'],
  ['date', '"0000-12-31"', 'ETL0521'],
  ['date', '"10000-01-01"', 'ETL0521'],
  ['date', '"2026-02-29"', 'ETL0521'],
  ['time', '"23:59:59.999999"', '23:59:59.999999'],
  ['time', '"24:00:00"', 'ETL0521'],
  ['time', '"08:00:00.1234560"', '08:00:00.123456'],
  ['time', '"08:00:00.1234567"', 'ETL0522'],
  ['timestamp', '"0001-01-01T00:00:00Z"', '0001-01-01T00:00:00.000000Z'],
  ['timestamp', '"9999-12-31T23:59:59.999999Z"', '9999-12-31T23:59:59.999999Z'],
  ['timestamp', '"9999-12-31T23:59:59-05:00"', 'ETL0521'],
  ['timestamp', '"0001-01-01T00:00:00+01:00"', 'ETL0521'],
  ['timestamp', '"2026-01-01T00:00:00.0000001Z"', 'ETL0521'],
  ['datetime', '"0001-01-01T00:00:00"', '0001-01-01T00:00:00.000000'],
  ['datetime', '"9999-12-31T23:59:59.999999"', '9999-12-31T23:59:59.999999'],
  ['datetime', '"0000-01-01T00:00:00"', 'ETL0521'],
  ['string', '"a\\u0000b"', 'ETL0524'],
  ['string', '"\\ud800"', 'ETL0524'],
  ['json', '"\\ud800"', 'ETL0524'],
  ['json', `[${nines}${nines}]`, `[${nines}${nines}]`],
];

describe('extremes of types', () => {
  for (const [type, json, stored] of cases) {
    it(`${type}: ${json.slice(0, 44)} ${String(stored).startsWith('ETL') ? 'is refused' : 'is stored exactly'}`, () => {
      const value = parseExact(Buffer.from(`{"v":${json}}`).toString()) as { readonly v: unknown };
      const coerced = compileType({ type: logicalType(type), format: 'iso' })(value.v);
      expect(coerced instanceof Invalid ? coerced.code : coerced).to.equal(stored);
    });
  }
});
