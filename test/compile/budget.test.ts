import { expect } from 'chai';
import { compileBudget } from '../../engine/compile/budget.ts';
import type * as config from '../../engine/model/config.ts';
import type { LimitPlan } from '../../engine/model/plan.ts';

const budget = (limits: readonly config.Limit[], settings: Partial<config.Budget> = {}) =>
  compileBudget({
    kind: 'source',
    name: 'shop',
    baseUrl: 'https://api.example',
    streams: {},
    budget: { ...settings, limits: [...limits] },
  });

const limit = (declared: Omit<config.Limit, 'id'>, settings?: Partial<config.Budget>): LimitPlan =>
  budget([{ id: 'x', ...declared }], settings).limits[0] as LimitPlan;

describe('compiling a budget', () => {
  it('counts by the name of the source, reserves 250 ms ahead, waits 15 minutes and sends nothing without Redis', () => {
    expect(budget([])).to.deep.equal({
      domain: 'shop',
      horizonMs: 250,
      patienceMs: 900_000,
      onStoreDown: 'wait',
      limits: [],
    });
  });

  it('takes headroom off a bucket’s rate, and off its burst what 50 ms of jitter can add, and one', () => {
    const { shape } = limit({ bucket: { rate: '100/s', burst: 40 } }, { headroom: '0%' });
    expect(shape).to.deep.equal({ kind: 'bucket', intervalUs: 10_000, burst: 34, capacity: 40 });
  });

  it('never leaves a bucket without a burst', () => {
    expect(limit({ bucket: { rate: '100/s', burst: 5 } }).shape).to.include({ burst: 1 });
    expect(limit({ spacing: '5/s' }).shape).to.include({ burst: 1, capacity: 1 });
  });

  it('takes the share of a limit and of its budget off rate and burst', () => {
    const { shape, used } = limit(
      { bucket: { rate: '10/s', burst: 40 }, share: '50%' },
      { share: '50%', headroom: '0%' },
    );
    expect(shape).to.deep.equal({ kind: 'bucket', intervalUs: 400_000, burst: 8, capacity: 40 });
    expect(used).to.equal(0.25);
  });

  it('stretches a window by the headroom, so that jitter cannot push too many into a declared one', () => {
    expect(limit({ sliding: { limit: 100, per: '1s' } }).shape).to.deep.equal({
      kind: 'sliding',
      count: 100,
      windowUs: 1_052_632,
    });
    // Also without headroom by what jitter there is.
    expect(limit({ sliding: { limit: 190, per: '10s' } }, { headroom: '0%' }).shape).to.include({
      windowUs: 10_050_000,
    });
  });

  it('uses a window evenly that is shorter than 10 s, and others in bursts, unless the limit says otherwise', () => {
    const even = (per: string, more: Omit<config.Limit, 'id'> = {}): boolean =>
      limit({ sliding: { limit: 100, per }, ...more }).even;
    expect([
      even('1s'),
      even('10s'),
      even('10s', { pace: 'even' }),
      even('1s', { pace: 'burst' }),
    ]).to.deep.equal([true, false, true, false]);
  });

  it('counts long windows in parts', () => {
    expect(limit({ sliding: { limit: 100_000, per: '24h' } }).shape).to.include({ parts: 24, count: 95_000 });
    expect(limit({ sliding: { limit: 100, per: '24h', buckets: 12 } }).shape).to.include({ parts: 12 });
  });

  it('knows calendars with their zone and time of reset, and windows that are counted from 1970', () => {
    const day = limit({ fixed: { limit: 5000, per: 'day', zone: 'America/Los_Angeles', reset: '08:30' } });
    expect(day.shape).to.deep.equal({
      kind: 'fixed',
      count: 4750,
      calendar: { unit: 'day', zone: 'America/Los_Angeles', resetMinutes: 510 },
    });
    expect(limit({ fixed: { limit: 1, per: '15m' } }).shape).to.deep.equal({
      kind: 'fixed',
      count: 1,
      calendar: { everyMs: 900_000 },
    });
  });

  it('leaves concurrency whole: a request that has ended here has ended there before', () => {
    expect(limit({ concurrency: { limit: 10 } }).shape).to.deep.equal({
      kind: 'concurrency',
      count: 10,
      leaseUs: 60_000_000,
    });
    expect(limit({ concurrency: { limit: 10 }, share: '25%' }).shape).to.include({ count: 2 });
  });

  it('says each limit as people wrote it', () => {
    expect(
      [
        limit({ bucket: { rate: '2/s', burst: 40 } }),
        limit({ sliding: { limit: 190, per: '10s' } }),
        limit({ fixed: { limit: 5000, per: 'day', zone: 'UTC' } }),
        limit({ concurrency: { limit: 10 } }),
        limit({ spacing: '5/s' }),
      ].map(({ declared }) => declared),
    ).to.deep.equal([
      '2/s, burst 40',
      '190 in any 10s',
      '5000 per day (UTC)',
      '10 at once',
      '5/s, one by one',
    ]);
  });
});
