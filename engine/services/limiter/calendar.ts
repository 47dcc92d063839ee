import { DateTime } from 'luxon';
import type { CalendarPlan } from '../../model/plan.ts';

/** How many ends are reckoned ahead: the present window's, the next one's, and one more, since clocks differ. */
const endsAhead = 3;

/**
 * Ends of the calendar windows after a moment, in microseconds since the epoch. A day that is 23 or 25 hours long ends
 * when the clocks of its zone say so.
 */
export function windowEndsUs(calendar: CalendarPlan, nowMs: number): readonly number[] {
  if (calendar.everyMs !== undefined) {
    const first = Math.floor(nowMs / calendar.everyMs) + 1;
    return Array.from({ length: endsAhead }, (_, at) => (first + at) * (calendar.everyMs as number) * 1000);
  }
  const { unit, zone, resetMinutes } = calendar;
  const shift = unit === 'day' || unit === 'week' || unit === 'month' ? resetMinutes : 0;
  const local = DateTime.fromMillis(nowMs, { zone });
  const begun = local.minus({ minutes: shift }).startOf(unit);
  const end = (ahead: number): number => begun.plus({ [unit]: ahead }).toMillis();
  return Array.from({ length: endsAhead + 2 }, (_, ahead) => withTime(end(ahead), zone, shift))
    .filter((ms) => ms > nowMs)
    .slice(0, endsAhead)
    .map((ms) => ms * 1000);
}

/** The time of day of a reset, on the day that begins at `ms`. */
function withTime(ms: number, zone: string, minutes: number): number {
  if (minutes === 0) return ms;
  const day = DateTime.fromMillis(ms, { zone });
  return day.set({ hour: Math.floor(minutes / 60), minute: minutes % 60 }).toMillis();
}
