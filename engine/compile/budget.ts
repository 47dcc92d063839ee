import { atAccount, defaultAccount } from '../model/accounts.ts';
import type * as config from '../model/config.ts';
import { assert } from '../model/errors.ts';
import type {
  BudgetPlan,
  CalendarPlan,
  CostPlan,
  LimitMatchPlan,
  LimitPlan,
  ObservePlan,
  ShapePlan,
} from '../model/plan.ts';
import { parseDuration, parsePercent, parseRate } from '../model/units.ts';
import { compileReplyTime, compileReplyValue } from './reply.ts';

/** Requests that leave evenly can arrive closer together: this much jitter must fit into what the provider allows. */
const jitterMs = 50;
/** A window of this length is stretched by half a second when the headroom is 5 %. */
const shortWindowMs = 10_000;
/** Up to here every request of a window is logged; beyond, it is counted in parts. */
const loggedMax = 1000;
const partsDefault = 24;

export const compileBudget = (source: config.Source, account = defaultAccount): BudgetPlan => {
  const budget = source.budget ?? {};
  return {
    domain: (budget.domain ?? atAccount(source.name, account)).replaceAll('{account}', () => account),
    horizonMs: parseDuration(budget.horizon ?? '250ms'),
    patienceMs: parseDuration(budget.patience ?? '15m'),
    onStoreDown: budget.on_store_down ?? 'wait',
    limits: (budget.limits ?? []).map((limit) => compileLimit(limit, budget)),
  };
};

/** What of a declared limit is used. */
interface Use {
  /** Left unused of every rate. */
  readonly headroom: number;
  /** For this project. */
  readonly share: number;
}

function compileLimit(limit: config.Limit, budget: config.Budget): LimitPlan {
  const headroom = parsePercent(budget.headroom ?? '5%');
  const share = parsePercent(budget.share ?? '100%') * parsePercent(limit.share ?? '100%');
  return {
    id: limit.id,
    declared: declaredText(limit),
    shape: compileShape(limit, { headroom, share }),
    used: (1 - headroom) * share,
    match: compileMatch(limit.when ?? {}),
    key: limit.key ?? [],
    cost: compileCost(limit.cost ?? {}),
    even: limit.pace === undefined ? isShort(limit) : limit.pace === 'even',
    raiseMax: limit.adapt === undefined ? 1 : Math.max(1, parsePercent(limit.adapt.max)),
    ...(limit.observe && { observe: compileObserve(limit.observe) }),
  };
}

/**
 * Whether a window is so short that opening a connection can take longer than what headroom stretches it by: then it is
 * used evenly, so that what comes late meets few others.
 */
const isShort = ({ sliding }: config.Limit): boolean =>
  sliding !== undefined && isLogged(sliding) && parseDuration(sliding.per) < shortWindowMs;

const isLogged = ({ buckets, limit }: config.Sliding): boolean => buckets === undefined && limit <= loggedMax;

const stretchedMs = ({ per }: config.Sliding, headroom: number): number =>
  Math.max(parseDuration(per) / (1 - headroom), parseDuration(per) + jitterMs);

const compileMatch = ({ path, method, stream }: config.LimitWhen): LimitMatchPlan => ({
  ...(path !== undefined && { path }),
  ...(method !== undefined && { methods: method }),
  ...(stream !== undefined && { streams: stream }),
});

/** A limit as people wrote it, on one line. */
function declaredText({ bucket, sliding, fixed, concurrency, spacing }: config.Limit): string {
  if (bucket) return bucket.burst === undefined ? bucket.rate : `${bucket.rate}, burst ${bucket.burst}`;
  if (sliding) return `${sliding.limit} in any ${sliding.per}`;
  if (fixed) return `${fixed.limit} per ${fixed.per}${fixed.zone === undefined ? '' : ` (${fixed.zone})`}`;
  if (concurrency) return `${concurrency.limit} at once`;
  return `${spacing}, one by one`;
}

function compileShape(limit: config.Limit, use: Use): ShapePlan {
  if (limit.sliding) return compileSliding(limit.sliding, use);
  if (limit.fixed) {
    const count = whole(limit.fixed.limit * (1 - use.headroom) * use.share);
    return { kind: 'fixed', count, calendar: compileCalendar(limit.fixed) };
  }
  if (limit.concurrency) {
    const leaseUs = parseDuration(limit.concurrency.lease ?? '60s') * 1000;
    return { kind: 'concurrency', count: whole(limit.concurrency.limit * use.share), leaseUs };
  }
  const bucket = limit.bucket ?? { rate: limit.spacing ?? '' };
  return compileBucket(bucket, use);
}

/**
 * Headroom is taken off the rate. Off the burst goes what can arrive within the jitter, and one: a client burst equal to
 * the provider's was measured to be refused now and then even on a quiet line.
 */
function compileBucket({ rate, burst = 1 }: config.Bucket, { headroom, share }: Use): ShapePlan {
  const { requests, perMs } = parseRate(rate);
  const intervalMs = perMs / (requests * (1 - headroom) * share);
  return {
    kind: 'bucket',
    intervalUs: Math.ceil(intervalMs * 1000),
    burst: Math.max(1, Math.floor(burst * share - jitterMs / intervalMs) - 1),
    capacity: burst,
  };
}

/**
 * Headroom stretches the window instead of lowering its count. That gives the same rate, and what is sent within a
 * stretched window cannot arrive within a declared one, as long as the jitter is shorter than the stretch.
 */
function compileSliding(sliding: config.Sliding, { headroom, share }: Use): ShapePlan {
  const { limit, per, buckets = partsDefault } = sliding;
  if (isLogged(sliding)) {
    const windowUs = Math.ceil(stretchedMs(sliding, headroom) * 1000);
    return { kind: 'sliding', count: whole(limit * share), windowUs };
  }
  const count = whole(limit * (1 - headroom) * share);
  return { kind: 'sliding', count, windowUs: (parseDuration(per) + jitterMs) * 1000, parts: buckets };
}

const whole = (count: number): number => Math.max(1, Math.floor(count));

function compileCalendar({ per, zone = 'UTC', reset = '00:00' }: config.Fixed): CalendarPlan {
  if (/^\d/.test(per)) return { everyMs: parseDuration(per) };
  const [hours = 0, minutes = 0] = reset.split(':').map(Number);
  return { unit: per as NonNullable<CalendarPlan['unit']>, zone, resetMinutes: hours * 60 + minutes };
}

const compileCost = ({ estimate = 1, byMethod = {}, expr, actual }: config.Cost): CostPlan => ({
  estimate,
  byMethod: byMethod as CostPlan['byMethod'],
  ...(expr !== undefined && { expr }),
  ...(actual && { actual: compileReplyValue(actual) }),
});

function compileObserve(observe: config.Observe): ObservePlan {
  const { header, match, as, policy, used, limit, remaining, rate, reset, poll } = observe;
  assert((header === undefined) === (match === undefined), 'a header and its match go together');
  return {
    ...(header !== undefined &&
      match !== undefined && {
        match: { header: header.toLowerCase(), pattern: match, ...(as && { resetAs: as }) },
      }),
    ...(policy !== undefined && { policy }),
    ...(used && { used: compileReplyValue(used) }),
    ...(limit && { limit: compileReplyValue(limit) }),
    ...(remaining && { remaining: compileReplyValue(remaining) }),
    ...(rate && { rate: compileReplyValue(rate) }),
    ...(reset && { reset: compileReplyTime(reset) }),
    ...(poll && { poll: { path: poll.path, everyMs: parseDuration(poll.every ?? '15m') } }),
  };
}
