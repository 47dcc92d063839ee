import { expect } from 'chai';
import type { AlertEvent, AlertPlan } from '../../../engine/model/alert.ts';
import { complaint } from '../../../engine/model/errors.ts';
import type { Plan, SourcePlan } from '../../../engine/model/plan.ts';
import type { RunReport } from '../../../engine/model/run-report.ts';
import { type AlertServices, sendAlerts } from '../../../engine/operations/alerts/alerts.ts';
import { inProcessLimiter } from '../../../engine/services/limiter/in-process-limiter.ts';
import { openStaging } from '../../../engine/services/staging/staging.ts';
import { undiciHttpClient } from '../../../engine/services/undici-http-client.ts';
import { movedClock } from '../../contracts/ledger-contract.ts';
import {
  blockedRow,
  mappedRows,
  mappingPlan,
  stagedPage,
  streamPlan,
} from '../../contracts/staging-samples.ts';
import { scratchFile } from '../../services/staging/scratch.ts';
import { budgetOf, requestOf } from '../../support/budgets.ts';
import { type Received, webhooks } from '../../support/webhooks.ts';

const hourMs = 60 * 60_000;
const places = ['webhook', 'slack', 'pagerduty'] as const;
const budget = budgetOf([{ id: 'daily', fixed: { limit: 10, per: 'day' } }]);
const stream = streamPlan();

const plan = {
  sources: { shop: { name: 'shop', budget } as unknown as SourcePlan },
  mappings: {},
  steps: [{ kind: 'extract', id: 'extract shop.orders', stream }],
} as unknown as Plan;

const problem = (kind: 'auth' | 'stream') => ({
  ...{ kind, code: 'ETL0410', source: 'shop', account: 'default', stream: 'shop.orders', mapping: '' },
  ...{ property: '', reason: 'shop forbade the request', value: '', step: 'extract shop.orders' },
});

/** What the end of a run does about alerts, whose state is in a real staging database that each look opens anew. */
class World {
  readonly clock = movedClock();
  readonly #storage = scratchFile();
  readonly #http = undiciHttpClient();
  readonly #receiver: Awaited<ReturnType<typeof webhooks>>;
  #runs = 0;
  #pages = 0;

  constructor(receiver: Awaited<ReturnType<typeof webhooks>>) {
    this.#receiver = receiver;
  }

  async with<T>(use: (staging: ReturnType<typeof openStaging>) => Promise<T>): Promise<T> {
    const staging = openStaging({ storage: this.#storage, environment: 'dev', clock: this.clock });
    try {
      await staging.migrate();
      return await use(staging);
    } finally {
      await staging.close();
    }
  }

  /** Looks at what is to be told of an event, as at the end of a run that has brought this. */
  look(event: AlertEvent, over: Partial<RunReport> = {}, more: Pick<AlertServices, 'serving'> = {}) {
    return this.with(async ({ memory, blockers, state }) => {
      const limiter = inProcessLimiter({ clock: this.clock, memory });
      try {
        return await sendAlerts(this.#places(event), this.#report(over), {
          ...{ http: this.#http, clock: this.clock, memory, blockers, runs: state.runs, limiter, plan },
          references: { resolve: (text) => text, redact: (text) => text, hide: () => {} },
          ...more,
        });
      } finally {
        await limiter.close();
      }
    });
  }

  /** A run that brings so many records, an hour after the one before. */
  async run(records: number): Promise<Partial<RunReport>> {
    this.clock.moveMs(hourMs);
    this.#runs += 1;
    this.#pages += 1;
    const [id, at] = [`run-${this.#runs}`, new Date(this.clock.now()).toISOString()];
    await this.with(async (staging) => {
      await staging.startRun({ id, plan: 'p', environment: 'dev', startedAt: at });
      await staging.commit(stream, [{ ...stagedPage({ id: this.#pages }), run: id, records, rows: [] }]);
      await staging.finishRun(id, 'succeeded', at);
    });
    return { run: id, streams: [{ stream: 'shop.orders', status: 'succeeded' }] as never };
  }

  /** A page of which these records do not fit. */
  block(...records: readonly string[]): Promise<void> {
    this.#pages += 1;
    const [id, run] = [this.#pages, `run-${this.#pages}`];
    const blocked = records.map((record, ordinal) => blockedRow({ record, ordinal }));
    return this.with(async (staging) => {
      await staging.prepare(mappingPlan({ id: 'string', price: 'decimal' }));
      await staging.commit(stream, [{ ...stagedPage({ id }), run, rows: [mappedRows({ id, blocked })] }]);
    });
  }

  /** Uses up this much of the quota, as requests do. */
  use(permits: number): Promise<void> {
    return this.with(async ({ memory }) => {
      const limiter = inProcessLimiter({ clock: this.clock, memory });
      await limiter.acquire(budget, requestOf(budget, { cost: permits }));
      await limiter.close();
    });
  }

  /** What was received since this was asked last, in words; by all places alike. */
  heard(): readonly string[] {
    const all = this.#receiver.received.splice(0);
    const [webhook = [], ...others] = places.map((to) =>
      all.filter(({ path }) => path === `/${to}`).map(({ body }) => readers[to](body)),
    );
    for (const [at, other] of others.entries()) expect(other, places[at + 1]).to.deep.equal(webhook);
    return webhook;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #places(event: AlertEvent): readonly AlertPlan[] {
    return places.map((to) => ({
      ...{ to, url: `${this.#receiver.url}/${to}`, key: 'k', on: [event] },
      ...{ ageMs: 24 * hourMs, deviation: 4, everyMs: hourMs },
    }));
  }

  #report(over: Partial<RunReport>): RunReport {
    return {
      ...{ run: 'r', plan: 'p', project: 'shop', environment: 'dev', startedAt: '', finishedAt: '' },
      ...{ status: 'succeeded', streams: [], tables: [], checks: [], blocked: [], diagnostics: [] },
      ...{ openBlockers: 0 },
      ...over,
    };
  }
}

const said = (title: unknown, isOver: boolean): string =>
  `${String(title).replace('shop (dev): ', '')}${isOver ? ' [over]' : ''}`;

/** How each receiver understands what it is sent. Of Slack's text the first line is the title. */
const readers = {
  webhook: ({ title, over }: Received['body']) => said(title, over === true),
  slack: ({ text }: Received['body']) => {
    const [, mark, title = ''] = /^:(\w+): \*(.*)\*/.exec(String(text)) ?? [];
    return said(title, mark === 'white_check_mark' && !/succeeded|served/.test(title));
  },
  pagerduty: ({ payload, event_action, routing_key }: Received['body']) => {
    expect(routing_key).to.equal('k');
    return said((payload as { readonly summary: string }).summary, event_action === 'resolve');
  },
} satisfies { readonly [to in AlertPlan['to']]: (body: Received['body']) => string };

describe('an alert, where webhook, Slack and PagerDuty receive it over HTTP', () => {
  let receiver: Awaited<ReturnType<typeof webhooks>>;
  let world: World;

  beforeEach(async () => {
    receiver = await webhooks();
    world = new World(receiver);
  });

  afterEach(async () => {
    await world.close();
    await receiver.close();
  });

  /** Looks three times, and says what is heard of it. */
  const heard = async (...looks: Parameters<World['look']>): Promise<readonly string[]> => {
    for (let times = 0; times < 3; times += 1) expect(await world.look(...looks)).to.deep.equal([]);
    return world.heard();
  };

  it('of Blockers comes once for each, and once when none is open any more', async () => {
    expect(await heard('blocker')).to.deep.equal([]);
    await world.block('a', 'b');
    expect(await heard('blocker')).to.deep.equal(['2 new Blockers']);
    await world.with(({ blockers }) => blockers.raise([problem('stream')], 'run-2'));
    expect(await heard('blocker')).to.deep.equal(['a new Blocker']);
    await world.with(({ blockers }) => blockers.settle(['extract shop.orders'], 'run-3'));
    expect(await heard('blocker')).to.deep.equal([]);
    await world.with(({ blockers }) => blockers.change([1, 2], { event: 'retried', detail: '' }, 'dana'));
    expect(await heard('blocker')).to.deep.equal(['no Blocker is open any more [over]']);
    // Tried again, one of them does not fit either.
    await world.block('b');
    expect(await heard('blocker')).to.deep.equal(['a new Blocker']);
    await world.with(({ blockers }) => blockers.change([2], { event: 'waived', reason: 'x' }, 'dana'));
    expect(await heard('blocker')).to.deep.equal(['no Blocker is open any more [over]']);
  });

  it('of a Blocker that is open for too long comes once, and once when it is not open any more', async () => {
    await world.with(({ blockers }) => blockers.raise([problem('stream')], 'run-1'));
    world.clock.moveMs(24 * hourMs);
    expect(await heard('blocker_age')).to.deep.equal([]);
    world.clock.moveMs(1);
    const title = 'a Blocker is open for more than 24 h 00 min';
    expect(await heard('blocker_age')).to.deep.equal([title]);
    await world.with(({ blockers }) => blockers.settle(['extract shop.orders'], 'run-2'));
    const over = 'no Blocker is open for more than 24 h 00 min any more [over]';
    expect(await heard('blocker_age')).to.deep.equal([over]);
  });

  it('of refused credentials comes once, and once when they are accepted again', async () => {
    await world.with(({ blockers }) => blockers.raise([problem('auth')], 'run-1'));
    expect(await heard('auth_failure')).to.deep.equal(['credentials were refused']);
    await world.with(({ blockers }) => blockers.raise([problem('auth')], 'run-2'));
    expect(await heard('auth_failure')).to.deep.equal([]);
    await world.with(({ blockers }) => blockers.settle(['extract shop.orders'], 'run-3'));
    expect(await heard('auth_failure')).to.deep.equal(['credentials are accepted again [over]']);
  });

  it('of runs that fail comes once, and once when they succeed again', async () => {
    const diagnostics = [complaint('ETL0412', 'it answered 503')];
    expect(await heard('run_failed', { status: 'failed', diagnostics })).to.deep.equal(['run r failed']);
    expect(await heard('run_failed', { status: 'interrupted' })).to.deep.equal([]);
    expect(await heard('run_failed')).to.deep.equal(['runs succeed again [over]']);
  });

  it('of stale data comes once, and once when it is fresh again', async () => {
    const check = { mapping: 'orders', check: 'freshness at ≤ 1h', severity: 'warn', found: '2 h' } as const;
    const stale = await heard('freshness', { checks: [{ ...check, passed: false }] });
    expect(stale).to.deep.equal(['data is older than it may be']);
    const fresh = await heard('freshness', { checks: [{ ...check, passed: true }] });
    expect(fresh).to.deep.equal(['data is fresh again [over]']);
  });

  it('of an unusual number of records comes once, and once when there are as many as usual', async () => {
    for (const records of [1000, 1010, 990, 1005, 995, 1000])
      expect(await heard('record_count', await world.run(records))).to.deep.equal([]);
    const few = await world.run(20);
    expect(await heard('record_count', few)).to.deep.equal(['an unusual number of records']);
    // Of a run that has read something else nothing new is known.
    expect(await heard('record_count', { run: 'another' })).to.deep.equal([]);
    expect(await heard('record_count', await world.run(30))).to.deep.equal([]);
    const usual = await world.run(1003);
    expect(await heard('record_count', usual)).to.deep.equal([
      'streams bring as many records as usual [over]',
    ]);
  });

  it('of a quota that will not last comes once, and once when it lasts', async () => {
    /** A run each hour, the first one at noon. */
    const hourly = async (...permits: readonly number[]): Promise<readonly string[]> => {
      for (const used of permits) {
        if (used > 0) await world.use(used);
        await world.look('quota_forecast');
        world.clock.moveMs(hourMs);
      }
      return world.heard();
    };
    expect(await hourly(1, 1)).to.deep.equal([]);
    expect(await hourly(1)).to.deep.equal(['a quota will not last']);
    expect(await hourly(1, 1)).to.deep.equal([]);
    expect(await hourly(0, 0, 0, 0, 0, 0)).to.deep.equal(['quotas last [over]']);
  });

  it('of success comes for each run, and a heartbeat as often as it was asked for', async () => {
    await world.look('run_succeeded', { run: 'r1' });
    await world.look('run_succeeded', { run: 'r2', status: 'failed' });
    await world.look('run_succeeded', { run: 'r3' });
    expect(world.heard()).to.deep.equal(['run r1 succeeded', 'run r3 succeeded']);
    const serving = { streams: 2, troubles: [] };
    expect(await heard('heartbeat', {}, { serving })).to.deep.equal(['2 streams are served']);
    world.clock.moveMs(hourMs);
    expect(await heard('heartbeat', {}, { serving })).to.deep.equal(['2 streams are served']);
  });

  it('that one place did not take comes there at the next look, and to the others no second time', async () => {
    const failed = { status: 'failed' } as const;
    const end = 'an alert could not be sent to slack: it answered 500';
    for (const [status, titles] of [
      [failed, ['run r failed']],
      [{}, ['runs succeed again [over]']],
    ] as const) {
      receiver.refusals.set('/slack', [500, 500, 500]);
      const [unsent, ...more] = await world.look('run_failed', status);
      expect([unsent?.code, unsent?.summary, more]).to.deep.equal(['ETL0931', end, []]);
      expect(receiver.refusals.get('/slack')).to.deep.equal([]);
      expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/webhook', '/pagerduty']);
      expect(await heard('run_failed', status)).to.deep.equal(titles);
    }
    receiver.refusals.set('/slack', [500]);
    expect(await heard('run_failed', failed)).to.deep.equal(['run r failed']);
  });
});
