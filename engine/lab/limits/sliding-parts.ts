import { type Counter, type Moment, type Others, type Standing, tolerance } from './counter.ts';

/**
 * A long window that is counted in parts, as some providers do: the part that is under way and those before it. A
 * request counts until its part is as many parts old, so at most one window long.
 */
export class SlidingParts implements Counter {
  private readonly counts: Float64Array;
  private readonly partMs: number;
  private readonly limit: number;
  private readonly others: Others;
  /** Number of the part under way, since the epoch. */
  private part = 0;
  private used = 0;

  constructor(limit: number, windowMs: number, parts: number, others: Others) {
    this.counts = new Float64Array(parts);
    this.partMs = windowMs / parts;
    this.limit = limit;
    this.others = others;
  }

  waitMs(at: Moment, cost: number): number {
    this.roll(at);
    const over = this.used + this.limit * this.others.share + cost - this.limit;
    if (over <= tolerance) return 0;
    let gone = 0;
    for (let part = this.part - this.counts.length + 1; part <= this.part; part += 1) {
      gone += this.countOf(part);
      if (gone >= over - tolerance) return this.endOf(part) - at.epochMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  add(at: Moment, cost: number): number {
    this.roll(at);
    this.change(this.part, cost);
    return this.part;
  }

  adjust(at: Moment, mark: number, difference: number): void {
    this.roll(at);
    if (mark > this.part - this.counts.length) this.change(mark, difference);
  }

  standing(at: Moment): Standing {
    this.roll(at);
    let newest = this.part;
    while (newest > this.part - this.counts.length && this.countOf(newest) === 0) newest -= 1;
    const resetMs = Math.max(0, this.endOf(newest) - at.epochMs);
    return { used: this.used + this.limit * this.others.share, resetMs };
  }

  private place(part: number): number {
    const places = this.counts.length;
    return ((part % places) + places) % places;
  }

  private countOf(part: number): number {
    return this.counts[this.place(part)] as number;
  }

  private change(part: number, difference: number): void {
    this.counts[this.place(part)] = this.countOf(part) + difference;
    this.used += difference;
  }

  /** When what was counted in a part is forgotten. */
  private endOf(part: number): number {
    return (part + this.counts.length) * this.partMs;
  }

  private roll({ epochMs }: Moment): void {
    const now = Math.floor(epochMs / this.partMs);
    if (now <= this.part) return;
    const first = Math.max(this.part + 1, now - this.counts.length + 1);
    for (let part = first; part <= now; part += 1) this.change(part, -this.countOf(part));
    this.part = now;
  }
}
