import { expect } from 'chai';
import type { LoadRecord, StagedLoad } from '../../../engine/model/audit.ts';
import { accountedPercent, worst } from '../../../engine/operations/audit/accounted.ts';
import { doubtsOf } from '../../../engine/operations/audit/witness.ts';

const record = (unit: string, first: number, last: number, over: Partial<LoadRecord> = {}): LoadRecord => ({
  unit,
  run: 'r',
  firstPage: first,
  lastPage: last,
  counts: { staged: 5, inserted: 3, updated: 1, unchanged: 1, superseded: 0 },
  loadedAt: '2026-01-01 00:00:00+00',
  ...over,
});
const load = (one: LoadRecord, over: Partial<StagedLoad> = {}): StagedLoad => ({
  ...one,
  held: 0,
  covered: 5,
  isWhole: true,
  ...over,
});
const ledger = (...loads: readonly StagedLoad[]) => ({
  loads,
  known: new Set(loads.map(({ unit }) => unit)),
  repeated: 0,
  uncovered: { pages: 0, units: 0, examples: [] },
});
const kinds = (loads: readonly StagedLoad[], noted: readonly LoadRecord[]) =>
  doubtsOf(ledger(...loads), noted).map(({ kind, rows }) => [kind, rows]);

describe('the loads of two sides', () => {
  const one = record('u1', 1, 3);

  it('are beyond doubt when they say the same', () => {
    expect(kinds([load(one)], [one])).to.deep.equal([]);
  });

  it('need not agree on a load without rows, which only the ledger notes', () => {
    const counts = { staged: 0, inserted: 0, updated: 0, unchanged: 0, superseded: 0 };
    expect(kinds([load({ ...one, counts }, { covered: 0 })], [])).to.deep.equal([]);
  });

  it('are doubted when one of them is alone, or says something else', () => {
    const other = { ...one, counts: { ...one.counts, inserted: 4, updated: 0 } };
    expect(kinds([load(one)], [])).to.deep.equal([['unwitnessed', 5]]);
    expect(kinds([load(one)], [other])).to.deep.equal([['disagreeing', 1]]);
    expect(kinds([load(one)], [one, record('u2', 4, 6)])).to.deep.equal([['unknown', 5]]);
  });

  it('are doubted when their rows are not accounted for, or no longer staged', () => {
    const short = { ...one, counts: { ...one.counts, inserted: 2 } };
    expect(kinds([load(short)], [short])).to.deep.equal([['unbalanced', 1]]);
    expect(kinds([load(one, { covered: 4 })], [one])).to.deep.equal([['moved', 1]]);
    expect(kinds([load(one, { covered: 7, held: 2 })], [one])).to.deep.equal([]);
    expect(kinds([load(one, { covered: 4, isWhole: false })], [one])).to.deep.equal([]);
    expect(kinds([load(one, { covered: 6, isWhole: false })], [one])).to.deep.equal([['moved', 1]]);
  });

  it('are no fault when a later load holds what a run that died has loaded', () => {
    const died = record('dead', 1, 2, { loadedAt: '2025-12-31 00:00:00+00' });
    expect(kinds([load(one)], [one, died])).to.deep.equal([['replaced', 0]]);
    expect(kinds([load(one)], [one, { ...died, lastPage: 4 }])).to.deep.equal([['unknown', 5]]);
    expect(kinds([load(one)], [one, { ...died, loadedAt: '2026-01-02' }])).to.deep.equal([['unknown', 5]]);
  });
});

describe('the percentage that is accounted for', () => {
  it('is 100 only where nothing is wrong', () => {
    expect(accountedPercent(0, 0)).to.equal(100);
    expect(accountedPercent(3, 0)).to.equal(100);
    expect(accountedPercent(100_000_000, 1)).to.equal(99.9999);
    expect(accountedPercent(3, 1)).to.equal(66.6666);
    expect(accountedPercent(3, 7)).to.equal(0);
    expect(accountedPercent(0, 1)).to.equal(0);
  });

  it('says nothing where nothing could be audited', () => {
    expect(worst([])).to.equal('inconclusive');
    expect(worst(['accounted', 'inconclusive'])).to.equal('inconclusive');
    expect(worst(['accounted', 'inconclusive', 'mismatch'])).to.equal('mismatch');
    expect(worst(['accounted'])).to.equal('accounted');
  });
});
