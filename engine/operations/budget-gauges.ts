import type { Limiter, LimitStatus, Metrics } from '../model/ports.ts';
import type { SharedBudget } from './budgets.ts';

/** Sets the gauges of all limits as they stand now; of a limit with partitions, to the tightest of them. */
export async function measureBudgets(
  budgets: readonly SharedBudget[],
  limiter: Limiter,
  metrics: Metrics,
): Promise<void> {
  for (const { plan } of budgets) {
    const { limits } = await limiter.status(plan);
    for (const { id } of plan.limits) {
      const seen = limits.filter((one) => one.id === id);
      if (seen.length > 0) measure(seen, metrics, { domain: plan.domain, limit: id });
    }
  }
}

function measure(
  seen: readonly LimitStatus[],
  metrics: Metrics,
  labels: { domain: string; limit: string },
): void {
  const drifts = seen.flatMap(({ drift }) => drift ?? []);
  metrics.set('utilisation', Math.max(...seen.map(({ fill }) => fill)), labels);
  metrics.set('rate_factor', Math.min(...seen.map(({ rateFactor }) => rateFactor)), labels);
  if (drifts.length > 0) metrics.set('drift', Math.max(...drifts), labels);
}
