import { expect } from 'chai';
import fc from 'fast-check';
import { PageRanges } from '../../../engine/services/staging/page-ranges.ts';

const range = (first: number, last: number) => ({ first, last });

describe('ranges of pages', () => {
  it('say which pages of a range are new', () => {
    const ranges = new PageRanges();
    expect(ranges.add(range(5, 8))).to.deep.equal([range(5, 8)]);
    expect(ranges.add(range(3, 10))).to.deep.equal([range(3, 4), range(9, 10)]);
    expect(ranges.add(range(4, 9))).to.deep.equal([]);
    expect(ranges.missing(range(1, 12))).to.deep.equal([range(1, 2), range(11, 12)]);
    expect(ranges.missing(range(9, 2))).to.deep.equal([]);
  });

  it('hold every page that was added, and no other', () => {
    const some = fc.tuple(fc.nat(30), fc.nat(10)).map(([first, more]) => range(first, first + more));
    fc.assert(
      fc.property(fc.array(some), some, (added, asked) => {
        const ranges = new PageRanges();
        const pages = new Set<number>();
        const each = ({ first, last }: { first: number; last: number }): number[] =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at);
        for (const one of added) {
          expect(ranges.add(one).flatMap(each)).to.deep.equal(each(one).filter((page) => !pages.has(page)));
          for (const page of each(one)) pages.add(page);
        }
        expect(ranges.missing(asked).flatMap(each)).to.deep.equal(
          each(asked).filter((page) => !pages.has(page)),
        );
      }),
    );
  });
});
