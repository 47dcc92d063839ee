import { assert } from './errors.ts';
import type { CalendarPlan, ShapePlan } from './plan.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const plainUnitsMs = { second: 1000, minute: minuteMs, hour: 60 * minuteMs } as const;

/** Milliseconds until the window of a fixed limit ends and its count begins anew; undefined for the other shapes. */
export const windowEndMs = (shape: ShapePlan, nowMs: number): number | undefined =>
  shape.kind === 'fixed' ? nextWindow(shape.calendar, nowMs) - nowMs : undefined;

function nextWindow(calendar: CalendarPlan, nowMs: number): number {
  if (calendar.everyMs !== undefined) return nowMs - (nowMs % calendar.everyMs) + calendar.everyMs;
  const { unit, zone, resetMinutes } = calendar;
  if (unit === 'second' || unit === 'minute' || unit === 'hour') {
    // The hours of a zone may begin at half past ours.
    const offset = wallMs(zone, nowMs) - nowMs;
    const length = plainUnitsMs[unit];
    return nowMs + length - ((((nowMs + offset) % length) + length) % length);
  }
  const wall = wallMs(zone, nowMs) - resetMinutes * minuteMs;
  return instantOf(zone, nextDay(unit, wall) + resetMinutes * minuteMs);
}

/** The midnight, written as if it were UTC, at which the next day, week (from Monday) or month begins. */
function nextDay(unit: 'day' | 'week' | 'month', wall: number): number {
  const date = new Date(wall);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (unit === 'month') return Date.UTC(year, month + 1, 1);
  const days = unit === 'day' ? 1 : 7 - ((date.getUTCDay() + 6) % 7);
  return Date.UTC(year, month, day) + days * dayMs;
}

/** What the clocks of a zone show at an instant, as if it were UTC. */
function wallMs(zone: string, ms: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const of = (type: Intl.DateTimeFormatPartTypes): number => {
    const part = parts.find((one) => one.type === type);
    assert(part, `a date has its ${type}`);
    return Number(part.value);
  };
  const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return shown + (((ms % 1000) + 1000) % 1000);
}

/** The instant at which the clocks of a zone show this; a second look, since the first may be before a change of the clocks. */
function instantOf(zone: string, wall: number): number {
  const first = wall - (wallMs(zone, wall) - wall);
  return wall - (wallMs(zone, first) - first);
}
