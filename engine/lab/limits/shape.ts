import type * as config from '../../model/config.ts';
import { parseDuration, parseRate } from '../../model/units.ts';
import { Bucket } from './bucket.ts';
import { calendarOf } from './calendar.ts';
import { Concurrency } from './concurrency.ts';
import type { Counter, Others } from './counter.ts';
import { FixedWindow } from './fixed-window.ts';
import { SlidingLog } from './sliding-log.ts';
import { SlidingParts } from './sliding-parts.ts';

export type ShapeKind = 'bucket' | 'sliding' | 'fixed' | 'concurrency' | 'spacing';

/** The shape of a limit, exactly as declared: `headroom`, `share` and `pace` are the client's affair. */
export interface Shape {
  readonly kind: ShapeKind;
  readonly capacity: number;
  /** Length of the window; of a bucket, the time in which a full one runs empty; 0 for concurrency. */
  readonly windowMs: number;
  /** What comes back per second; 0 for concurrency. */
  readonly perSecond: number;
  /** For people: `2/s, 40 at once`. */
  readonly text: string;
  counter(others: Others): Counter;
}

const aDayMs = 86_400_000;
const calendarMs: { readonly [unit: string]: number } = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: aDayMs,
  week: 7 * aDayMs,
  month: 30 * aDayMs,
};

function bucketShape(kind: 'bucket' | 'spacing', rate: string, burst: number): Shape {
  const { requests, perMs } = parseRate(rate);
  return {
    kind,
    capacity: burst,
    windowMs: (burst * perMs) / requests,
    perSecond: (requests / perMs) * 1000,
    text: kind === 'spacing' ? `${rate}, one by one` : `${rate}, ${burst} at once`,
    counter: (others) => new Bucket(requests / perMs, burst, others),
  };
}

function slidingShape({ limit, per, buckets }: config.Sliding): Shape {
  const windowMs = parseDuration(per);
  return {
    kind: 'sliding',
    capacity: limit,
    windowMs,
    perSecond: (limit / windowMs) * 1000,
    text: `${limit} in any ${per}`,
    counter: (others) =>
      buckets === undefined
        ? new SlidingLog(limit, windowMs, others)
        : new SlidingParts(limit, windowMs, buckets, others),
  };
}

function fixedShape(fixed: config.Fixed): Shape {
  const { limit, per, zone } = fixed;
  const calendar = calendarOf(fixed);
  const windowMs = calendarMs[per] ?? parseDuration(per);
  return {
    kind: 'fixed',
    capacity: limit,
    windowMs,
    perSecond: (limit / windowMs) * 1000,
    text: `${limit} per ${per}${zone === undefined ? '' : ` (${zone})`}`,
    counter: (others) => new FixedWindow(limit, calendar, others),
  };
}

const concurrencyShape = ({ limit }: config.Concurrency): Shape => ({
  kind: 'concurrency',
  capacity: limit,
  windowMs: 0,
  perSecond: 0,
  text: `${limit} at the same time`,
  counter: (others) => new Concurrency(limit, others),
});

/** The shape that a limit declares. */
export function shapeOf({ bucket, sliding, fixed, concurrency, spacing = '' }: config.Limit): Shape {
  if (bucket) return bucketShape('bucket', bucket.rate, bucket.burst ?? 1);
  if (sliding) return slidingShape(sliding);
  if (fixed) return fixedShape(fixed);
  if (concurrency) return concurrencyShape(concurrency);
  return bucketShape('spacing', spacing, 1);
}
