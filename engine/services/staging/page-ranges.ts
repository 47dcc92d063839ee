import type { PageRange } from '../../model/audit.ts';

/** Pages, as ranges in order with gaps between them. */
export class PageRanges {
  #ranges: readonly PageRange[] = [];

  /** Adds a range. Gives the parts of it that were not there before. */
  add({ first, last }: PageRange): readonly PageRange[] {
    const fresh = this.missing({ first, last });
    const touching = this.#ranges.filter((one) => one.last >= first - 1 && one.first <= last + 1);
    const joined = {
      first: Math.min(first, ...touching.map((one) => one.first)),
      last: Math.max(last, ...touching.map((one) => one.last)),
    };
    this.#ranges = [...this.#ranges.filter((one) => !touching.includes(one)), joined].sort(
      (a, b) => a.first - b.first,
    );
    return fresh;
  }

  /** The parts of a range that are not there. */
  missing({ first, last }: PageRange): readonly PageRange[] {
    const gaps: PageRange[] = [];
    let next = first;
    for (const range of this.#ranges) {
      if (range.last < next || range.first > last) continue;
      if (range.first > next) gaps.push({ first: next, last: range.first - 1 });
      next = range.last + 1;
    }
    return next > last ? gaps : [...gaps, { first: next, last }];
  }
}
