import type { Plan } from '../model/plan.ts';
import type { Limiter, Metrics } from '../model/ports.ts';
import { measureBudgets } from '../operations/budget-gauges.ts';
import { budgetsOf } from '../operations/budgets.ts';

const everyMs = 5000;

/** Keeps the gauges of all budgets up to date while `work` goes on, and sets them once more at its end. */
export async function measured<T>(
  { plan, limiter, metrics }: { readonly plan: Plan; readonly limiter: Limiter; readonly metrics: Metrics },
  work: () => Promise<T>,
): Promise<T> {
  if (plan.metrics === undefined) return work();
  const budgets = budgetsOf(plan);
  // Figures are a courtesy: when the store of the budgets cannot be reached, the run itself says so.
  const measure = (): Promise<void> => measureBudgets(budgets, limiter, metrics).catch(() => {});
  const timer = setInterval(() => void measure(), everyMs).unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await measure();
  }
}
