import { createHash } from 'node:crypto';
import type { Alert, AlertEvent, AlertPlan } from '../../model/alert.ts';
import type { Blockers } from '../../model/blocker.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, ExplainedError } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import type { Clock, HttpClient, Limiter, Memory, References } from '../../model/ports.ts';
import type { RunReport } from '../../model/run-report.ts';
import type { Runs } from '../../model/state-port.ts';
import { streamRefs } from '../../model/stream-refs.ts';
import { freshnessOf } from '../freshness.ts';
import { dueOf, type Facts, type Health, nothingTold, type Serving, type Told } from './due.ts';
import { payloadOf } from './payloads.ts';
import { quotaForecasts } from './quotas.ts';
import { recordCounts } from './record-counts.ts';

export interface AlertServices {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly memory: Pick<Memory, 'recall' | 'remember'>;
  readonly references: References;
  readonly blockers: Blockers;
  readonly runs: Pick<Runs, 'received' | 'loadedWindows'>;
  readonly limiter: Pick<Limiter, 'status'>;
  /** Of the run. */
  readonly plan: Plan;
  /** How runs go, where several belong together; otherwise as the report says. */
  readonly health?: Health;
  readonly serving?: Serving;
}

const attemptsMax = 3;
const waitMs = 1000;
/** Open Blockers that are looked at. */
const openMax = 10_000;

const limits = {
  timeouts: { connectMs: 5000, headersMs: 10_000, bodyMs: 10_000, totalMs: 15_000 },
  maxResponseBytes: 1024 ** 2,
} as const;

/** Tells each place what is new to it at the end of a run. What cannot be told is a warning, and told by the next run. */
export async function sendAlerts(
  places: readonly AlertPlan[],
  report: RunReport,
  services: AlertServices,
): Promise<readonly Diagnostic[]> {
  if (places.length === 0) return [];
  const facts = await factsFor(places, report, services);
  const found: Diagnostic[] = [];
  for (const place of places) found.push(...(await tell(place, facts, services)));
  return found;
}

/** What is known, as far as one of the places wants to hear of it. */
async function factsFor(
  places: readonly AlertPlan[],
  report: RunReport,
  { blockers, clock, plan, runs, health = report, serving, ...services }: AlertServices,
): Promise<Facts> {
  const isWanted = (event: AlertEvent): boolean => places.some(({ on }) => on.includes(event));
  const isPromised = plan.schedules?.some(({ sloMs }) => sloMs !== undefined) === true;
  const nowMs = clock.now();
  return {
    report,
    health,
    nowMs,
    ...(serving && { serving }),
    open: await known(() => blockers.find({ status: 'open' }, openMax)),
    freshness: isWanted('freshness') && isPromised ? await known(() => freshnessOf(plan, runs, nowMs)) : [],
    counts: isWanted('record_count')
      ? ((await known(() => recordCounts(streamRefs(plan), report, runs))) ?? [])
      : [],
    forecasts: isWanted('quota_forecast')
      ? await known(() => quotaForecasts(plan, { ...services, clock }))
      : [],
  };
}

/** Undefined while whom it asks is away: what is known without it is told nevertheless. */
async function known<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return undefined;
  }
}

async function tell(place: AlertPlan, facts: Facts, services: AlertServices): Promise<readonly Diagnostic[]> {
  const name = memoryName(place);
  let told = toldBefore(await services.memory.recall(name));
  const failures = new Set<string>();
  for (const event of place.on) {
    const due = dueOf(event, place, told, facts);
    const failure =
      due.alert === undefined ? undefined : await send(place, due.alert, facts.report, services);
    if (failure === undefined) told = { ...told, ...due.told };
    else failures.add(failure);
  }
  await services.memory.remember(name, JSON.stringify(told));
  return [...failures].map((failure) => notSent(place, failure));
}

/** The address itself is a secret. */
const memoryName = ({ to, url, key = '' }: AlertPlan): string =>
  `alerts:${to}:${createHash('sha256').update(`${url} ${key}`).digest('hex').slice(0, 12)}`;

const toldBefore = (text: string | undefined): Told =>
  text === undefined ? nothingTold : { ...nothingTold, ...(JSON.parse(text) as Partial<Told>) };

/** Undefined when it was sent; otherwise why not. */
async function send(
  { to, url, key = '' }: AlertPlan,
  alert: Alert,
  report: RunReport,
  { http, clock, references }: AlertServices,
): Promise<string | undefined> {
  const message = { alert, report, key: references.resolve(key) };
  const request = {
    method: 'POST',
    url: references.resolve(url),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payloadOf(to, message)),
  } as const;
  for (let attempt = 1; ; attempt += 1) {
    const status = await attemptOf(http, request);
    if (status >= 200 && status < 300) return undefined;
    if (!mayPass(status) || attempt === attemptsMax)
      return status === 0 ? 'nobody answers' : `it answered ${status}`;
    await clock.sleep(waitMs * attempt);
  }
}

const mayPass = (status: number): boolean => status === 0 || status === 429 || status >= 500;

/** The status of the answer; 0 without one. */
async function attemptOf(http: HttpClient, request: Parameters<HttpClient['send']>[0]): Promise<number> {
  try {
    return (await http.send(request, limits)).status;
  } catch (error) {
    if (error instanceof ExplainedError || error instanceof TypeError) return 0;
    throw error;
  }
}

const notSent = ({ to }: AlertPlan, failure: string): Diagnostic => ({
  ...complaint(
    'ETL0931',
    `an alert could not be sent to ${to}: ${failure}`,
    'The run itself is not affected; the next one tells what this one could not. Check `alerts` of the environment.',
  ),
  severity: 'warning',
});
