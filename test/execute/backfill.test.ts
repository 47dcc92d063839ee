import { expect } from 'chai';
import fc from 'fast-check';
import { compileBackfill } from '../../engine/compile/backfill.ts';
import { backfill } from '../../engine/execute/backfill.ts';
import type { ExtractStep, PinnedWindow, Plan } from '../../engine/model/plan.ts';
import type { Position, Staging } from '../../engine/model/ports.ts';
import { sourcePlan, streamPlan } from '../support/plans.ts';

const dayMs = 86_400_000;
const day = (number: number): string => new Date(Date.UTC(2026, 0, 1) + number * dayMs).toISOString();
const cursor = (number: number): string => day(number).replace('.000Z', '.000000Z');

const stepOf = (from: number, to: number, sliceDays: number | undefined): ExtractStep => {
  const query = sliceDays === undefined ? {} : { to: { query: 'until' } };
  const stream = streamPlan({ cursor: { field: 'at', from: { query: 'since' }, ...query } });
  const step = { kind: 'extract', id: 'extract shop.orders', reason: '', stream, mappings: ['orders'] };
  const plan = { references: [], sources: { shop: sourcePlan() }, mappings: {}, steps: [step] };
  const made = compileBackfill(
    plan as unknown as Plan,
    { stream: 'shop.orders', from: day(from), to: day(to) },
    { slice: `${sliceDays ?? 1}d` },
  );
  return made.plan?.steps[0] as ExtractStep;
};

/** Reads a range with runs that may read so many pages each, or are killed after so many: a slice has two pages. */
async function readBy(step: ExtractStep, runs: readonly number[]) {
  const read: (PinnedWindow & { readonly page: number })[] = [];
  let kept: Position = {};
  const staging = { position: async () => kept } as unknown as Staging;
  for (const pages of runs) {
    let done = 0;
    const bound = { pagesMax: pages, pagesRead: () => done };
    await backfill(step, { staging, signal: new AbortController().signal }, bound, async (slice, part) => {
      const pinned = slice.stream.pinned as PinnedWindow;
      for (let page = (part.start?.open?.pages ?? 0) + 1; page <= 2 && done < pages; page += 1) {
        read.push({ ...pinned, page });
        done += 1;
        const open = {
          startedAt: day(0),
          pages: page,
          next: { method: 'GET', url: '/', headers: {} },
        } as const;
        const base = { shape: slice.stream.shape };
        kept =
          page === 2
            ? { ...base, cursor: pinned.to }
            : { ...base, ...(kept.cursor && { cursor: kept.cursor }), open };
      }
      return [];
    });
  }
  return { read, kept };
}

describe('a backfill', () => {
  it('reads each slice of its range once, in order and without gaps, however often it is stopped', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 10 }),
        async (days, sliceDays, kills) => {
          const step = stepOf(3, 3 + days, sliceDays);
          const slices = Math.ceil(days / sliceDays);
          const enough = kills.reduce((sum, pages) => sum + pages, 0) >= slices * 2;
          fc.pre(!enough);
          const { read, kept } = await readBy(step, [...kills, 1000]);
          expect(read).to.have.length(slices * 2);
          for (const [at, { from, to, page }] of read.entries()) {
            expect(page).to.equal((at % 2) + 1);
            expect(from).to.equal(at < 2 ? cursor(3) : read[at - 1 - (at % 2)]?.to);
            expect(to > from).to.equal(true);
          }
          expect(read.at(-1)?.to).to.equal(cursor(3 + days));
          expect(kept.cursor).to.equal(cursor(3 + days));
        },
      ),
      { numRuns: 60 },
    ));

  it('reads a range in one piece where the API has no parameter for the end of it', async () => {
    const { read } = await readBy(stepOf(0, 300, undefined), [1000]);
    expect(read.map(({ from, to }) => [from, to])).to.deep.equal([
      [cursor(0), cursor(300)],
      [cursor(0), cursor(300)],
    ]);
  });

  it('begins anew once it was read to its end', async () => {
    const { read } = await readBy(stepOf(0, 2, 1), [1000, 1000]);
    expect(read).to.have.length(8);
  });

  it('knows nothing of how far another range was read', () => {
    const shapes = [stepOf(0, 2, 1), stepOf(0, 3, 1)].map(({ stream }) => stream.shape.asked);
    expect(new Set(shapes).size).to.equal(2);
  });

  it('comes behind all others, under a name and with a position of its own', () => {
    const { stream, backfill: plan } = stepOf(0, 2, 1);
    expect(stream).to.include({ name: 'orders~backfill', priority: 'low' });
    expect(plan).to.include({ of: 'shop.orders', share: 0.2, sliceMs: dayMs });
  });
});

describe('a backfill that cannot be', () => {
  const codeOf = (stream: Parameters<typeof streamPlan>[0], from: string, to: string, more: object = {}) => {
    const step = {
      kind: 'extract',
      id: 'extract shop.orders',
      stream: streamPlan(stream),
      mappings: [],
      ...more,
    };
    const plan = { references: [], mappings: {}, steps: [step] } as unknown as Plan;
    const { diagnostics } = compileBackfill(plan, { stream: 'shop.orders', from, to });
    return diagnostics.map(({ code, summary }) => [code, summary]);
  };
  const timed = { cursor: { field: 'at', from: { query: 'since' } } };

  it('says so where there is no cursor, or a table is replaced by the listing', () => {
    const text = 'shop.orders cannot be backfilled';
    expect(codeOf({}, '2026-01-01', '2026-01-02')).to.deep.equal([['ETL0341', text]]);
    expect(codeOf(timed, '2026-01-01', '2026-01-02', { replaces: {} })).to.deep.equal([['ETL0341', text]]);
  });

  it('says which bound is no value of the cursor, and where there is nothing between them', () => {
    expect(codeOf(timed, 'January', '2026-01-02')).to.deep.equal([
      ['ETL0342', '--from January is no value of the cursor of shop.orders'],
    ]);
    expect(codeOf({ cursor: { field: 'n', type: 'integer', from: { query: 'n' } } }, '5', 'x')).to.deep.equal(
      [['ETL0342', '--to x is no value of the cursor of shop.orders']],
    );
    expect(codeOf(timed, '2026-01-02', '2026-01-02')).to.deep.equal([
      ['ETL0342', 'there is nothing between --from 2026-01-02 and --to 2026-01-02'],
    ]);
  });

  it('compares whole numbers by their values', () => {
    const numbered = { cursor: { field: 'n', type: 'integer' as const, from: { query: 'n' } } };
    expect(codeOf(numbered, '9', '10')).to.deep.equal([]);
    expect(codeOf(numbered, '-5', '-6')).to.have.length(1);
  });
});
