import type { CadencePlan, LoadStep } from '../../model/plan.ts';
import type { Clock, LoadTimes, Staging } from '../../model/ports.ts';
import { durationText } from '../../model/units.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Midnight UTC before a time, in milliseconds since the epoch. */
export const dayStart = (nowMs: number): number => Math.floor(nowMs / dayMs) * dayMs;

/**
 * Why a mapping is not loaded now, in words; undefined when it is due. Intervals are the same for all mappings that declare
 * the same length, and those of a multiple begin with them: they are loaded together, and the warehouse wakes up once.
 */
export function deferral(
  { everyMs, budgetMs }: CadencePlan,
  { last, elapsedMs }: LoadTimes,
  nowMs: number,
): string | undefined {
  if (everyMs !== undefined && last !== undefined) {
    const next = nextInterval(Date.parse(last), everyMs);
    if (nowMs < next) return `it is loaded every ${durationText(everyMs)}, next from ${clock(next)}`;
  }
  if (budgetMs !== undefined && elapsedMs >= budgetMs) {
    const used = `${durationText(elapsedMs)} of ${durationText(budgetMs)} of warehouse time a day are used`;
    return `${used}, next from ${clock(dayStart(nowMs) + dayMs)}`;
  }
  return undefined;
}

/** Why a mapping is not loaded in this run, in words; undefined when it is due. */
export async function deferredLoad(
  { cadence, mapping }: LoadStep,
  { staging, clock }: { readonly staging: Staging; readonly clock: Clock },
): Promise<string | undefined> {
  if (cadence === undefined) return undefined;
  const now = clock.now();
  return deferral(cadence, await staging.loadTimes(mapping, new Date(dayStart(now)).toISOString()), now);
}

/** Intervals begin anew each midnight, so that those which do not divide a day keep their place in it. */
function nextInterval(lastMs: number, everyMs: number): number {
  const start = dayStart(lastMs);
  if (everyMs >= dayMs) return start + everyMs;
  const next = start + (Math.floor((lastMs - start) / everyMs) + 1) * everyMs;
  return Math.min(next, start + dayMs);
}

const clock = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
