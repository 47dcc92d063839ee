import { assert } from '../model/errors.ts';
import type { Project } from '../model/project.ts';
import type { SchedulePlan, WhenPlan } from '../model/schedule.ts';
import type { StreamPlan } from '../model/stream-plan.ts';
import { parseDuration } from '../model/units.ts';

/** When the streams of a plan are read, and how fresh they are to be; only of those that say one or the other. */
export function compileSchedules(
  { sources }: Project,
  streams: Iterable<Pick<StreamPlan, 'source' | 'account' | 'name'>>,
): readonly SchedulePlan[] {
  return [...streams].flatMap(({ source, account, name }) => {
    const declared = sources.find((one) => one.name === source)?.streams[name];
    const { schedule, freshness } = declared ?? {};
    if (schedule === undefined && freshness === undefined) return [];
    return [
      {
        stream: `${source}.${name}`,
        account,
        ...(schedule !== undefined && { schedule, when: whenOf(schedule) }),
        ...(freshness && { sloMs: parseDuration(freshness.slo) }),
      },
    ];
  });
}

function whenOf(schedule: string): WhenPlan {
  const [every, duration = ''] = schedule.split(' ');
  if (every === 'every') return { kind: 'every', everyMs: parseDuration(duration) };
  const [, cron, zone] = /^(.+) in (\S+)$/.exec(schedule) ?? [];
  assert(cron !== undefined && zone !== undefined, `a schedule, got "${schedule}"`);
  return { kind: 'cron', cron, zone };
}
