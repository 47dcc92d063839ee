import { Cron } from 'croner';
import type { WhenPlan } from '../../model/schedule.ts';

const dayMs = 24 * 60 * 60_000;

/** The first due moment after a time; undefined when a cron expression has none any more. */
export function momentAfter(when: WhenPlan, afterMs: number): number | undefined {
  if (when.kind === 'every') return intervalAfter(when.everyMs, afterMs);
  const { cron, zone } = when;
  return new Cron(cron, { timezone: zone, mode: '5-part', paused: true })
    .nextRun(new Date(afterMs))
    ?.getTime();
}

/** Intervals begin anew each midnight UTC, as those of `load.every` do, so that those which do not divide a day keep their place. */
function intervalAfter(everyMs: number, afterMs: number): number {
  if (everyMs >= dayMs) return (Math.floor(afterMs / everyMs) + 1) * everyMs;
  const midnight = Math.floor(afterMs / dayMs) * dayMs;
  const next = midnight + (Math.floor((afterMs - midnight) / everyMs) + 1) * everyMs;
  return Math.min(next, midnight + dayMs);
}
