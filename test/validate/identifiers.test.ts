import { expect } from 'chai';
import { check } from '../../engine/engine.ts';
import { projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';

const postgres = 'environments:\n  dev:\n    warehouse: {type: postgres, url: "${env:W}"}\n';

const mistakes = async (
  mappings: { readonly [name: string]: string },
  environments = postgres,
): Promise<readonly string[]> => {
  const files = Object.entries(mappings).map(([name, lines], at): [string, string] => [
    `mappings/m${at}.yml`,
    `kind: mapping\nname: ${name}\nfrom: shop.orders\n${lines}`,
  ]);
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\n${environments}`,
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]}\n',
    ...Object.fromEntries(files),
  });
  const { diagnostics } = await check(folder, root);
  return diagnostics.map(({ code, summary, label }) => `${code}: ${summary} (${label})`);
};

const plain = 'load: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n';
const withColumn = (name: string): string => `${plain}  ${name}: {from: x, type: string}\n`;

describe('identifiers', () => {
  it('may be words that SQL reserves, since every name is quoted', async () => {
    const columns = ['select', 'order', 'group', 'user', 'table', 'from'];
    const lines = plain + columns.map((name) => `  ${name}: {from: x, type: string}\n`).join('');
    expect(await mistakes({ select: lines, user: lines })).to.deep.equal([]);
  });

  it('that differ only in case are refused: columns, tables and schemas', async () => {
    expect(
      (await mistakes({ orders: `${withColumn('Price')}  price: {from: y, type: string}\n` }))[0],
    ).to.match(/^ETL0214/);
    expect((await mistakes({ orders: plain, Orders: plain }))[0]).to.match(/^ETL0204/);
    expect(
      await mistakes({ a: `to: {schema: sales}\n${plain}`, b: `to: {schema: Sales}\n${plain}` }),
    ).to.deep.equal([
      'ETL0256: the schemas `Sales` and `sales` differ only in case (the other is mappings/m0.yml:4)',
    ]);
    expect((await mistakes({ a: `to: {schema: Public}\n${plain}` }))[0]).to.contain('the warehouse’s own');
  });

  it('cannot be our own', async () => {
    expect((await mistakes({ orders: withColumn('_account') }))[0]).to.match(/^ETL01/);
    expect((await mistakes({ orders: `to: {table: _etl_loads}\n${plain}` }))[0]).to.match(/^ETL0213/);
  });

  it('are refused where PostgreSQL would cut them', async () => {
    const [fits, long] = ['a'.repeat(63), 'a'.repeat(64)];
    expect(await mistakes({ orders: withColumn(fits) })).to.deep.equal([]);
    expect(await mistakes({ orders: withColumn(long) })).to.deep.equal([
      'ETL0255: the name of the column is too long for postgres (64 bytes; at most 63)',
    ]);
    expect((await mistakes({ orders: `to: {table: ${long}}\n${plain}` }))[0]).to.match(
      /^ETL0255: the name of the table/,
    );
    expect(await mistakes({ orders: withColumn(long) }, '')).to.deep.equal([]);
    const leaving = plain
      .replace('[id]}', '[id], children: replace}')
      .replace('load:', `to: {table: ${'a'.repeat(50)}}\neach: lines\nload:`);
    expect((await mistakes({ orders: leaving }))[0]).to.match(/^ETL0255: .*\(50 bytes; at most 49\)/);
  });
});
