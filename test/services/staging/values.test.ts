import { expect } from 'chai';
import fc from 'fast-check';
import { compileType } from '../../../engine/execute/map/types.ts';
import type { StagedValue } from '../../../engine/model/batch.ts';
import { loadLine } from '../../../engine/model/load-file.ts';
import type { LogicalType } from '../../../engine/model/plan.ts';
import {
  collect,
  mappedRows,
  mappingPlan,
  type SampleRow,
  stagedPage,
  streamPlan,
} from '../../contracts/staging-samples.ts';
import { onEach } from './each-database.ts';
import { stagingAt } from './places.ts';

type Name = LogicalType['name'];

const decimal = { name: 'decimal', precision: 38, scale: 9 } as const;

/** A value of a type as mapping makes it; what mapping would block is left out. */
const mapped = (name: Name, received: fc.Arbitrary<unknown>): fc.Arbitrary<StagedValue> => {
  const coerce = compileType({ type: name === 'decimal' ? decimal : { name }, format: 'iso' });
  return received
    .map(coerce)
    .filter((value): value is StagedValue => value === null || typeof value !== 'object');
};

const two = (value: number): string => String(value).padStart(2, '0');
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(
    ([hour, minute, second, micros]) =>
      `${two(hour)}:${two(minute)}:${two(second)}.${String(micros).padStart(6, '0')}`,
  );
const day = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }))
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}`);
const offset = fc.constantFrom('Z', '+00:00', '-18:00', '+05:45', '+14:00');
const big = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });

/** What databases, CSV and COPY each find special. */
const special = fc.constantFrom(
  '\0',
  '\u{fdd0}',
  '\u{fdd0}0',
  '\\',
  '\\.',
  '\\N',
  '\n\\.\n',
  '\r\\.\r',
  '"',
  ',',
  '\t',
  "'",
  '?',
  '$1',
  '\u2028',
  '😀',
  'ü',
  ' ',
  '',
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.oneof(special, fc.string({ maxLength: 3 })), { maxLength: 6 }).map((parts) => parts.join('')),
);

const values: { readonly [N in Name]: fc.Arbitrary<StagedValue> } = {
  string: anyText,
  json: mapped('json', fc.jsonValue()),
  binary: mapped(
    'binary',
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  ),
  integer: mapped('integer', big.map(String)),
  decimal: mapped(
    'decimal',
    fc.oneof(
      big.map((digits) => `${digits}e-9`),
      fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((value) => value.toFixed(9)),
    ),
  ),
  double: mapped('double', fc.double({ noNaN: true, noDefaultInfinity: true })),
  boolean: mapped('boolean', fc.boolean()),
  date: mapped('date', day),
  time: mapped('time', clock),
  timestamp: mapped(
    'timestamp',
    fc.tuple(day, clock, offset).map(([date, time, zone]) => `${date}T${time}${zone}`),
  ),
  datetime: mapped(
    'datetime',
    fc.tuple(day, clock).map(([date, time]) => `${date}T${time}`),
  ),
};

const names = Object.keys(values) as Name[];
const columns = Object.fromEntries(names.map((name) => [`a_${name}`, name]));
const mapping = mappingPlan(columns, { name: 'wide' });

const row = fc.tuple(...names.map((name) => fc.option(values[name], { freq: 8 })));
const rows = fc.array(fc.tuple(row, anyText, fc.option(anyText)), { minLength: 1, maxLength: 20 });

/** The ends of what mapping lets through. */
const edges: readonly (readonly StagedValue[])[] = [
  [
    '',
    '""',
    '',
    `-${'9'.repeat(38)}`,
    `-${'9'.repeat(29)}.${'9'.repeat(9)}`,
    5e-324,
    0,
    '0001-01-01',
    '00:00:00.000000',
    '0001-01-01T00:00:00.000000Z',
    '0001-01-01T00:00:00.000000',
  ],
  [
    '\\N',
    '{"a":"\\u0000"}',
    'AA==',
    '9'.repeat(38),
    `0.${'0'.repeat(8)}1`,
    1.7976931348623157e308,
    1,
    '9999-12-31',
    '23:59:59.999999',
    '9999-12-31T23:59:59.999999Z',
    '9999-12-31T23:59:59.999999',
  ],
  [
    'NaN',
    '1.50',
    'AP8=',
    '0',
    '0.000000000',
    -2.2250738585072014e-308,
    1,
    '2024-02-29',
    '12:00:00.000001',
    '1582-10-10T00:00:00.000000Z',
    '1900-02-28T23:59:59.000000',
  ],
];

onEach((name, place) => {
  describe(`values in rows staged on ${name}`, function () {
    this.timeout(120_000);

    /** Stages the rows as one page, and reads them back. */
    async function expectKept(
      staging: ReturnType<typeof stagingAt>,
      page: number,
      sample: readonly SampleRow[],
    ) {
      const { values: flat, ...others } = mappedRows({ id: page, mapping: 'wide', rows: sample });
      const width = flat.length / sample.length;
      const expected = sample.map((_, at) => [
        ...flat.slice(at * width, (at + 1) * width - 2),
        'its hash',
        null,
      ]);
      const lines = Buffer.from(expected.map((one) => loadLine(one)).join(''));
      await staging.commit(streamPlan(), [
        { ...stagedPage({ id: page }), rows: [{ ...others, values: expected.flat(), lines }] },
      ]);
      const unit = {
        id: '',
        mapping: 'wide',
        firstPage: page,
        lastPage: page,
        rows: sample.length,
        marks: 0,
      };
      const found = (await collect(staging.rows(mapping, unit))).flat();
      expect(found).to.deep.equal(expected);
    }

    it('come back as they were staged, whatever mapping lets through', async () => {
      const staging = stagingAt(place());
      await staging.migrate();
      await staging.prepare(mapping);
      let page = 1;
      await expectKept(
        staging,
        page,
        edges.map((one) => ({ values: one })),
      );
      await fc.assert(
        fc.asyncProperty(rows, async (generated) => {
          page += 1;
          const sample = generated.map(([one, record, cursor]) => ({
            values: one,
            record,
            ...(cursor !== null && { cursor }),
          }));
          await expectKept(staging, page, sample);
        }),
        { numRuns: 100 },
      );
      await staging.close();
    });
  });
});
