import { expect } from 'chai';
import type { AlertPlan } from '../../../engine/model/alert.ts';
import { TransientError } from '../../../engine/model/errors.ts';
import type { Plan } from '../../../engine/model/plan.ts';
import { dueOf, nothingTold } from '../../../engine/operations/alerts/due.ts';
import { type QuotaServices, quotaForecasts, usedUpAt } from '../../../engine/operations/alerts/quotas.ts';
import { sourcePlan } from '../../support/plans.ts';

const hourMs = 60 * 60_000;
const day = Date.parse('2026-01-31T00:00:00Z');
const ends = day + 24 * hourMs;

/** Readings at hours of the day, and how much was used up then. */
const readings = (...read: readonly (readonly [hour: number, fill: number])[]) =>
  read.map(([hour, fill]) => {
    const atMs = day + hour * hourMs;
    return { atMs, fill, endsMs: hour < 0 ? day : ends };
  });

const hourOf = (ms: number | undefined): number | undefined => ms && (ms - day) / hourMs;

describe('a quota', () => {
  it('will not last when runs go on to use as much as they did', () => {
    expect(hourOf(usedUpAt(readings([8, 0.4], [9, 0.45], [10, 0.5])))).to.equal(20);
    expect(usedUpAt(readings([8, 0.16], [9, 0.18], [10, 0.2]))).to.equal(undefined);
  });

  it('lasts when no other run comes before its end', () => {
    expect(usedUpAt(readings([-48, 0.6], [-24, 0.6], [0, 0.6]))).to.equal(undefined);
  });

  it('began anew in between: what is used of it since then counts', () => {
    expect(hourOf(usedUpAt(readings([-1, 0.9], [0, 0.1], [1, 0.2], [2, 0.3])))).to.equal(9);
  });

  it('is foretold from the third run on, unless it is used up already', () => {
    expect(usedUpAt(readings([9, 0.5], [10, 0.9]))).to.equal(undefined);
    expect(hourOf(usedUpAt(readings([10, 1])))).to.equal(10);
    expect(usedUpAt([])).to.equal(undefined);
  });

  it('is not judged by a single greedy run', () => {
    expect(usedUpAt(readings([5, 0.02], [6, 0.04], [7, 0.06], [8, 0.46]))).to.equal(undefined);
  });
});

describe('forecasts of quotas', () => {
  const limits = [
    { id: 'daily', fixed: { limit: 1000, per: 'day' } },
    { id: 'burst', fixed: { limit: 10, per: 'minute' } },
    { id: 'rate', bucket: { rate: '2/s', burst: 4 } },
  ];
  const source = sourcePlan({ budget: { limits } } as never);
  const plan = { sources: { [source.name]: source }, steps: [] } as unknown as Plan;

  function world() {
    const state = { hour: 0, fill: 0, reachable: true };
    const kept = new Map<string, string>();
    const one = { partition: '', nextMs: 0, rateFactor: 1 };
    const services: QuotaServices = {
      clock: { now: () => day + state.hour * hourMs },
      memory: {
        recall: async (name) => kept.get(name),
        remember: async (name, text) => void kept.set(name, text),
      },
      limiter: {
        status: async ({ domain }) => {
          if (!state.reachable)
            throw new TransientError({
              code: 'ETL0801',
              severity: 'error',
              summary: 'down',
              help: [],
            } as never);
          const all = ['daily', 'burst', 'rate'].map((id) => ({ ...one, id, fill: state.fill }));
          return { domain, limits: all, freezes: [], waiting: [], processes: 1 };
        },
      },
    };
    const at = (hour: number, fill: number) => {
      Object.assign(state, { hour, fill });
      return quotaForecasts(plan, services);
    };
    return { at, state, kept };
  }

  it('are made of what runs leave, of quotas of a day or longer alone', async () => {
    const { at, kept } = world();
    expect(await at(1, 0.1)).to.deep.equal([]);
    expect(await at(2, 0.2)).to.deep.equal([]);
    expect(await at(3, 0.3)).to.deep.equal([
      {
        ...{ domain: source.budget.domain, limit: 'daily', partition: '', fill: 0.3 },
        usedUpMs: day + 10 * hourMs,
        resetMs: ends,
      },
    ]);
    expect([...kept.keys()]).to.deep.equal([`quota:${source.budget.domain}:daily:`]);
  });

  it('keep the last readings only', async () => {
    const { at, kept } = world();
    for (let hour = 0; hour < 20; hour += 1) await at(hour, hour / 100);
    expect(JSON.parse([...kept.values()][0] ?? '')).to.have.length(10);
  });

  it('say nothing while the budgets cannot be reached', async () => {
    const { at, state } = world();
    state.reachable = false;
    expect(await at(1, 1)).to.equal(undefined);
  });

  it('are told when they begin, when the day has changed, and when they are over', () => {
    const to: AlertPlan = {
      to: 'webhook',
      url: '',
      on: ['quota_forecast'],
      ageMs: 0,
      deviation: 4,
      everyMs: 300_000,
    };
    const forecast = { domain: 'shop', limit: 'daily', partition: 'eu', fill: 0.305 };
    const report = { project: 'shop', environment: 'production' } as never;
    let told = nothingTold;
    const tell = (forecasts: Parameters<typeof dueOf>[3]['forecasts']) => {
      const facts = { report, health: report, open: [], freshness: [], nowMs: 0, counts: [], forecasts };
      const due = dueOf('quota_forecast', to, told, facts);
      told = { ...told, ...due.told };
      return due.alert;
    };
    const today = [{ ...forecast, usedUpMs: day + 10 * hourMs, resetMs: ends }];
    const first = tell(today);
    expect(first).to.include({ severity: 'warning', title: 'shop (production): a quota will not last' });
    expect(first?.lines).to.deep.equal([
      'shop, daily [eu]: 30 % are used; as runs go, the rest lasts until 2026-01-31 10:00 UTC, and it is given anew at 2026-02-01 00:00 UTC',
    ]);
    expect(tell(today)).to.equal(undefined);
    expect(tell(undefined)).to.equal(undefined);
    const used = tell([{ ...forecast, fill: 1, usedUpMs: day, resetMs: ends + 24 * hourMs }]);
    expect(used?.lines[0]).to.equal(
      'shop, daily [eu]: used up, and it is given anew at 2026-02-02 00:00 UTC',
    );
    expect(tell([])).to.include({ isOver: true, title: 'shop (production): quotas last' });
  });
});
