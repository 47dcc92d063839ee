import { expect } from 'chai';
import { boundStatement } from '../../../engine/services/snowflake-warehouse/bound-statement.ts';

describe('parameters of Snowflake statements', () => {
  it('are bound in the order in which they stand, as often as they do', () => {
    const { sql, binds } = boundStatement('SELECT $b::VARCHAR, $a, $b', { a: true, b: 7, c: 'unused' });
    expect(sql).to.equal('SELECT ?::VARCHAR, ?, ?');
    expect(binds).to.deep.equal(['7', true, '7']);
  });

  it('are no positions, and stand in no text, name or comment', () => {
    const sql = `SELECT $1, 'it''s $a', 'a\\'$a', "x$a" -- $a\n FROM t`;
    expect(boundStatement(sql, { a: 'b' })).to.deep.equal({ sql, binds: [] });
  });

  it('are rows where they are lists', () => {
    const { sql, binds } = boundStatement('FROM (VALUES ($k0, $k1)) AS w WHERE x IN ($y)', {
      k0: ['a', null],
      k1: ['1', '2'],
      y: 'z',
    });
    expect(sql).to.equal('FROM (VALUES (?, ?), (?, ?)) AS w WHERE x IN (?)');
    expect(binds).to.deep.equal(['a', '1', null, '2', 'z']);
  });

  it('must be given', () => {
    expect(() => boundStatement('SELECT $a', {})).to.throw('the parameter a has one value');
  });
});
