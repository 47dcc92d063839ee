import type { Counter, Moment, Others, Standing } from './counter.ts';

/** Nobody knows when a request under way will be answered: come back in a second. */
const hintMs = 1000;

/** At most so many requests at the same time, whatever they cost. */
export class Concurrency implements Counter {
  private underWay = 0;
  private readonly limit: number;
  private readonly others: Others;

  constructor(limit: number, others: Others) {
    this.limit = limit;
    this.others = others;
  }

  waitMs(_at: Moment, _cost: number): number {
    return this.underWay + 1 <= this.limit - this.taken ? 0 : hintMs;
  }

  add(): number {
    this.underWay += 1;
    return 0;
  }

  adjust(): void {}

  standing(): Standing {
    const used = this.underWay + this.taken;
    return { used, resetMs: used === 0 ? 0 : hintMs };
  }

  release(): void {
    this.underWay -= 1;
  }

  private get taken(): number {
    return Math.ceil(this.limit * this.others.share);
  }
}
