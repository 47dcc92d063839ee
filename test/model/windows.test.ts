import { expect } from 'chai';
import fc from 'fast-check';
import type * as config from '../../engine/model/config.ts';
import { windowEndMs } from '../../engine/model/windows.ts';
import { sourcePlan } from '../support/plans.ts';

/** When the window of a fixed limit ends that is open at an instant. */
function ends(fixed: Partial<config.Fixed>, at: string): string {
  const limits = [{ id: 'one', fixed: { limit: 10, per: 'day', ...fixed } }];
  const shape = sourcePlan({ budget: { limits } }).budget.limits[0]!.shape;
  return new Date(Date.parse(at) + windowEndMs(shape, Date.parse(at))!).toISOString();
}

describe('the window of a fixed limit', () => {
  const cases: readonly (readonly [Partial<config.Fixed>, string, string])[] = [
    [{}, '2026-03-01T12:00:00Z', '2026-03-02T00:00:00.000Z'],
    [{}, '2026-03-01T00:00:00Z', '2026-03-02T00:00:00.000Z'],
    [{ zone: 'America/Los_Angeles' }, '2026-01-01T00:00:00Z', '2026-01-01T08:00:00.000Z'],
    // Clocks go forward on 8 March and back on 1 November: days of 23 and 25 hours.
    [{ zone: 'America/Los_Angeles' }, '2026-03-08T08:00:00Z', '2026-03-09T07:00:00.000Z'],
    [{ zone: 'America/Los_Angeles' }, '2026-11-01T07:00:00Z', '2026-11-02T08:00:00.000Z'],
    [{ zone: 'America/Los_Angeles', reset: '04:00' }, '2026-03-08T09:00:00Z', '2026-03-08T11:00:00.000Z'],
    [{ zone: 'Asia/Kolkata', reset: '05:30' }, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00.000Z'],
    [{ zone: 'Asia/Kolkata', reset: '05:30' }, '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z'],
    [{ per: 'week' }, '2026-01-01T10:00:00Z', '2026-01-05T00:00:00.000Z'],
    [{ per: 'week' }, '2026-01-04T23:59:59Z', '2026-01-05T00:00:00.000Z'],
    [{ per: 'month', zone: 'Europe/Berlin' }, '2026-03-31T22:30:00Z', '2026-04-30T22:00:00.000Z'],
    [{ per: 'month' }, '2026-12-31T23:59:59Z', '2027-01-01T00:00:00.000Z'],
    [{ per: 'hour', zone: 'Asia/Kolkata' }, '2026-01-01T00:10:00Z', '2026-01-01T00:30:00.000Z'],
    [{ per: 'minute' }, '2026-01-01T00:00:59.999Z', '2026-01-01T00:01:00.000Z'],
    [{ per: '15m' }, '2026-01-01T00:31:00Z', '2026-01-01T00:45:00.000Z'],
  ];
  for (const [fixed, at, end] of cases) {
    it(`${JSON.stringify(fixed)} that is open at ${at} ends at ${end}`, () => {
      expect(ends(fixed, at)).to.equal(end);
    });
  }

  it('ends after now, within its length and the hour of a change of the clocks', () => {
    const zone = fc.constantFrom(
      'UTC',
      'America/Los_Angeles',
      'Europe/Berlin',
      'Asia/Kolkata',
      'Pacific/Apia',
    );
    const per = fc.constantFrom('hour', 'day', 'week', 'month');
    const longest = { hour: 1, day: 25, week: 169, month: 745 } as const;
    const at = fc.date({ min: new Date('2012-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zone, per, at, (where, length, now) => {
        const ms = Date.parse(ends({ zone: where, per: length }, now.toISOString())) - now.getTime();
        expect(ms)
          .to.be.above(0)
          .and.at.most(longest[length as keyof typeof longest] * 3_600_000);
      }),
    );
  });

  it('is something that only a fixed limit has', () => {
    const limits = [{ id: 'one', sliding: { limit: 10, per: '1d' } }];
    expect(windowEndMs(sourcePlan({ budget: { limits } }).budget.limits[0]!.shape, 0)).to.equal(undefined);
  });
});
