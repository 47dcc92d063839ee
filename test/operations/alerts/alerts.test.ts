import { expect } from 'chai';
import type { AlertPlan } from '../../../engine/model/alert.ts';
import type { ApiRequest } from '../../../engine/model/batch.ts';
import type { Blocker } from '../../../engine/model/blocker.ts';
import { complaint, TransientError } from '../../../engine/model/errors.ts';
import type { RunReport } from '../../../engine/model/run-report.ts';
import { type AlertServices, sendAlerts } from '../../../engine/operations/alerts/alerts.ts';
import { dueOf, type Facts, nothingTold } from '../../../engine/operations/alerts/due.ts';

const report = (over: Partial<RunReport> = {}): RunReport => ({
  run: 'r1',
  plan: 'p',
  project: 'shop',
  environment: 'production',
  startedAt: '2026-01-31T12:00:00.000Z',
  finishedAt: '2026-01-31T12:01:00.000Z',
  status: 'succeeded',
  streams: [],
  tables: [],
  checks: [],
  blocked: [],
  diagnostics: [],
  openBlockers: 0,
  ...over,
});

const failing = (code: string) =>
  report({ status: 'failed', diagnostics: [complaint(code, 'the shop forbade it <b>')] });

const blocker = (id: number, over: Partial<Blocker> = {}): Blocker => ({
  ...{ id, kind: 'record', code: 'ETL0521', severity: 'error', source: 'shop', account: 'default' },
  ...{ stream: 'shop.orders', mapping: 'orders', page: 1, ordinal: 0, index: null, record: 'A' },
  ...{ property: 'price', reason: 'no number', value: 'x', status: 'open', owner: '', note: '', run: 'r1' },
  ...{ step: '', seen: 1, createdAt: '2026-01-31T11:00:00.000Z', updatedAt: '' },
  ...over,
});

const place = (over: Partial<AlertPlan> = {}): AlertPlan => ({
  to: 'webhook',
  url: 'secret:hook',
  on: ['blocker', 'blocker_age', 'auth_failure', 'run_failed', 'freshness'],
  ageMs: 24 * 60 * 60 * 1000,
  deviation: 4,
  everyMs: 300_000,
  ...over,
});

/** A server that answers with these statuses in turn (0: not at all), then with 200. */
function world(open: readonly Blocker[] = [], statuses: number[] = []) {
  const sent: ApiRequest[] = [];
  const slept: number[] = [];
  const kept = new Map<string, string>();
  const state = { open };
  const services: AlertServices = {
    http: {
      send: async (request) => {
        sent.push(request);
        const status = statuses.shift() ?? 200;
        if (status === 0) throw new TransientError(complaint('ETL0403', 'unreachable'));
        return { status, headers: {}, body: new Uint8Array(), elapsedMs: 1 };
      },
      close: async () => {},
    },
    clock: {
      now: () => Date.parse('2026-01-31T12:01:00Z'),
      monotonicUs: () => 0,
      sleep: async (ms) => void slept.push(ms),
    },
    memory: {
      recall: async (name) => kept.get(name),
      remember: async (name, text) => void kept.set(name, text),
    },
    references: {
      resolve: (text) => text.replace('secret:', 'https://'),
      redact: (text) => text,
      hide: () => {},
    },
    runs: { received: async () => [], loadedWindows: async () => [] },
    limiter: { status: async () => ({ domain: '', limits: [], freezes: [], waiting: [], processes: 1 }) },
    plan: { sources: {}, steps: [], mappings: {} } as unknown as AlertServices['plan'],
    blockers: { find: async () => state.open } as Pick<
      AlertServices['blockers'],
      'find'
    > as AlertServices['blockers'],
  };
  const tell = (found: RunReport, ...places: readonly AlertPlan[]) => sendAlerts(places, found, services);
  const titles = () => sent.splice(0).map(({ body = '{}' }) => (JSON.parse(body) as { title: string }).title);
  return { tell, titles, sent, slept, kept, state };
}

describe('alerts', () => {
  it('tell of each new Blocker once', async () => {
    const { tell, titles, state } = world([blocker(1), blocker(2)]);
    await tell(report(), place());
    expect(titles()).to.deep.equal(['shop (production): 2 new Blockers']);
    await tell(report(), place());
    expect(titles()).to.deep.equal([]);
    state.open = [blocker(3), blocker(2)];
    await tell(report(), place());
    expect(titles()).to.deep.equal(['shop (production): a new Blocker']);
  });

  it('tell of one that is open for too long, once', async () => {
    const old = blocker(1, { createdAt: '2026-01-30T11:00:00.000Z' });
    const { tell, titles } = world([old]);
    const only = place({ on: ['blocker_age'] });
    await tell(report(), only);
    expect(titles()).to.deep.equal(['shop (production): a Blocker is open for more than 24 h 00 min']);
    await tell(report(), only);
    expect(titles()).to.deep.equal([]);
  });

  it('go to the owner alone, where a place has owners', async () => {
    const { tell, sent } = world([blocker(1, { owner: 'dana' }), blocker(2)]);
    await tell(report(), place({ owners: ['dana'] }), place({ url: 'secret:other', owners: ['ada'] }));
    expect(sent.map(({ url }) => url)).to.deep.equal(['https://hook']);
    const { blockers, lines } = JSON.parse(sent[0]?.body ?? '') as {
      blockers: readonly Blocker[];
      lines: readonly string[];
    };
    expect(blockers.map(({ id }) => id)).to.deep.equal([1]);
    expect(lines).to.deep.equal(['1: orders, record A, price: no number']);
  });

  it('tell of failing runs when they begin, when they fail otherwise, and when they are over', async () => {
    const { tell, titles } = world();
    for (const found of [failing('ETL0410'), failing('ETL0410'), failing('ETL0404'), report(), report()])
      await tell(found, place({ on: ['run_failed'] }));
    expect(titles()).to.deep.equal([
      'shop (production): run r1 failed',
      'shop (production): run r1 failed',
      'shop (production): runs succeed again',
    ]);
  });

  it('say nothing of a run that was interrupted', async () => {
    const { tell, titles } = world();
    await tell(failing('ETL0410'), place({ on: ['run_failed'] }));
    titles();
    await tell(report({ status: 'interrupted' }), place({ on: ['run_failed'] }));
    expect(titles()).to.deep.equal([]);
  });

  it('tell of refused credentials, of stale data and of every success where that is asked for', async () => {
    const { tell, titles } = world([blocker(1, { kind: 'auth', mapping: '', record: '' })]);
    const check = {
      mapping: 'orders',
      check: 'freshness at ≤ 1h',
      severity: 'warn',
      passed: false,
      found: '2 h',
    } as const;
    await tell(report({ checks: [check] }), place({ on: ['auth_failure', 'freshness', 'run_succeeded'] }));
    expect(titles()).to.deep.equal([
      'shop (production): credentials were refused',
      'shop (production): data is older than it may be',
      'shop (production): run r1 succeeded',
    ]);
  });

  it('are written as Slack reads them', async () => {
    const { tell, sent } = world();
    await tell(failing('ETL0410'), place({ to: 'slack' }));
    expect(JSON.parse(sent[0]?.body ?? '')).to.deep.equal({
      text: ':rotating_light: *shop (production): run r1 failed*\n• ETL0410: the shop forbade it &lt;b&gt;',
    });
  });

  it('are triggered and resolved as PagerDuty reads them', async () => {
    const { tell, sent } = world();
    const pager = place({ to: 'pagerduty', key: 'secret:key', on: ['run_failed'] });
    await tell(failing('ETL0410'), pager);
    await tell(report(), pager);
    const [trigger, resolve] = sent.map(({ body = '' }) => JSON.parse(body) as Record<string, unknown>);
    expect(trigger).to.deep.include({
      routing_key: 'https://key',
      event_action: 'trigger',
      dedup_key: 'sluice/shop/production/run_failed',
    });
    expect(trigger?.['payload']).to.deep.include({
      summary: 'shop (production): run r1 failed',
      severity: 'error',
      source: 'sluice shop/production',
    });
    expect(resolve).to.include({ event_action: 'resolve', dedup_key: trigger?.['dedup_key'] });
  });

  it('are sent again while that may help, and told by the next run otherwise', async () => {
    const { tell, sent, slept, titles } = world([blocker(1)], [503, 0, 429, 404, 200]);
    const only = place({ on: ['blocker'] });
    const [first] = await tell(report(), only);
    expect(first).to.include({ code: 'ETL0931', severity: 'warning' });
    expect(first?.summary).to.equal('an alert could not be sent to webhook: it answered 429');
    expect(slept).to.deep.equal([1000, 2000]);
    const [second] = await tell(report(), only);
    expect(second?.summary).to.contain('it answered 404');
    expect(sent.splice(0)).to.have.length(4);
    expect(await tell(report(), only)).to.deep.equal([]);
    expect(titles()).to.deep.equal(['shop (production): a new Blocker']);
  });

  it('show their address nowhere', async () => {
    const { tell, kept } = world([blocker(1)], [404]);
    const diagnostics = await tell(report(), place());
    expect(JSON.stringify([diagnostics, ...kept]))
      .to.not.contain('hook"')
      .and.not.to.contain('https://hook');
  });
});

describe('an alert about a stream that is served', () => {
  const stream = { stream: 'shop.orders', account: 'default' };
  const facts = (over: Partial<Facts>): Facts => ({
    ...{ report: report(), health: report(), open: [], freshness: [], nowMs: 0, counts: [], forecasts: [] },
    ...over,
  });
  const late = {
    ...stream,
    sloMs: 900_000,
    asOf: '2026-01-31T11:00:00.000Z',
    ageMs: 3_600_000,
    isLate: true,
  };

  /** Tells a place one thing after another, and gives what it hears. */
  function heard(event: 'freshness' | 'heartbeat', ...all: readonly Partial<Facts>[]) {
    let told = nothingTold;
    return all.map((one) => {
      const due = dueOf(event, place({ on: [event] }), told, facts(one));
      told = { ...told, ...due.told };
      return due.alert && [due.alert.title, due.alert.isOver, ...due.alert.lines];
    });
  }

  it('comes once where it is older than its SLO, and once when it is fresh again', () => {
    const title = 'shop (production): data is older than it may be';
    const line = 'shop.orders: loaded as of 2026-01-31 11:00 UTC, which is longer ago than 15 min 00 s';
    const fresh = { ...late, isLate: false };
    expect(
      heard(
        'freshness',
        { freshness: [late] },
        { freshness: [late] },
        { freshness: undefined },
        { freshness: [fresh] },
        { freshness: [fresh] },
      ),
    ).to.deep.equal([
      [title, false, line],
      undefined,
      undefined,
      ['shop (production): data is fresh again', true],
      undefined,
    ]);
  });

  it('is not over because a run has checked something else', () => {
    const check = { mapping: 'orders', check: 'freshness at ≤ 1h', severity: 'warn', passed: false } as const;
    const failing = report({ checks: [{ ...check, found: '2 h' }] });
    const [first, second] = heard('freshness', { report: failing }, { report: report() });
    expect(first?.[1]).to.equal(false);
    expect(second).to.equal(undefined);
  });

  it('says every so often that it is served, and what is wrong', () => {
    const serving = { streams: 2, troubles: ['shop.orders: ETL0412: it answered 503'] };
    expect(
      heard(
        'heartbeat',
        { serving, nowMs: 600_000 },
        { serving, nowMs: 899_999 },
        { serving, nowMs: 900_000 },
        {},
      ),
    ).to.deep.equal([
      ['shop (production): 2 streams are served, not all as they should be', false, ...serving.troubles],
      undefined,
      ['shop (production): 2 streams are served, not all as they should be', false, ...serving.troubles],
      undefined,
    ]);
  });
});
