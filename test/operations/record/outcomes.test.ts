import { expect } from 'chai';
import type { RecordedOutcome } from '../../../engine/model/recording.ts';
import { compareOutcomes } from '../../../engine/operations/record/outcomes.ts';
import { mapping, property } from '../../support/mappings.ts';

const plan = mapping([property('id'), property('note')], { key: ['_account', 'id'] });

const outcome = (more: Partial<RecordedOutcome> = {}): RecordedOutcome => ({
  mapping: 'orders',
  table: 'main.orders',
  columns: { id: 'VARCHAR', note: 'VARCHAR' },
  rows: 2,
  filtered: 0,
  deduplicated: 0,
  nulled: 0,
  deleted: 0,
  blocked: 0,
  blockers: [],
  hash: 'a'.repeat(64),
  sample: [
    { id: '1', note: '' },
    { id: '2', note: '1.0' },
  ],
  ...more,
});

const told = (found: Partial<RecordedOutcome>): readonly string[] =>
  compareOutcomes(plan, outcome(), outcome({ hash: 'b'.repeat(64), ...found }));

describe('the outcome of a recording', () => {
  it('is the same where nothing differs', () => {
    expect(compareOutcomes(plan, outcome(), outcome())).to.deep.equal([]);
  });

  it('is told value by value, by the key of its row', () => {
    const sample = [
      { id: '1', note: null },
      { id: '3', note: '1.0' },
    ];
    expect(told({ sample })).to.deep.equal([
      "row id=1, note: expected '', found null",
      'row id=2: expected, not found',
      'row id=3: found, not expected',
    ]);
  });

  it('is told by types of columns, counts and Blockers', () => {
    const blockers = [{ record: '9', property: 'note', code: 'ETL0521' }];
    expect(told({ columns: { id: 'BIGINT', more: 'DATE' }, blocked: 1, blockers })).to.deep.equal([
      'column id: expected VARCHAR, found BIGINT',
      'column note: expected VARCHAR, found none',
      'column more: expected none, found DATE',
      'blocked: expected 0, found 1',
      'blocked now and not before: record 9, note (ETL0521)',
    ]);
  });

  it('is told by its hash where the rows that differ are not listed', () => {
    expect(told({})).to.deep.equal([
      'rows behind the first 2 differ: expected hash aaaaaaaaaaaa…, found bbbbbbbbbbbb…',
    ]);
  });

  it('names ten differences at most, and says how many there are', () => {
    const lines = told({ sample: Array.from({ length: 30 }, (_, at) => ({ id: `x${at}`, note: '' })) });
    expect(lines).to.have.length(11);
    expect(lines.at(-1)).to.equal('… and 22 more');
  });
});
