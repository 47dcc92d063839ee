import { expect } from 'chai';
import { compileDuplicates } from '../../../engine/execute/map/duplicates.ts';
import { stagedMeta } from '../../../engine/model/batch.ts';
import { knownPath } from '../../../engine/model/path.ts';
import { mapping, mapRecords, ownValues, property, stream, within } from '../../support/mappings.ts';

const plan = mapping(
  [property('id'), property('name'), property('size', 'integer', { onInvalid: 'set_null' })],
  {
    key: ['_account', 'id'],
  },
);
const byTime = stream({
  cursor: { field: knownPath('at'), type: 'timestamp', format: 'iso', lookbackMs: 0, ends: false },
});
const at = (day: number): string => `2026-01-0${day}T00:00:00Z`;

describe('duplicates of a page', () => {
  it('are left out and counted: same key, same content', async () => {
    const record = { id: '1', name: 'a', size: 'odd' };
    const rows = await mapRecords([record, { id: '2', name: 'b' }, record, record], plan);
    expect(rows).to.include({ units: 4, count: 2, deduplicated: 2, nulled: 1 });
    expect(ownValues(rows, plan)).to.deep.equal([
      ['1', 'a', null],
      ['2', 'b', null],
    ]);
    expect(Buffer.from(rows.lines).toString().trimEnd().split('\n')).to.have.length(2);
  });

  it('are elements as well as records', async () => {
    const lines = mapping([within('sku', 'sku'), within('order', '$parent.id')], {
      each: knownPath('lines'),
      key: ['_account', 'order', 'sku'],
    });
    const rows = await mapRecords(
      [
        { id: '1', lines: [{ sku: 'x' }, { sku: 'x' }] },
        { id: '2', lines: [{ sku: 'x' }] },
      ],
      lines,
    );
    expect(rows).to.include({ units: 3, count: 2, deduplicated: 1 });
  });

  it('are no rows that a different version of their key stands between: the last one wins', async () => {
    const records = ['a', 'b', 'a'].map((name) => ({ id: '1', name }));
    const rows = await mapRecords(records, plan);
    expect(rows).to.include({ count: 3, deduplicated: 0 });
  });

  it('are no rows with a later cursor, which tells newer versions from older ones', async () => {
    const records = [at(1), at(3)].map((time) => ({ id: '1', name: 'a', at: time }));
    expect(await mapRecords(records, plan, byTime)).to.include({ count: 2, deduplicated: 0 });
  });

  it('are no rows of another record', async () => {
    const whole = mapping([property('name')], { key: ['_account', 'name'] });
    const records = ['1', '2'].map((id) => ({ id, name: 'a' }));
    expect(await mapRecords(records, whole)).to.include({ count: 2, deduplicated: 0 });
  });
});

describe('the finder of duplicates', () => {
  it('does not look behind a line that says something of the record', () => {
    const isDuplicate = compileDuplicates(plan);
    const width = 1 + plan.properties.length + stagedMeta.length;
    const line = (own: readonly (string | null)[], hash: string): (string | number | null)[] => {
      const meta = stagedMeta.map(
        (name) => ({ _record: '1', _hash: hash, _cursor: null })[name as '_record'] ?? null,
      );
      return ['default', ...own, ...meta];
    };
    const row = line(['1', 'a', null], 'h');
    const mark = line([null, null, null], '');
    expect(isDuplicate([...row, ...row], width)).to.equal(true);
    expect(isDuplicate([...row, ...mark, ...row], 2 * width)).to.equal(false);
    expect(isDuplicate([...row, ...mark, ...row, ...row], 3 * width)).to.equal(true);
  });
});
