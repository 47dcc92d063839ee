import { compileBudget } from '../../engine/compile/budget.ts';
import type * as config from '../../engine/model/config.ts';
import type { BudgetPlan } from '../../engine/model/plan.ts';
import type { PermitRequest } from '../../engine/model/ports.ts';

/** A budget as a project declares it. Without headroom, so that times are round. */
export const budgetOf = (
  limits: readonly config.Limit[],
  settings: Partial<config.Budget> = {},
): BudgetPlan =>
  compileBudget({
    kind: 'source',
    name: 'shop',
    baseUrl: 'https://api.example',
    streams: {},
    budget: { headroom: '0%', ...settings, limits: [...limits] },
  });

/** A request that the named limits bind; all of them when none is named. */
export const requestOf = (
  budget: BudgetPlan,
  settings: Partial<PermitRequest> & { readonly bound?: readonly string[]; readonly cost?: number } = {},
): PermitRequest => {
  const { bound, cost = 1, ...request } = settings;
  return {
    stream: 'shop.orders',
    weight: 1,
    priority: 'normal',
    limits: budget.limits
      .filter(({ id }) => bound === undefined || bound.includes(id))
      .map((limit) => ({ limit, partition: '', cost })),
    ...request,
  };
};
