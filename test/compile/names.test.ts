import { expect } from 'chai';
import { columnNamed, foundTables } from '../../engine/compile/names.ts';

const table = (named: string | undefined, ...names: readonly string[]) => ({
  schema: 'sales',
  table: 'orders',
  ...(named !== undefined && { named }),
  columns: names.map((name) => ({ name, type: 'VARCHAR' })),
});

describe('names in a warehouse', () => {
  it('that somebody wrote in quotes are named, and not taken for ours', () => {
    const { tables, diagnostics } = foundTables('snowflake', [table(undefined, 'id')]);
    expect(tables).to.deep.equal([]);
    expect(diagnostics.map(({ code, summary }) => `${code}: ${summary}`)).to.deep.equal([
      'ETL0308: snowflake has the table sales.orders under the name "orders", which was written in quotes',
    ]);
    expect(diagnostics[0]?.help[1]).to.contain('RENAME TO "ORDERS"');
    expect(foundTables('postgres', [table('Orders', 'id')]).diagnostics).to.have.length(1);
  });

  it('that our statements find are theirs, whatever else is there', () => {
    const ours = table('ORDERS', 'ID');
    const { tables, diagnostics } = foundTables('snowflake', [table(undefined, 'id'), ours]);
    expect(tables).to.deep.equal([ours]);
    expect(diagnostics).to.deep.equal([]);
    expect(foundTables('postgres', [table(undefined, 'id')]).diagnostics).to.deep.equal([]);
    expect(foundTables('duckdb', [table('Orders', 'id')]).diagnostics).to.deep.equal([]);
  });

  it('of columns are told apart in the same way', () => {
    const both = table('ORDERS', 'price', 'PRICE', 'note');
    expect(columnNamed('snowflake', both, 'price')).to.include({ name: 'PRICE', isFound: true });
    expect(columnNamed('snowflake', both, 'note')).to.include({ name: 'note', isFound: false });
    expect(columnNamed('snowflake', both, 'risk')).to.equal(undefined);
    expect(columnNamed('duckdb', table('Orders', 'Price'), 'price')).to.include({ isFound: true });
  });
});
