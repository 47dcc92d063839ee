import { DateTime } from 'luxon';
import type { CalendarPlan } from '../../model/plan.ts';

/** How many ends are reckoned ahead: the present window's, the next one's, and one more, since clocks differ. */
const endsAhead = 3;

const clockUnitsMs = { second: 1000, minute: 60_000, hour: 3_600_000 };

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
  if (unit === 'second' || unit === 'minute' || unit === 'hour') return clockEndsUs(unit, zone, nowMs);
  const begun = DateTime.fromMillis(nowMs, { zone }).minus({ minutes: resetMinutes }).startOf(unit);
  const end = (ahead: number): number => begun.plus({ [unit]: ahead }).toMillis();
  return Array.from({ length: endsAhead + 2 }, (_, ahead) => withTime(end(ahead), zone, resetMinutes))
    .filter((ms) => ms > nowMs)
    .slice(0, endsAhead)
    .map((ms) => ms * 1000);
}

/**
 * Where the clock on the wall shows a whole second, minute or hour. A time that a change of the clocks skips is never
 * shown, so the hour around a change by half an hour (Lord Howe Island) is that much longer.
 */
function clockEndsUs(unit: 'second' | 'minute' | 'hour', zone: string, nowMs: number): readonly number[] {
  const unitMs = clockUnitsMs[unit];
  const wall = (ms: number): number => ms + DateTime.fromMillis(ms, { zone }).offset * clockUnitsMs.minute;
  const toWhole = (ms: number): number => (unitMs - (wall(ms) % unitMs)) % unitMs;
  const ends: number[] = [];
  for (let at = nowMs; ends.length < endsAhead; ) {
    at += unitMs - (wall(at) % unitMs);
    // The clocks may have changed on the way there.
    at += toWhole(at);
    ends.push(at * 1000);
  }
  return ends;
}

/** The time of day of a reset, on the day that begins at `ms`. */
function withTime(ms: number, zone: string, minutes: number): number {
  if (minutes === 0) return ms;
  const day = DateTime.fromMillis(ms, { zone });
  return day.set({ hour: Math.floor(minutes / 60), minute: minutes % 60 }).toMillis();
}
