import { expect } from 'chai';
import fc from 'fast-check';
import { Invalid } from '../../../engine/execute/map/invalid.ts';
import { compileType } from '../../../engine/execute/map/types.ts';
import { wallClock } from '../../../engine/execute/map/zones.ts';
import type { PropertyPlan } from '../../../engine/model/plan.ts';

type Name = 'date' | 'time' | 'timestamp' | 'datetime';
type Options = Partial<Pick<PropertyPlan, 'format' | 'zone'>>;

const coerce = (name: Name, value: unknown, options: Options = {}): unknown =>
  compileType({ type: { name }, format: 'iso', ...options })(value);

const berlin = { zone: 'Europe/Berlin' };
const epoch = { format: 'epoch' } as const;
const epochMs = { format: 'epoch_ms' } as const;

const valid: readonly (readonly [Name, unknown, string, Options?])[] = [
  ['timestamp', '2026-01-31T08:15:00Z', '2026-01-31T08:15:00.000000Z'],
  ['timestamp', '2026-01-31T08:15:00.1234560Z', '2026-01-31T08:15:00.123456Z'],
  ['timestamp', '2026-01-31 08:15:00+01:00', '2026-01-31T07:15:00.000000Z'],
  ['timestamp', '2026-01-31T08:15-0530', '2026-01-31T13:45:00.000000Z'],
  ['timestamp', '2026-01-31T08:15:00+02', '2026-01-31T06:15:00.000000Z'],
  ['timestamp', '2024-02-29T23:59:59.999999Z', '2024-02-29T23:59:59.999999Z'],
  ['timestamp', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
  ['timestamp', '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
  ['timestamp', '2010-12-01 08:26:00', '2010-12-01T07:26:00.000000Z', berlin],
  ['timestamp', '2010-07-01T08:26:00.5', '2010-07-01T06:26:00.500000Z', berlin],
  ['timestamp', '2010-07-01', '2010-06-30T22:00:00.000000Z', berlin],
  ['timestamp', '2010-07-01T08:26:00Z', '2010-07-01T08:26:00.000000Z', berlin],
  ['timestamp', 1_769_847_300, '2026-01-31T08:15:00.000000Z', epoch],
  ['timestamp', '1769847300.123456', '2026-01-31T08:15:00.123456Z', epoch],
  ['timestamp', 1_769_847_300.5, '2026-01-31T08:15:00.500000Z', epoch],
  ['timestamp', -0.000001, '1969-12-31T23:59:59.999999Z', epoch],
  ['timestamp', 1_769_847_300_123, '2026-01-31T08:15:00.123000Z', epochMs],
  ['timestamp', '1769847300123.456', '2026-01-31T08:15:00.123456Z', epochMs],
  ['timestamp', 0, '1970-01-01T00:00:00.000000Z', epochMs],
  ['datetime', '2026-01-31T08:15:00', '2026-01-31T08:15:00.000000'],
  ['datetime', '2026-01-31 08:15:00.25', '2026-01-31T08:15:00.250000'],
  ['date', '2026-01-31', '2026-01-31'],
  ['date', '2024-02-29', '2024-02-29'],
  ['date', 1_769_847_300, '2026-01-31', epoch],
  ['date', '1769847300123', '2026-01-31', epochMs],
  ['time', '08:15', '08:15:00.000000'],
  ['time', '08:15:59', '08:15:59.000000'],
  ['time', '23:59:59.1234560', '23:59:59.123456'],
];

const invalid: readonly (readonly [Name, unknown, string, string, Options?])[] = [
  ['timestamp', '2026-01-31T08:15:00', 'ETL0523', '`zone:`'],
  ['timestamp', '2026-01-31', 'ETL0523', '`zone:`'],
  ['timestamp', '2026-02-30T08:15:00Z', 'ETL0521', '2026-02-30'],
  ['timestamp', '2026-01-31T24:00:00Z', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '2026-01-31T08:15:00.1234567Z', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '2026-01-31T08:15:00+99:00', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '2026-01-31T08:15:00+01:', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '2026-01-31T08:15:00+01:75', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '0000-01-01T00:00:00Z', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '0001-01-01T00:00:00+01:00', 'ETL0521', 'expected a timestamp'],
  ['timestamp', '31.01.2026', 'ETL0521', 'got "31.01.2026"'],
  ['timestamp', 1_769_847_300, 'ETL0521', 'epoch'],
  ['timestamp', true, 'ETL0521', 'got true'],
  ['timestamp', '2026-03-29T02:30:00', 'ETL0523', 'skips', berlin],
  ['timestamp', '2026-10-25T02:30:00', 'ETL0523', 'twice', berlin],
  ['timestamp', '2018-11-04', 'ETL0523', 'skips', { zone: 'America/Sao_Paulo' }],
  ['timestamp', 'soon', 'ETL0521', 'got "soon"', epoch],
  ['timestamp', '2026-01-31T08:15:00Z', 'ETL0521', 'seconds since 1970', epoch],
  ['timestamp', 1_769_847_300_123, 'ETL0522', 'years 1 to 9999', epoch],
  ['timestamp', -62_167_219_200, 'ETL0522', 'years 1 to 9999', epoch],
  ['timestamp', '1e999999', 'ETL0522', 'years 1 to 9999', epoch],
  ['timestamp', '0.0000001', 'ETL0522', 'finer than a microsecond', epoch],
  ['datetime', '2026-01-31T08:15:00Z', 'ETL0523', 'without a zone'],
  ['datetime', '2026-01-31', 'ETL0521', 'expected a datetime'],
  ['datetime', '0000-01-31T00:00:00', 'ETL0521', 'expected a datetime'],
  ['date', '2026-02-29', 'ETL0521', 'got "2026-02-29"'],
  ['date', '2026-13-01', 'ETL0521', 'expected a date'],
  ['date', '0000-01-01', 'ETL0521', 'expected a date'],
  ['date', '2026-04-31', 'ETL0521', 'expected a date'],
  ['date', '2026-01-31T00:00:00Z', 'ETL0521', '`type: timestamp`'],
  ['date', 20260131, 'ETL0521', 'got 20260131'],
  ['time', '24:00', 'ETL0521', 'expected a time'],
  ['time', '23:59:60', 'ETL0521', 'expected a time'],
  ['time', '08:15:00Z', 'ETL0521', 'expected a time'],
  ['time', '8:15', 'ETL0521', 'expected a time'],
  ['time', '08:15:00.1234567', 'ETL0522', 'microsecond'],
];

describe('times', () => {
  for (const [name, value, expected, options = {}] of valid) {
    it(`make ${expected} of ${JSON.stringify(value)} for ${name} ${Object.values(options).join(' ')}`, () => {
      expect(coerce(name, value, options)).to.equal(expected);
    });
  }

  for (const [name, value, code, reason, options = {}] of invalid) {
    it(`refuse ${JSON.stringify(value)} for ${name} ${Object.values(options).join(' ')}`, () => {
      const refused = coerce(name, value, options);
      expect(refused, String(refused)).to.be.instanceOf(Invalid);
      expect([(refused as Invalid).code, (refused as Invalid).reason.includes(reason)]).to.deep.equal([
        code,
        true,
      ]);
    });
  }

  it('agree with arithmetic for any instant and any offset', () => {
    const instant = fc.integer({ min: -62_000_000_000, max: 253_000_000_000 });
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(
        instant,
        fc.nat(999_999),
        offset,
        fc.constantFrom('T', ' '),
        (second, micro, minutes, letter) => {
          const micros = String(micro).padStart(6, '0');
          const wall = new Date((second + minutes * 60) * 1000)
            .toISOString()
            .slice(0, 19)
            .replace('T', letter);
          const two = (value: number): string => String(value).padStart(2, '0');
          const distance = Math.abs(minutes);
          const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
          const expected = `${new Date(second * 1000).toISOString().slice(0, 19)}.${micros}Z`;
          expect(coerce('timestamp', `${wall}.${micros}${zone}`)).to.equal(expected);
          expect(coerce('timestamp', expected)).to.equal(expected);
          const total = BigInt(second) * 1_000_000n + BigInt(micro);
          const seconds =
            `${total < 0n ? '-' : ''}${String(total < 0n ? -total : total).padStart(7, '0')}`.replace(
              /(?=\d{6}$)/,
              '.',
            );
          expect(coerce('timestamp', seconds, epoch)).to.equal(expected);
          expect(coerce('timestamp', `${seconds}e3`, epochMs)).to.equal(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('take calendar days and no others', () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(14), fc.nat(33));
    fc.assert(
      fc.property(numbers, ([year, month, day]) => {
        const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
        const length = [0, 31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month] ?? 0;
        const exists = day >= 1 && day <= length;
        expect(coerce('date', text) === text).to.equal(exists);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a wall clock', () => {
  const zones = [
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Africa/Casablanca',
    'UTC',
  ];
  const formats = new Map(
    zones.map((timeZone) => [
      timeZone,
      new Intl.DateTimeFormat('en-CA', {
        timeZone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }),
    ]),
  );
  /** What the platform's own calendar shows, as if it were UTC. */
  const shown = (zone: string, instant: number): number =>
    Date.parse(`${formats.get(zone)?.format(instant).replace(', ', 'T')}Z`);

  const second = fc.integer({ min: 0, max: 2_000_000_000 });
  /** Instants near the changes of clocks: most of a year has none. */
  const nearChange = fc
    .tuple(fc.integer({ min: 1975, max: 2030 }), fc.constantFrom(2, 3, 8, 9, 10), fc.nat(31 * 24 * 4))
    .map(([year, month, quarter]) => Date.UTC(year, month) / 1000 + quarter * 900);

  it('shows every instant, and each wall time at the instants it is shown and no others', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.oneof(second, nearChange), (zone, at) => {
        const instant = at * 1000;
        expect(wallClock(zone).instants(shown(zone, instant))).to.include(instant);
        for (const found of wallClock(zone).instants(instant)) expect(shown(zone, found)).to.equal(instant);
      }),
      { numRuns: 1500 },
    );
  });

  it('skips an hour in spring and shows one twice in autumn', () => {
    const clock = wallClock('Europe/Berlin');
    expect(clock.instants(Date.UTC(2026, 2, 29, 2, 30))).to.deep.equal([]);
    expect(clock.instants(Date.UTC(2026, 9, 25, 2, 30))).to.deep.equal([
      Date.UTC(2026, 9, 25, 0, 30),
      Date.UTC(2026, 9, 25, 1, 30),
    ]);
    expect(clock.instants(Date.UTC(2026, 9, 25, 3, 0))).to.deep.equal([Date.UTC(2026, 9, 25, 2, 0)]);
  });
});
