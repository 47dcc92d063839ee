import { ExplainedError } from '../../model/errors.ts';
import { lengthMs } from '../../model/pace.ts';
import type { LimitPlan, Plan } from '../../model/plan.ts';
import type { Clock, Limiter, LimitStatus, Memory } from '../../model/ports.ts';
import { windowEndMs } from '../../model/windows.ts';
import { budgetsOf } from '../budgets.ts';
import { median, medianStep } from './medians.ts';

/** A quota that will be used up before it is given anew, if runs go on as they did. */
export interface QuotaForecast {
  readonly domain: string;
  readonly limit: string;
  readonly partition: string;
  /** Used up now, between 0 and 1. */
  readonly fill: number;
  readonly usedUpMs: number;
  readonly resetMs: number;
}

export interface QuotaServices {
  readonly limiter: Pick<Limiter, 'status'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly memory: Pick<Memory, 'recall' | 'remember'>;
}

/** How much of a quota was used up at the end of a run, between 0 and 1, and when that quota ends. */
export interface Reading {
  readonly atMs: number;
  readonly endsMs: number;
  readonly fill: number;
}

/** Shorter windows are waited for within a run. */
const quotaMinMs = 24 * 60 * 60_000;
/** Runs whose use is looked at, at most and at least. */
const readingsMax = 10;
const readingsMin = 3;
const gapMinMs = 1000;
/** Parts of a quota are not exact. */
const rounding = 1e-9;

/** Notes how far the quotas of a plan are used up, and foretells which of them will not last; undefined when nobody can say. */
export async function quotaForecasts(
  plan: Plan,
  services: QuotaServices,
): Promise<readonly QuotaForecast[] | undefined> {
  const found: QuotaForecast[] = [];
  for (const { plan: budget } of budgetsOf(plan)) {
    const quotas = budget.limits.filter(isQuota);
    if (quotas.length === 0) continue;
    // When the store of the budgets cannot be reached, the run itself has said so.
    const status = await services.limiter.status(budget).catch(unlessExplained);
    if (status === undefined) return undefined;
    for (const quota of quotas)
      for (const one of status.limits.filter(({ id }) => id === quota.id))
        found.push(...(await forecastOf(budget.domain, quota, one, services)));
  }
  return found;
}

const isQuota = ({ shape }: LimitPlan): boolean =>
  shape.kind === 'fixed' && lengthMs(shape.calendar) >= quotaMinMs;

function unlessExplained(error: unknown): undefined {
  if (!(error instanceof ExplainedError)) throw error;
}

async function forecastOf(
  domain: string,
  { id, shape }: LimitPlan,
  { partition, fill }: LimitStatus,
  { clock, memory }: QuotaServices,
): Promise<readonly QuotaForecast[]> {
  const nowMs = clock.now();
  const resetMs = nowMs + (windowEndMs(shape, nowMs) ?? 0);
  const name = `quota:${domain}:${id}:${partition}`;
  const before = JSON.parse((await memory.recall(name)) ?? '[]') as readonly Reading[];
  const readings = [...before, { atMs: nowMs, endsMs: resetMs, fill }].slice(-readingsMax);
  await memory.remember(name, JSON.stringify(readings));
  const usedUpMs = usedUpAt(readings);
  return usedUpMs === undefined ? [] : [{ domain, limit: id, partition, fill, usedUpMs, resetMs }];
}

/**
 * When a quota is used up, if runs go on to come as often and to use as much as those that were read, oldest first;
 * undefined when it lasts until its end.
 */
export function usedUpAt(readings: readonly Reading[]): number | undefined {
  const now = readings.at(-1);
  if (now === undefined) return undefined;
  const left = 1 - now.fill;
  if (left <= 0) return now.atMs;
  if (readings.length < readingsMin) return undefined;
  const use = median(readings.slice(1).map((one, at) => useBetween(readings[at], one)));
  const gapMs = Math.max(gapMinMs, medianStep(readings.map(({ atMs }) => atMs)));
  const runsLeft = Math.floor((now.endsMs - now.atMs) / gapMs);
  return use * runsLeft > left ? now.atMs + gapMs * Math.ceil(left / use - rounding) : undefined;
}

/** What was used of a quota that began anew in between is known since then. */
const useBetween = (before: Reading | undefined, { fill, endsMs }: Reading): number =>
  before?.endsMs === endsMs ? Math.max(0, fill - before.fill) : fill;
