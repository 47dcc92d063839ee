import { expect } from 'chai';
import { dayStart, deferral } from '../../../engine/execute/load/cadence.ts';

const at = (clock: string): number => Date.parse(`2026-05-01T${clock}Z`);
const last = (clock: string, elapsedMs = 0) => ({ last: `2026-05-01T${clock}.000Z`, elapsedMs });
const minute = 60_000;

describe('when a mapping is loaded', () => {
  it('is due when it was never loaded, and once in each interval', () => {
    const every = { everyMs: 15 * minute };
    expect(deferral(every, { elapsedMs: 0 }, at('10:07:00'))).to.equal(undefined);
    expect(deferral(every, last('10:01:00'), at('10:14:59'))).to.equal(
      'it is loaded every 15 min 00 s, next from 2026-05-01 10:15 UTC',
    );
    expect(deferral(every, last('10:14:59'), at('10:15:00'))).to.equal(undefined);
    expect(deferral(every, last('10:01:00'), at('11:00:00'))).to.equal(undefined);
  });

  it('has the intervals of a longer cadence begin with those of a shorter one', () => {
    const hourly = { everyMs: 60 * minute };
    expect(deferral(hourly, last('10:01:00'), at('10:59:59'))).to.be.a('string');
    expect(deferral(hourly, last('10:01:00'), at('11:00:00'))).to.equal(undefined);
  });

  it('begins intervals anew at midnight', () => {
    const odd = { everyMs: 7 * 60 * minute };
    expect(deferral(odd, last('21:30:00'), at('23:59:59'))).to.contain('next from 2026-05-02 00:00 UTC');
    expect(deferral(odd, last('21:30:00'), at('00:00:00') + 24 * 60 * minute)).to.equal(undefined);
  });

  it('counts whole days from midnight', () => {
    const weekly = { everyMs: 7 * 24 * 60 * minute };
    expect(deferral(weekly, last('21:30:00'), dayStart(at('00:00:00')) + 6 * 24 * 60 * minute)).to.contain(
      'next from 2026-05-08 00:00 UTC',
    );
  });

  it('waits for more than a day where it says so, from the midnight before', () => {
    const odd = { everyMs: 36 * 60 * minute };
    const nextNoon = dayStart(at('00:00:00')) + 36 * 60 * minute;
    expect(deferral(odd, last('21:30:00'), nextNoon - 1)).to.contain('next from 2026-05-02 12:00 UTC');
    expect(deferral(odd, last('21:30:00'), nextNoon)).to.equal(undefined);
  });

  it('is not due before midnight when the warehouse time of the day is used up', () => {
    const budget = { budgetMs: 10 * minute };
    expect(deferral(budget, last('10:01:00', 10 * minute - 1), at('10:02:00'))).to.equal(undefined);
    expect(deferral(budget, last('10:01:00', 10 * minute), at('10:02:00'))).to.equal(
      '10 min 00 s of 10 min 00 s of warehouse time a day are used, next from 2026-05-02 00:00 UTC',
    );
  });
});
