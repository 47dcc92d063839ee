import { accountSource, atAccount } from '../model/accounts.ts';
import type { BudgetView, Frozen, LimitView, Thawed } from '../model/budget-view.ts';
import { limitMatcher, partitionOf } from '../model/limit-match.ts';
import type { BudgetPlan, LimitPlan, Plan, StreamPlan } from '../model/plan.ts';
import type { BudgetStatus, FreezeOrder, Limiter } from '../model/ports.ts';
import { firstRequest } from './first-request.ts';

/** A budget with all who share it: sources of one domain count together. */
export interface SharedBudget {
  /** With the limits of all its sources. */
  readonly plan: BudgetPlan;
  /** `source`, or `source@account`. */
  readonly sources: readonly string[];
  /** Those that a run reads. */
  readonly streams: readonly StreamPlan[];
}

/** Every budget of a plan, in the order of its sources. */
export function budgetsOf(plan: Plan): readonly SharedBudget[] {
  const shared = new Map<string, SharedBudget>();
  for (const source of Object.values(plan.sources)) {
    const { budget } = source;
    const name = accountSource(source);
    const known = shared.get(budget.domain);
    shared.set(budget.domain, {
      plan:
        known === undefined ? budget : { ...known.plan, limits: merged(known.plan.limits, budget.limits) },
      sources: [...(known?.sources ?? []), name],
      streams: [...(known?.streams ?? []), ...streamsOf(plan, name)],
    });
  }
  return [...shared.values()];
}

/** The streams that a plan reads of a source or account. */
const streamsOf = (plan: Plan, name: string): readonly StreamPlan[] =>
  plan.steps
    .flatMap((step) => (step.kind === 'extract' ? [step.stream] : []))
    .filter(({ source, account }) => atAccount(source, account) === name);

/** A limit that two sources declare is one limit, as the first of them says it. */
const merged = (first: readonly LimitPlan[], second: readonly LimitPlan[]): readonly LimitPlan[] => [
  ...first,
  ...second.filter(({ id }) => first.every((one) => one.id !== id)),
];

/** How all budgets stand. Those without limits are left out unless they are frozen. */
export async function viewBudgets(
  budgets: readonly SharedBudget[],
  limiter: Limiter,
): Promise<readonly BudgetView[]> {
  const views = await Promise.all(
    budgets.map(async (budget) => view(budget, await limiter.status(budget.plan))),
  );
  return views.filter(({ limits, freezes }) => limits.length > 0 || freezes.length > 0);
}

const view = ({ plan, sources }: SharedBudget, status: BudgetStatus): BudgetView => ({
  domain: plan.domain,
  sources,
  processes: status.processes,
  limits: plan.limits.flatMap((limit) => limitViews(limit, status)),
  freezes: status.freezes,
  waiting: status.waiting,
});

function limitViews({ id, declared }: LimitPlan, { limits }: BudgetStatus): readonly LimitView[] {
  const seen = limits.filter((one) => one.id === id);
  if (seen.length === 0) return [{ id, partition: '', declared, fill: 0, nextMs: 0, rateFactor: 1 }];
  return seen
    .map((one) => ({ ...one, declared }))
    .sort((first, second) => first.partition.localeCompare(second.partition));
}

/** What a person orders. */
export interface ManualFreeze {
  readonly reason: string;
  /** Of this limit only. */
  readonly limit?: string;
  /** Without it, until somebody thaws it. */
  readonly ms?: number;
}

/** Stops all requests of a budget, or those that one of its limits binds, in every process that shares it. */
export async function freezeBudget(
  budget: SharedBudget,
  { reason, limit, ms }: ManualFreeze,
  limiter: Limiter,
): Promise<Frozen> {
  const targets = limit === undefined ? [undefined] : await partitions(budget, limit, limiter);
  let lasts = 0;
  for (const target of targets) {
    const order = { cause: 'manual', reason, ...(ms !== undefined && { ms }) } as const;
    const granted = await limiter.freeze(budget.plan, { ...order, ...(target && { limit: target }) });
    lasts = Math.max(lasts, granted);
  }
  return {
    domain: budget.plan.domain,
    sources: budget.sources,
    ...(limit !== undefined && { limit }),
    reason,
    ...(Number.isFinite(lasts) && { ms: lasts }),
  };
}

/** Ends the freezes of a budget, or of one of its limits. */
export async function thawBudget(
  { plan }: SharedBudget,
  limit: string | undefined,
  limiter: Limiter,
): Promise<Thawed> {
  const { freezes } = await limiter.status(plan);
  const ended = freezes.filter((one) => limit === undefined || one.limit === limit);
  const count = await limiter.thaw(plan, limit);
  return { domain: plan.domain, ...(limit !== undefined && { limit }), ended, count };
}

/** The partitions of a limit that streams use, as far as is known before they are read, and those known from before. */
async function partitions(
  { plan, streams }: SharedBudget,
  id: string,
  limiter: Limiter,
): Promise<readonly NonNullable<FreezeOrder['limit']>[]> {
  const planned = plan.limits
    .filter((limit) => limit.id === id)
    .flatMap((limit) =>
      streams
        .map(firstRequest)
        .filter(limitMatcher(limit.match))
        .map((request) => partitionOf(limit, request)),
    );
  const { limits } = await limiter.status(plan);
  const seen = limits.filter((one) => one.id === id).map(({ partition }) => partition);
  const all = new Set([...planned, ...seen]);
  return [...(all.size === 0 ? [''] : all)].map((partition) => ({ id, partition }));
}
