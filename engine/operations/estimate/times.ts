import { accountStream, atAccount } from '../../model/accounts.ts';
import type { LimitShare, StreamHistory } from '../../model/estimate.ts';
import { costByMethod, limitMatcher, partitionOf } from '../../model/limit-match.ts';
import { lengthMs, perMinute } from '../../model/pace.ts';
import type { LimitPlan, Plan, ShapePlan, StreamPlan } from '../../model/plan.ts';
import { budgetsOf } from '../budgets.ts';
import { firstRequest } from '../first-request.ts';

const minuteMs = 60_000;
/** Fixed windows at least as long are quotas: what does not fit waits for hours. */
const quotaMs = 60 * minuteMs;
/** Pages of a window from which on its pace says something. */
const pacePagesMin = 10;

/** A limit that binds the requests of a stream. */
export interface BoundLimit {
  readonly domain: string;
  readonly limit: LimitPlan;
  readonly partition: string;
  /** Of one request. */
  readonly cost: number;
}

/** What one stream is to do. */
export interface Workload {
  readonly stream: StreamPlan;
  readonly requests: number;
  readonly limits: readonly BoundLimit[];
  readonly history: StreamHistory;
  /** What it may use of every limit: its requests leave at even distances then. */
  readonly share?: number;
}

export interface StreamTime {
  readonly minutes: number;
  readonly decidedBy?: string;
}

/** The limits of its budget that bind a stream. */
export function boundLimits(plan: Plan, stream: StreamPlan): readonly BoundLimit[] {
  const budget = budgetsOf(plan).find(({ sources }) =>
    sources.includes(atAccount(stream.source, stream.account)),
  );
  const request = firstRequest(stream);
  return (budget?.plan.limits ?? [])
    .filter(({ match }) => limitMatcher(match)(request))
    .map((limit) => ({
      domain: budget?.plan.domain ?? '',
      limit,
      partition: partitionOf(limit, request),
      cost: costByMethod(limit.cost, 'GET'),
    }));
}

export const isQuota = ({ shape }: LimitPlan): boolean =>
  shape.kind === 'fixed' && lengthMs(shape.calendar) >= quotaMs;

/** How long each stream takes: the slowest of its limits decides, or how fast the API has answered before. */
export const timesOf = (loads: readonly Workload[]): ReadonlyMap<string, StreamTime> =>
  new Map(loads.map((load) => [accountStream(load.stream), timeOf(load, loads)]));

function timeOf(load: Workload, loads: readonly Workload[]): StreamTime {
  const answers = { ms: load.requests * answerMs(load.history), decidedBy: 'answers' };
  const limits = load.share === undefined ? limitTimes(load, loads) : pacedTimes(load, load.share);
  const slowest = [...limits, answers].reduce((most, one) => (one.ms > most.ms ? one : most));
  if (slowest.ms === 0) return { minutes: 0 };
  return { minutes: slowest.ms / minuteMs, decidedBy: slowest.decidedBy };
}

const limitTimes = (load: Workload, loads: readonly Workload[]): readonly LimitTime[] =>
  load.limits
    .filter(({ limit }) => !isQuota(limit) || limit.even)
    .map((bound) => ({
      ms: limitMs(bound.limit, unitsBefore(load, bound, loads)),
      decidedBy: bound.limit.id,
    }));

/** Every limit paces a share, the long ones as well. */
const pacedTimes = ({ limits, requests }: Workload, share: number): readonly LimitTime[] =>
  limits.flatMap(({ limit, cost }) => {
    const rate = perMinute(limit.shape);
    return rate === undefined
      ? []
      : [{ ms: ((requests - 1) * cost * minuteMs) / (rate * share), decidedBy: limit.id }];
  });

interface LimitTime {
  readonly ms: number;
  readonly decidedBy: string;
}

/** What a limit has let through once a stream is done: streams take turns by their weights. */
function unitsBefore(load: Workload, bound: BoundLimit, loads: readonly Workload[]): number {
  const turns = (load.requests * bound.cost) / load.stream.weight;
  return loads.reduce((sum, other) => {
    const shared = other.limits.find((one) => isSame(one, bound));
    if (shared === undefined) return sum;
    return sum + Math.min(other.requests * shared.cost, turns * other.stream.weight);
  }, 0);
}

const isSame = (a: BoundLimit, b: BoundLimit): boolean =>
  a.domain === b.domain && a.limit.id === b.limit.id && a.partition === b.partition;

/** Time until a limit has let so much through, after a pause. */
function limitMs({ shape, even }: LimitPlan, units: number): number {
  switch (shape.kind) {
    case 'bucket':
      return (Math.max(0, units - shape.burst) * shape.intervalUs) / 1000;
    case 'sliding':
      return windowsMs(shape.count, shape.windowUs / 1000, units, even);
    case 'fixed':
      return windowsMs(shape.count, lengthMs(shape.calendar), units, even);
    case 'concurrency':
      return 0;
  }
}

const windowsMs = (count: number, length: number, units: number, even: boolean): number =>
  even ? (units * length) / count : Math.max(0, Math.ceil(units / count) - 1) * length;

/** Time per page where limits do not decide, by the last window that was long enough to tell. */
function answerMs({ windows }: StreamHistory): number {
  const told = windows.find(({ pages }) => pages >= pacePagesMin);
  if (told === undefined) return 0;
  return (Date.parse(told.endedAt) - Date.parse(told.startedAt)) / (told.pages - 1);
}

/** What a stream uses of each limit that binds it. */
export const sharesOf = ({ limits, requests }: Workload, minutes: number): readonly LimitShare[] =>
  limits.flatMap(({ limit, cost }) => {
    const allowed = allowedIn(limit.shape, isQuota(limit), Math.max(1, minutes));
    return allowed === undefined ? [] : [{ id: limit.id, share: (requests * cost) / allowed }];
  });

function allowedIn(shape: ShapePlan, quota: boolean, minutes: number): number | undefined {
  if (quota && shape.kind === 'fixed') return shape.count;
  const rate = perMinute(shape);
  return rate === undefined ? undefined : rate * minutes;
}
