import { atAccount } from '../../model/accounts.ts';
import type { Alert, AlertEvent, AlertPlan } from '../../model/alert.ts';
import type { Blocker } from '../../model/blocker.ts';
import type { StreamFreshness } from '../../model/freshness.ts';
import type { RunReport } from '../../model/run-report.ts';
import { durationText } from '../../model/units.ts';
import type { QuotaForecast } from './quotas.ts';
import type { RecordCount } from './record-counts.ts';

/** What a place has been told, so that nothing is told twice. */
export interface Told {
  /** Open Blockers that it knows of. */
  readonly open: readonly number[];
  /** Open Blockers of which it knows that they are old. */
  readonly aged: readonly number[];
  /** What was wrong when it was told last; empty when all was well. */
  readonly auth_failure: string;
  readonly run_failed: string;
  readonly freshness: string;
  readonly record_count: string;
  readonly quota_forecast: string;
  /** When the last heartbeat was sent, in milliseconds since the epoch. */
  readonly heartbeatMs: number;
}

export const nothingTold: Told = {
  ...{ open: [], aged: [], auth_failure: '', run_failed: '', freshness: '' },
  ...{ record_count: '', quota_forecast: '', heartbeatMs: 0 },
};

/** How runs go: of several that follow each other, all that was found lately. */
export type Health = Pick<RunReport, 'status' | 'diagnostics'>;

/** What `etl serve` says of itself. */
export interface Serving {
  readonly streams: number;
  /** What it cannot do at present, in words. */
  readonly troubles: readonly string[];
}

/** What is known at the end of a run. */
export interface Facts {
  readonly report: RunReport;
  readonly health: Health;
  /** All that are open, newest first; undefined while staging cannot be asked. */
  readonly open: readonly Blocker[] | undefined;
  /** Undefined while staging cannot be asked. */
  readonly freshness: readonly StreamFreshness[] | undefined;
  readonly serving?: Serving;
  readonly nowMs: number;
  /** Of the streams that the run has read, as far as they can be compared. */
  readonly counts: readonly RecordCount[];
  /** Quotas that will not last; undefined when nobody can say. */
  readonly forecasts: readonly QuotaForecast[] | undefined;
}

/** An alert that is due, and what its place has been told once it is sent. */
export interface Due {
  readonly alert?: Alert;
  readonly told: Partial<Told>;
}

/** Lines of one alert, at most. */
const linesMax = 10;

/** What a place is to be told of an event now. */
export function dueOf(event: AlertEvent, plan: AlertPlan, told: Told, facts: Facts): Due {
  switch (event) {
    case 'blocker':
      return opened(plan, told, facts);
    case 'blocker_age':
      return aged(plan, told, facts);
    case 'auth_failure':
      return refused(told, facts);
    case 'run_failed':
      return failed(told, facts);
    case 'freshness':
      return stale(told, facts);
    case 'record_count':
      return unusual(plan, told, facts);
    case 'quota_forecast':
      return short(told, facts);
    case 'run_succeeded':
      return succeeded(facts);
    case 'heartbeat':
      return alive(plan, told, facts);
  }
}

const ours = ({ owners }: AlertPlan, open: readonly Blocker[]): readonly Blocker[] =>
  open.filter(({ owner }) => owners?.includes(owner) ?? true);

const where = ({ report }: Facts): string => `${report.project} (${report.environment})`;

function opened(plan: AlertPlan, told: Told, facts: Facts): Due {
  if (facts.open === undefined) return { told: {} };
  const open = ours(plan, facts.open);
  return growing('blocker', open, told.open, {
    told: { open: open.map(({ id }) => id) },
    title: (count) => `${where(facts)}: ${count === 1 ? 'a new Blocker' : `${count} new Blockers`}`,
    over: `${where(facts)}: no Blocker${whose(plan)} is open any more`,
  });
}

function aged(plan: AlertPlan, told: Told, facts: Facts): Due {
  if (facts.open === undefined) return { told: {} };
  const old = ours(plan, facts.open).filter(
    ({ createdAt }) => facts.nowMs - Date.parse(createdAt) > plan.ageMs,
  );
  const long = `open for more than ${durationText(plan.ageMs)}`;
  return growing('blocker_age', old, told.aged, {
    told: { aged: old.map(({ id }) => id) },
    title: (count) => `${where(facts)}: ${count === 1 ? 'a Blocker is' : `${count} Blockers are`} ${long}`,
    over: `${where(facts)}: no Blocker${whose(plan)} is ${long} any more`,
  });
}

const whose = ({ owners }: AlertPlan): string => (owners === undefined ? '' : ` of ${owners.join(', ')}`);

/** Blockers of which each is told when it joins the others, and the end once all are gone. */
function growing(
  event: 'blocker' | 'blocker_age',
  now: readonly Blocker[],
  known: readonly number[],
  { told, title, over }: Pick<Due, 'told'> & { title(count: number): string; readonly over: string },
): Due {
  const isKnown = new Set(known);
  const fresh = now.filter(({ id }) => !isKnown.has(id));
  if (fresh.length > 0) return { alert: about(event, 'warning', title(fresh.length), fresh), told };
  if (now.length > 0 || known.length === 0) return { told };
  return { alert: { ...alert(event, 'info', over, []), isOver: true }, told };
}

function refused(told: Told, facts: Facts): Due {
  if (facts.open === undefined) return { told: {} };
  const auth = facts.open.filter(({ kind }) => kind === 'auth');
  const title = `${where(facts)}: credentials were refused`;
  return changing('auth_failure', told, facts, {
    wrong: auth.map(({ id }) => id).join(),
    alert: about('auth_failure', 'error', title, auth),
    over: 'credentials are accepted again',
  });
}

function failed(told: Told, facts: Facts): Due {
  const { report, health } = facts;
  if (health.status === 'interrupted') return { told: {} };
  const errors = health.diagnostics.filter(({ severity }) => severity === 'error');
  const codes = [...new Set(errors.map(({ code }) => code))].sort().join();
  const lines = errors.map(({ code, summary }) => `${code}: ${summary}`);
  return changing('run_failed', told, facts, {
    wrong: health.status === 'failed' ? codes || 'failed' : '',
    alert: alert('run_failed', 'error', `${where(facts)}: run ${report.run} failed`, lines),
    over: 'runs succeed again',
  });
}

/** A stream past its SLO: no check has this name. */
const latePrefix = 'late:';

function stale(told: Told, facts: Facts): Due {
  const { report, freshness } = facts;
  const checks = report.checks.filter(({ check }) => check.startsWith('freshness'));
  const wrong = checks.filter(({ passed }) => !passed);
  const late = (freshness ?? []).filter(({ isLate }) => isLate);
  const lines = [
    ...wrong.map(({ mapping, check, found }) => `${mapping}, ${check}: ${found}`),
    ...late.map(lateLine),
  ];
  // Of a mapping that was not checked now, nothing new is known.
  const judged = new Set(checks.map(({ mapping, check }) => `${mapping} ${check}`));
  const isUnknown = (one: string): boolean =>
    one.startsWith(latePrefix) ? freshness === undefined : !judged.has(one);
  const before = told.freshness.split(',').filter((one) => one !== '' && isUnknown(one));
  const now = [
    ...wrong.map(({ mapping, check }) => `${mapping} ${check}`),
    ...late.map(({ stream, account }) => `${latePrefix}${stream}@${account}`),
  ];
  return changing('freshness', told, facts, {
    wrong: [...new Set([...before, ...now])].sort().join(),
    alert: alert('freshness', 'warning', `${where(facts)}: data is older than it may be`, lines),
    over: 'data is fresh again',
  });
}

const lateLine = ({ stream, account, sloMs = 0, asOf = '' }: StreamFreshness): string =>
  `${atAccount(stream, account)}: loaded as of ${clockText(Date.parse(asOf))}, which is longer ago than ${durationText(sloMs)}`;

const counted = (count: number): string => Math.round(count).toLocaleString('en-US');

function unusual({ deviation: most }: AlertPlan, told: Told, facts: Facts): Due {
  const odd = facts.counts.filter(({ deviation }) => Math.abs(deviation) > most);
  const lines = odd.map(({ stream, records, median, spread, deviation }) => {
    const [least, usual] = [Math.max(0, median - most * spread), median + most * spread];
    const what = deviation < 0 ? 'far fewer' : 'far more';
    return `${stream}: ${counted(records)} records, ${what} than usual (about ${counted(median)}, between ${counted(least)} and ${counted(usual)})`;
  });
  // Of a stream that cannot be compared now, nothing new is known.
  const judged = new Set(facts.counts.map(({ stream }) => stream));
  const before = told.record_count
    .split(',')
    .filter((one) => one !== '' && !judged.has(one.split(' ')[0] ?? ''));
  const now = odd.map(({ stream, deviation }) => `${stream} ${deviation < 0 ? 'fewer' : 'more'}`);
  return changing('record_count', told, facts, {
    wrong: [...before, ...now].sort().join(),
    alert: alert('record_count', 'warning', `${where(facts)}: an unusual number of records`, lines),
    over: 'streams bring as many records as usual',
  });
}

function short(told: Told, facts: Facts): Due {
  const { forecasts } = facts;
  if (forecasts === undefined) return { told: {} };
  const lines = forecasts.map(({ domain, limit, partition, fill, usedUpMs, resetMs }) => {
    const quota = `${domain}, ${limit}${partition === '' ? '' : ` [${partition}]`}`;
    const used = `${Math.floor(fill * 100)} % are used`;
    const until = `it is given anew at ${clockText(resetMs)}`;
    if (fill >= 1) return `${quota}: used up, and ${until}`;
    return `${quota}: ${used}; as runs go, the rest lasts until ${clockText(usedUpMs)}, and ${until}`;
  });
  return changing('quota_forecast', told, facts, {
    wrong: forecasts
      .map(({ domain, limit, partition, resetMs }) => `${domain} ${limit} ${partition} ${resetMs}`)
      .sort()
      .join(),
    alert: alert('quota_forecast', 'warning', `${where(facts)}: a quota will not last`, lines),
    over: 'quotas last',
  });
}

const clockText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function succeeded(facts: Facts): Due {
  const { report } = facts;
  if (report.status !== 'succeeded') return { told: {} };
  const title = `${where(facts)}: run ${report.run} succeeded`;
  return { alert: alert('run_succeeded', 'info', title, []), told: {} };
}

function alive({ everyMs }: AlertPlan, { heartbeatMs }: Told, facts: Facts): Due {
  const { serving, nowMs } = facts;
  if (serving === undefined || nowMs - heartbeatMs < everyMs) return { told: {} };
  const { streams, troubles } = serving;
  const served = `${streams} ${streams === 1 ? 'stream is' : 'streams are'} served`;
  const title = `${where(facts)}: ${served}${troubles.length === 0 ? '' : ', not all as they should be'}`;
  return { alert: alert('heartbeat', 'info', title, troubles), told: { heartbeatMs: nowMs } };
}

/** A state that is told when it begins, when it changes, and when it is over. */
function changing(
  event: 'auth_failure' | 'run_failed' | 'freshness' | 'record_count' | 'quota_forecast',
  told: Told,
  facts: Facts,
  state: { readonly wrong: string; readonly alert: Alert; readonly over: string },
): Due {
  if (state.wrong === told[event]) return { told: {} };
  const over = { ...alert(event, 'info', `${where(facts)}: ${state.over}`, []), isOver: true };
  return { alert: state.wrong === '' ? over : state.alert, told: { [event]: state.wrong } };
}

function about(
  event: AlertEvent,
  severity: Alert['severity'],
  title: string,
  blockers: readonly Blocker[],
): Alert {
  const lines = blockers.map(
    ({ id, mapping, stream, record, property, reason }) =>
      `${id}: ${mapping || stream}${record === '' ? '' : `, record ${record}`}${property === '' ? '' : `, ${property}`}: ${reason}`,
  );
  return { ...alert(event, severity, title, lines), blockers };
}

function alert(
  event: AlertEvent,
  severity: Alert['severity'],
  title: string,
  lines: readonly string[],
): Alert {
  const rest = lines.length - linesMax;
  const shown = rest > 0 ? [...lines.slice(0, linesMax), `… and ${rest} more`] : lines;
  return { event, severity, isOver: false, title, lines: shown, blockers: [] };
}
