import { type Counter, type Moment, type Others, type Standing, tolerance } from './counter.ts';
import { TimeLog } from './time-log.ts';

/** At most so much in any window of a length, every request logged on its own. */
export class SlidingLog implements Counter {
  private readonly log = new TimeLog();
  private readonly limit: number;
  private readonly windowMs: number;
  private readonly others: Others;

  constructor(limit: number, windowMs: number, others: Others) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.others = others;
  }

  waitMs(at: Moment, cost: number): number {
    this.forget(at);
    const free = this.limit - this.taken - this.log.total;
    if (cost <= free + tolerance) return 0;
    const goneAt = this.log.goneAt(cost - free - tolerance);
    return goneAt === undefined ? Number.POSITIVE_INFINITY : goneAt + this.windowMs - at.steadyMs;
  }

  add(at: Moment, cost: number): number {
    this.forget(at);
    return this.log.add(at.steadyMs, cost);
  }

  adjust(_at: Moment, mark: number, difference: number): void {
    this.log.adjust(mark, difference);
  }

  standing(at: Moment): Standing {
    this.forget(at);
    return {
      used: this.log.total + this.taken,
      resetMs: this.log.length === 0 ? 0 : this.log.newest + this.windowMs - at.steadyMs,
    };
  }

  /** Whoever uses a share of it steadily has that share in every window. */
  private get taken(): number {
    return this.limit * this.others.share;
  }

  /** A request counts for exactly one window: at its end it is gone. */
  private forget(at: Moment): void {
    this.log.dropUntil(at.steadyMs - this.windowMs + tolerance);
  }
}
