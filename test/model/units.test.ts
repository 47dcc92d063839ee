import { expect } from 'chai';
import fc from 'fast-check';
import { cursorText, cursorValue } from '../../engine/model/batch.ts';
import { instantMs, parseInstant, shiftInstant } from '../../engine/model/instant.ts';
import { isPathError, parsePath, pathText, valueAt } from '../../engine/model/path.ts';
import { durationText, parseDuration, parseRate, parseSize } from '../../engine/model/units.ts';

describe('units', () => {
  it('reads durations, sizes and rates', () => {
    expect(['250ms', '5m', '24h', '7d'].map(parseDuration)).to.deep.equal([
      250, 300_000, 86_400_000, 604_800_000,
    ]);
    expect(['512B', '1KiB', '16MiB'].map(parseSize)).to.deep.equal([512, 1024, 16_777_216]);
    expect(parseRate('100/10s')).to.deep.equal({ requests: 100, perMs: 10_000 });
    expect(parseRate('5000/day')).to.deep.equal({ requests: 5000, perMs: 86_400_000 });
    expect(parseRate('0.5/s')).to.deep.equal({ requests: 0.5, perMs: 1000 });
  });

  it('prints durations for people', () => {
    expect([320, 4200, 185_000, 7_260_000].map(durationText)).to.deep.equal([
      '320 ms',
      '4.2 s',
      '3 min 05 s',
      '2 h 01 min',
    ]);
  });
});

describe('instants', () => {
  it('reads every zone and keeps microseconds', () => {
    expect(parseInstant('2026-01-31T08:15:00+02:00')).to.equal('2026-01-31T06:15:00.000000Z');
    expect(parseInstant('2026-01-31T08:15:00.123456Z')).to.equal('2026-01-31T08:15:00.123456Z');
    expect(parseInstant('2024-02-29T23:59:59Z')).to.equal('2024-02-29T23:59:59.000000Z');
  });

  it('refuses what is not an instant, or would lose digits', () => {
    for (const text of [
      '2026-02-29T00:00:00Z',
      '2026-01-31T08:15:00',
      '2026-01-31',
      '2026-01-31T24:00:00Z',
      '2026-01-31T08:15:00.1234567Z',
      '',
    ]) {
      expect(parseInstant(text), text).to.equal(undefined);
    }
  });

  it('moves by milliseconds without losing microseconds', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: 0, max: 999 }),
        (date, ms, micros) => {
          const instant = `${date.toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
          const moved = shiftInstant(instant, ms);
          expect(moved.slice(23)).to.equal(instant.slice(23));
          expect(Math.round(instantMs(moved) - instantMs(instant))).to.equal(ms);
        },
      ),
    );
  });
});

describe('normalised cursors', () => {
  it('compare as texts like the integers they stand for, and turn back', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
        (a, b) => {
          const [one, other] = [cursorText('integer', String(a)), cursorText('integer', String(b))];
          expect(one < other).to.equal(a < b);
          expect(cursorValue('integer', one)).to.equal(String(a));
        },
      ),
    );
  });
});

describe('paths', () => {
  it('are read and printed back', () => {
    for (const path of [
      'customer.email',
      'lines[0].sku',
      "properties['deal.stage']",
      '*.note',
      'lines[*].id',
      "['a b'].c",
    ]) {
      const parsed = parsePath(path);
      expect(isPathError(parsed) ? parsed : pathText(parsed)).to.equal(path);
    }
  });

  it('say where they cannot be read', () => {
    expect(parsePath('a..b')).to.deep.equal({ message: 'expected a key', at: 2 });
    expect(parsePath('a[x]')).to.deep.equal({ message: "expected [0], [*], ['key'] or [key='text']", at: 1 });
    expect(parsePath('$parent.a b')).to.deep.equal({ message: 'expected `.` or `[`', at: 9 });
  });

  it('find own properties only', () => {
    const at = (value: unknown, text: string): unknown => {
      const path = parsePath(text);
      return isPathError(path) ? undefined : valueAt(value, path);
    };
    expect(at({ a: [{ b: 1 }] }, 'a[0].b')).to.equal(1);
    expect(at({}, 'constructor')).to.equal(undefined);
    expect(at(JSON.parse('{"__proto__":{"x":2}}'), '__proto__.x')).to.equal(2);
    expect(at({ a: 'text' }, 'a.length')).to.equal(undefined);
  });
});
