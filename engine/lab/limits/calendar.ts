import type * as config from '../../model/config.ts';
import { parseDuration } from '../../model/units.ts';

/** A window, from one instant up to, not including, another, in epoch milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The window that an instant lies in. */
export type Calendar = (epochMs: number) => Span;

const minuteMs = 60_000;
const dayMs = 86_400_000;
const clockUnitsMs: { readonly [unit: string]: number } = { second: 1000, minute: minuteMs, hour: 3_600_000 };

/** What a clock on the wall shows at an instant, written as if it were UTC. */
type Wall = (epochMs: number) => number;

function wallOf(zone: string): Wall {
  if (zone === 'UTC') return (epochMs) => epochMs;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (epochMs) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(epochMs)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    const millis = ((epochMs % 1000) + 1000) % 1000;
    return Date.UTC(year, month - 1, day, hour, minute, second) + millis;
  };
}

/** The instant at which the wall shows a time: the first of two. A time that is skipped is as late as it would have been. */
function instantOf(wall: Wall, shownMs: number): number {
  const before = shownMs - (wall(shownMs - dayMs) - (shownMs - dayMs));
  const after = shownMs - (wall(shownMs + dayMs) - (shownMs + dayMs));
  if (wall(before) === shownMs) return before;
  return wall(after) === shownMs ? after : before;
}

/** The first midnights, on the wall, of the day, week or month that a time is in and of the next one. */
function daysAround(unit: string, shownMs: number): Span {
  if (unit === 'month') {
    const date = new Date(shownMs);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return { fromMs: Date.UTC(year, month, 1), toMs: Date.UTC(year, month + 1, 1) };
  }
  const days = unit === 'week' ? 7 : 1;
  // Weeks begin on Monday; the epoch was a Thursday.
  const shift = unit === 'week' ? 3 : 0;
  const first = Math.floor((Math.floor(shownMs / dayMs) + shift) / days) * days - shift;
  return { fromMs: first * dayMs, toMs: (first + days) * dayMs };
}

function dayCalendar(unit: string, wall: Wall, resetMs: number): Calendar {
  const spanAt = (epochMs: number, lookedUpMs: number): Span => {
    const { fromMs, toMs } = daysAround(unit, wall(lookedUpMs) - resetMs);
    const span = { fromMs: instantOf(wall, fromMs + resetMs), toMs: instantOf(wall, toMs + resetMs) };
    // Where the clock was set back across the reset, the wall shows a time of the window before once more.
    if (epochMs >= span.toMs) return spanAt(epochMs, lookedUpMs + minuteMs * 30);
    // Where it was set forward across the reset, the wall shows a time of the window behind already.
    return epochMs < span.fromMs ? spanAt(epochMs, lookedUpMs - minuteMs * 30) : span;
  };
  return (epochMs) => spanAt(epochMs, epochMs);
}

/** Windows begin where the wall shows a whole unit; one that a clock changes within by half an hour is that much longer. */
function clockCalendar(unitMs: number, wall: Wall): Calendar {
  const whole = (round: (units: number) => number, epochMs: number): number => {
    const offset = wall(epochMs) - epochMs;
    return round((epochMs + offset) / unitMs) * unitMs - offset;
  };
  // Once more, since the edge may lie beyond a change of the clocks, in another offset.
  return (epochMs) => {
    const fromMs = whole(Math.floor, epochMs);
    const next = whole((units) => Math.floor(units) + 1, epochMs);
    return { fromMs: whole(Math.floor, fromMs), toMs: whole(Math.ceil, next) };
  };
}

/** The calendar of a fixed limit. */
export function calendarOf({ per, zone = 'UTC', reset = '00:00' }: config.Fixed): Calendar {
  const wall = wallOf(zone);
  const unitMs = /^\d/.test(per) ? parseDuration(per) : clockUnitsMs[per];
  if (unitMs === undefined) {
    const [hours = 0, minutes = 0] = reset.split(':').map(Number);
    return dayCalendar(per, wall, (hours * 60 + minutes) * minuteMs);
  }
  return clockCalendar(unitMs, /^\d/.test(per) ? (epochMs) => epochMs : wall);
}
