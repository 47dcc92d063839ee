import { expect } from 'chai';
import fc from 'fast-check';
import { groupPages } from '../../../engine/services/staging/load-units.ts';

const pages = fc
  .array(fc.nat(20), { maxLength: 60 })
  .map((counts) => counts.map((rows, at) => ({ page: 2 * at + 1, rows, marks: 0, bodyHash: String(at) })));

const sum = (group: readonly { rows: number }[]): number =>
  group.reduce((total, { rows }) => total + rows, 0);

describe('grouping pages into load units', () => {
  it('keeps every page, once and in order', () => {
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 40 }), (all, rowsMax) => {
        expect(groupPages(all, rowsMax).flat()).to.deep.equal(all);
      }),
    );
  });

  it('exceeds the limit only by a single page', () => {
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 40 }), (all, rowsMax) => {
        for (const group of groupPages(all, rowsMax)) {
          expect(sum(group) <= rowsMax || group.filter(({ rows }) => rows > 0).length === 1).to.equal(true);
        }
      }),
    );
  });

  it('starts no group that would have fitted into the one before', () => {
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 40 }), (all, rowsMax) => {
        const groups = groupPages(all, rowsMax);
        for (const [at, group] of groups.slice(1).entries()) {
          expect(sum(groups[at]!) + group[0]!.rows).to.be.greaterThan(rowsMax);
        }
      }),
    );
  });
});
