import type { CalendarPlan, ShapePlan } from './plan.ts';

const minuteMs = 60_000;
const unitsMs = {
  second: 1000,
  minute: minuteMs,
  hour: 60 * minuteMs,
  day: 24 * 60 * minuteMs,
  week: 7 * 24 * 60 * minuteMs,
  // The longest, so that no month is promised more than it has.
  month: 31 * 24 * 60 * minuteMs,
} as const;

/** How long a calendar window lasts; the longest, where they differ. */
export const lengthMs = ({ everyMs, unit }: CalendarPlan): number =>
  everyMs ?? (unit === undefined ? minuteMs : unitsMs[unit]);

/** Cost per minute that a limit lets through in the long run; undefined for a limit of requests at once. */
export function perMinute(shape: ShapePlan): number | undefined {
  switch (shape.kind) {
    case 'bucket':
      return (minuteMs * 1000) / shape.intervalUs;
    case 'sliding':
      return (shape.count * minuteMs * 1000) / shape.windowUs;
    case 'fixed':
      return (shape.count * minuteMs) / lengthMs(shape.calendar);
    case 'concurrency':
      return undefined;
  }
}

/** Cost that a limit lets through in the first minute after a pause; `even` spreads a window over its time. */
export function inFirstMinute(shape: ShapePlan, even: boolean): number | undefined {
  const steady = perMinute(shape);
  if (steady === undefined || even) return steady;
  switch (shape.kind) {
    case 'bucket':
      return steady + shape.burst - 1;
    case 'sliding':
      return shape.count * Math.ceil((minuteMs * 1000) / shape.windowUs);
    case 'fixed':
      return shape.count * Math.ceil(minuteMs / lengthMs(shape.calendar));
    case 'concurrency':
      return undefined;
  }
}
