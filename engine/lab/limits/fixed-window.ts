import type { Calendar, Span } from './calendar.ts';
import { type Counter, type Moment, type Others, type Standing, tolerance } from './counter.ts';

/** At most so much in each window of a calendar. */
export class FixedWindow implements Counter {
  private readonly limit: number;
  private readonly calendar: Calendar;
  private readonly others: Others;
  private span: Span = { fromMs: 0, toMs: 0 };
  private counted = 0;

  constructor(limit: number, calendar: Calendar, others: Others) {
    this.limit = limit;
    this.calendar = calendar;
    this.others = others;
  }

  waitMs(at: Moment, cost: number): number {
    this.turn(at);
    if (this.usedAt(at) + cost <= this.limit + tolerance) return 0;
    return cost > this.limit + tolerance ? Number.POSITIVE_INFINITY : this.span.toMs - at.epochMs;
  }

  add(at: Moment, cost: number): number {
    this.turn(at);
    this.counted += cost;
    return this.span.fromMs;
  }

  adjust(at: Moment, mark: number, difference: number): void {
    this.turn(at);
    if (mark === this.span.fromMs) this.counted += difference;
  }

  standing(at: Moment): Standing {
    this.turn(at);
    return { used: Math.min(this.limit, this.usedAt(at)), resetMs: this.span.toMs - at.epochMs };
  }

  /** Whoever uses a share of it steadily has used it in step with the window. */
  private usedAt({ epochMs }: Moment): number {
    const { fromMs, toMs } = this.span;
    return this.counted + (this.limit * this.others.share * (epochMs - fromMs)) / (toMs - fromMs);
  }

  /** A clock that is set back does not bring a window back. */
  private turn({ epochMs }: Moment): void {
    if (epochMs < this.span.toMs) return;
    this.span = this.calendar(epochMs);
    this.counted = 0;
  }
}
