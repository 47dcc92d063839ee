import { accountStream } from '../model/accounts.ts';
import type { BoundView, Pace, StreamLimits } from '../model/budget-view.ts';
import { costByMethod, type LimitedRequest, limitMatcher, partitionOf } from '../model/limit-match.ts';
import type { LimitPlan, StreamPlan } from '../model/plan.ts';
import type { BudgetStatus, FreezeStatus, Limiter, LimitStatus } from '../model/ports.ts';
import type { SharedBudget } from './budgets.ts';
import { firstRequest } from './first-request.ts';
import { inFirstMinute, perMinute } from './pace.ts';

/** Why a stream is as fast as it is. */
export async function explainStream(
  stream: StreamPlan,
  budget: SharedBudget,
  limiter: Limiter,
): Promise<StreamLimits> {
  const status = await limiter.status(budget.plan);
  const full = accountStream(stream);
  const request = firstRequest(stream);
  const bound = budget.plan.limits.filter(({ match }) => limitMatcher(match)(request));
  const limits = bound.map((limit) => boundView(limit, request, status));
  const freezes = status.freezes.filter((freeze) => holds(freeze, limits));
  return {
    stream: full,
    domain: budget.plan.domain,
    sources: budget.sources,
    path: stream.request.path,
    weight: stream.weight,
    priority: stream.priority,
    limits,
    free: budget.plan.limits.filter((limit) => !bound.includes(limit)).map(({ id }) => id),
    ...paces(limits),
    next: nextSlot(limits, freezes),
    freezes,
    waiting: status.waiting.filter((one) => one.stream === full),
    others: status.waiting.filter((one) => one.stream !== full),
  };
}

const holds = ({ limit, partition }: FreezeStatus, limits: readonly BoundView[]): boolean =>
  limit === undefined ||
  limits.some((one) => one.id === limit && (partition === undefined || one.partition === partition));

function boundView(limit: LimitPlan, request: LimitedRequest, { limits }: BudgetStatus): BoundView {
  const { id, declared, used, shape, cost, even } = limit;
  const partition = partitionOf(limit, request);
  const seen = limits.find((one) => one.id === id && one.partition === partition);
  const costs = costByMethod(cost, request.method);
  const steady = perMinute(shape);
  const first = inFirstMinute(shape, even);
  return {
    id,
    partition,
    declared,
    used,
    shape,
    cost: costs,
    costVaries: cost.expr !== undefined || cost.actual !== undefined,
    ...(steady !== undefined && { perMinute: steady / costs, nowPerMinute: (steady / costs) * left(seen) }),
    ...(first !== undefined && { firstMinute: first / costs }),
    fill: seen?.fill ?? 0,
    nextMs: seen?.nextMs ?? 0,
    rateFactor: seen?.rateFactor ?? 1,
    ...(seen?.drift !== undefined && { drift: seen.drift }),
  };
}

/** What throttles and the use of others leave of a limit. */
const left = (seen: LimitStatus | undefined): number =>
  (seen?.rateFactor ?? 1) * Math.max(0, 1 - (seen?.drift ?? 0));

function paces(limits: readonly BoundView[]): Pick<StreamLimits, 'steady' | 'first' | 'now'> {
  const steady = slowest(limits, ({ perMinute: rate }) => rate);
  const first = slowest(limits, ({ firstMinute }) => firstMinute);
  const now = slowest(limits, ({ nowPerMinute }) => nowPerMinute);
  return { ...(steady && { steady }), ...(first && { first }), ...(now && { now }) };
}

function slowest(
  limits: readonly BoundView[],
  rateOf: (limit: BoundView) => number | undefined,
): Pace | undefined {
  let found: Pace | undefined;
  for (const limit of limits) {
    const rate = rateOf(limit);
    if (rate !== undefined && rate < (found?.perMinute ?? Infinity))
      found = { perMinute: rate, decidedBy: limit.id };
  }
  return found;
}

function nextSlot(limits: readonly BoundView[], freezes: readonly FreezeStatus[]): StreamLimits['next'] {
  const waits = [
    ...limits.map(({ id, nextMs }) => ({ ms: nextMs, decidedBy: id })),
    ...freezes.map(({ remainingMs }) => ({ ms: remainingMs ?? Infinity, decidedBy: 'freeze' })),
  ];
  const last = waits.reduce((most, one) => (one.ms > most.ms ? one : most), { ms: 0, decidedBy: '' });
  if (last.ms === 0) return { ms: 0 };
  return Number.isFinite(last.ms) ? last : { decidedBy: last.decidedBy };
}
