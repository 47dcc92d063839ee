import { expect } from 'chai';
import type { AlertPlan } from '../../../engine/model/alert.ts';
import type { RunReport } from '../../../engine/model/run-report.ts';
import { dueOf, nothingTold } from '../../../engine/operations/alerts/due.ts';
import { median } from '../../../engine/operations/alerts/medians.ts';
import { type RecordCount, recordCounts } from '../../../engine/operations/alerts/record-counts.ts';

const orders = { source: 'shop', account: 'default', name: 'orders', mappings: [] };
const reportOf = (status: 'succeeded' | 'failed') =>
  ({
    project: 'shop',
    environment: 'production',
    run: 'now',
    streams: [{ stream: 'shop.orders', status }],
  }) as unknown as RunReport;

/** What a run says of its count after others, oldest first, which came an hour after each other. */
async function counted(
  before: readonly number[],
  records: number,
  { hours = 1, run = 'now', ok = true } = {},
) {
  const at = (hour: number): string => new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000).toISOString();
  const earlier = before.map((count, hour) => ({ run: `${hour}`, startedAt: at(hour), records: count }));
  const now = { run, startedAt: at(before.length - 1 + hours), records };
  const asked: number[] = [];
  const runs = {
    received: async (_: object, limit: number) => {
      asked.push(limit);
      return [now, ...earlier.toReversed()].slice(0, limit);
    },
  };
  return recordCounts([orders], reportOf(ok ? 'succeeded' : 'failed'), runs);
}

const steady = [1000, 1010, 990, 1005, 995, 1000];

describe('the number of records of a stream', () => {
  it('is compared with the median of the last runs, and what is usual around it', async () => {
    expect(await counted(steady, 200)).to.deep.equal([
      { stream: 'shop.orders', records: 200, median: 1000, spread: 100, deviation: -8 },
    ]);
    const [restless] = await counted([500, 1500, 700, 1300, 1000], 2600);
    expect(restless?.spread).to.be.closeTo(1.4826 * 300, 0.001);
    expect(restless?.deviation).to.be.closeTo(3.6, 0.01);
  });

  it('is not led astray by a first run that has read everything', async () => {
    const [found] = await counted([1_000_000, ...steady], 1001);
    expect(Math.abs(found?.deviation ?? 9)).to.be.below(0.1);
  });

  it('may vary by chance where it is small', async () => {
    const [found] = await counted([2, 0, 3, 1, 2, 2], 6);
    expect(found?.deviation).to.be.below(4);
    const [none] = await counted([30, 31, 29, 30, 30], 0);
    expect(none?.deviation).to.be.below(-4);
  });

  it('needs five runs before, and a run that has read the stream to its end', async () => {
    expect(await counted([1000, 1000, 1000, 1000], 1)).to.deep.equal([]);
    expect(await counted(steady, 1, { run: 'another' })).to.deep.equal([]);
    expect(await counted(steady, 1, { ok: false })).to.deep.equal([]);
  });

  it('may be small when a run comes soon, and great when one comes late', async () => {
    const deviation = async (records: number, hours: number) =>
      (await counted(steady, records, { hours }))[0]?.deviation;
    expect(await deviation(3, 0.1)).to.equal(0);
    expect(await deviation(5000, 0.1)).to.equal(40);
    expect(await deviation(5000, 3)).to.equal(0);
    expect(await deviation(3, 3)).to.be.below(-9);
  });

  it('is told when it is unusual, when that changes, and when it is over', () => {
    const to: AlertPlan = {
      to: 'webhook',
      url: '',
      on: ['record_count'],
      ageMs: 0,
      deviation: 4,
      everyMs: 300_000,
    };
    let told = nothingTold;
    const tell = (...counts: readonly RecordCount[]) => {
      const report = reportOf('succeeded');
      const facts = { report, health: report, open: [], freshness: [], nowMs: 0, counts, forecasts: [] };
      const due = dueOf('record_count', to, told, facts);
      told = { ...told, ...due.told };
      return due.alert;
    };
    const count = { stream: 'shop.orders', records: 200, median: 1000, spread: 100, deviation: -8 };
    const first = tell(count);
    expect(first?.title).to.equal('shop (production): an unusual number of records');
    expect(first?.lines).to.deep.equal([
      'shop.orders: 200 records, far fewer than usual (about 1,000, between 600 and 1,400)',
    ]);
    expect(tell(count)).to.equal(undefined);
    // Another stream was read: nothing new is known of this one.
    expect(tell({ ...count, stream: 'shop.skus', deviation: 1 })).to.equal(undefined);
    const more = tell({ ...count, records: 9000, deviation: 80 });
    expect(more?.lines[0]).to.contain('9,000 records, far more than usual');
    expect(tell({ ...count, records: 1300, deviation: 3 })).to.include({ isOver: true });
    expect(tell({ ...count, records: 1300, deviation: 3 })).to.equal(undefined);
  });
});

describe('a median', () => {
  it('is the middle, or between the two that are', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).to.deep.equal([2, 2.5, 7]);
  });
});
