import { expect } from 'chai';
import type { LoadedWindow } from '../../engine/model/freshness.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { freshnessOf } from '../../engine/operations/freshness.ts';

const minuteMs = 60_000;
const startMs = Date.parse('2026-03-01T00:00:00Z');
const at = (minutes: number): string => new Date(startMs + minutes * minuteMs).toISOString();

const planOf = (cursor: 'timestamp' | 'integer' | undefined, sloMs?: number): Plan =>
  ({
    schedules: [{ stream: 'shop.orders', account: 'default', ...(sloMs !== undefined && { sloMs }) }],
    mappings: {},
    steps: [
      {
        kind: 'extract',
        mappings: [],
        stream: {
          source: 'shop',
          account: 'default',
          name: 'orders',
          ...(cursor && { cursor: { type: cursor } }),
        },
      },
    ],
  }) as unknown as Plan;

/** A window that is asked for at this minute, and loaded a minute later. */
const window = (minute: number, over: Partial<LoadedWindow> = {}): LoadedWindow => ({
  ...{ startedAt: at(minute), endedAt: at(minute), reached: at(minute), records: 10, ended: true },
  loadedAt: at(minute + 1),
  ...over,
});

async function fresh(plan: Plan, windows: readonly LoadedWindow[], minute: number) {
  const [found] = await freshnessOf(
    plan,
    { loadedWindows: async () => windows },
    startMs + minute * minuteMs,
  );
  return found;
}

describe('freshness', () => {
  it('is how long ago the API was as the tables are', async () => {
    const found = await fresh(planOf('timestamp', 15 * minuteMs), [window(0), window(10)], 20);
    expect(found).to.deep.include({ asOf: at(10), ageMs: 10 * minuteMs, isLate: false });
    expect(await fresh(planOf('timestamp', 15 * minuteMs), [window(0), window(10)], 26)).to.include({
      isLate: true,
    });
  });

  it('counts what is not loaded, and a window that is not read to its end, as not there', async () => {
    const { loadedAt: _, ...pending } = window(10);
    expect(await fresh(planOf('timestamp'), [window(0), pending], 20)).to.include({ asOf: at(0) });
    expect(await fresh(planOf('timestamp'), [window(0), window(10, { ended: false })], 20)).to.include({
      asOf: at(0),
    });
  });

  it('says nothing of a stream of which nothing is loaded', async () => {
    expect(await fresh(planOf('timestamp', minuteMs), [], 20)).to.deep.equal({
      ...{ stream: 'shop.orders', account: 'default', sloMs: minuteMs, isLate: false },
    });
  });

  it('says how long records took, from their cursor until they were loaded', async () => {
    // Records came evenly between minutes 0 and 10, and all of them were loaded at minute 11.
    const found = await fresh(planOf('timestamp'), [window(0), window(10)], 20);
    expect(found?.took?.records).to.equal(10);
    expect((found?.took?.p50Ms ?? 0) / minuteMs).to.be.closeTo(6, 0.2);
    expect((found?.took?.p99Ms ?? 0) / minuteMs).to.be.closeTo(10.9, 0.2);
  });

  it('leaves out the first window, and those that brought nothing new', async () => {
    expect((await fresh(planOf('timestamp'), [window(0)], 20))?.took).to.equal(undefined);
    const again = window(10, { reached: at(0) });
    expect((await fresh(planOf('timestamp'), [window(0), again], 20))?.took).to.equal(undefined);
  });

  it('goes by when the API was asked where the cursor is no time', async () => {
    const plain = [window(0), window(10)].map(({ reached: _, ...rest }) => rest);
    for (const cursor of [undefined, 'integer'] as const) {
      const found = await fresh(planOf(cursor), plain, 20);
      expect((found?.took?.p50Ms ?? 0) / minuteMs).to.be.closeTo(6, 0.2);
    }
  });

  it('shows an outage in what its records took', async () => {
    const windows = [window(0), ...Array.from({ length: 95 }, (_, one) => window(10 + one)), window(400)];
    const found = await fresh(planOf('timestamp'), windows, 410);
    expect((found?.took?.p50Ms ?? 0) / minuteMs).to.be.below(3);
    expect((found?.took?.p99Ms ?? 0) / minuteMs).to.be.above(10);
  });
});
