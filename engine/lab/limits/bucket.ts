import { type Counter, type Moment, type Others, type Standing, tolerance } from './counter.ts';

/**
 * A leaky bucket as a meter: every request adds its cost, the level sinks at the declared rate, and what would rise
 * above the burst is refused and adds nothing. What others pour in makes the level sink more slowly.
 */
export class Bucket implements Counter {
  private level = 0;
  private measuredMs = 0;
  private readonly perMs: number;
  private readonly burst: number;
  private readonly others: Others;

  constructor(perMs: number, burst: number, others: Others) {
    this.perMs = perMs;
    this.burst = burst;
    this.others = others;
  }

  waitMs(at: Moment, cost: number): number {
    this.sink(at);
    const over = this.level + cost - this.burst;
    if (over <= tolerance) return 0;
    return cost > this.burst + tolerance ? Number.POSITIVE_INFINITY : over / this.sinksPerMs;
  }

  add(at: Moment, cost: number): number {
    this.sink(at);
    this.level += cost;
    return 0;
  }

  adjust(at: Moment, _mark: number, difference: number): void {
    this.sink(at);
    this.level = Math.max(0, this.level + difference);
  }

  standing(at: Moment): Standing {
    this.sink(at);
    return { used: this.level, resetMs: this.level === 0 ? 0 : this.level / this.sinksPerMs };
  }

  private get sinksPerMs(): number {
    return this.perMs * (1 - this.others.share);
  }

  private sink({ steadyMs }: Moment): void {
    // A request whose cost had to be computed comes with the time of its arrival, after a later one.
    const elapsedMs = Math.max(0, steadyMs - this.measuredMs);
    this.level = Math.max(0, this.level - elapsedMs * this.sinksPerMs);
    this.measuredMs += elapsedMs;
  }
}
