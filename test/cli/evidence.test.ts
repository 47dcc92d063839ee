import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import type { SavedPlan } from '../../engine/model/saved-plan.ts';
import { type Api, etl, type Finished, ordersProject } from '../support/cli.ts';
import { byCursor, edit, ordersOf, shopOf } from '../support/shop.ts';

const environments = `environments:
  test: {warehouse: {type: duckdb, path: test.duckdb}, staging: {storage: test.sqlite}}
  production:
    warehouse: {type: duckdb, path: production.duckdb}
    staging: {storage: production.sqlite}
    requires: {parity: {from: test, maxAge: 1h}}
`;

describe('an environment that requires parity', function () {
  this.timeout(180_000);
  let provider: Api;
  let folder: string;

  const command = (...args: readonly string[]): Promise<Finished> => etl([...args, '-p', folder]);
  const codes = ({ stderr }: Finished): readonly string[] => [
    ...new Set([...stderr.matchAll(/(?:error|warning)\[(ETL\d+)\]/g)].map(([, code = '']) => code)),
  ];
  const save = (): Promise<Finished> => command('plan', '-e', 'production', '--out', join(folder, 'p.json'));
  const perform = (): Promise<Finished> => command('run', '-q', '--plan', join(folder, 'p.json'));
  const saved = (): SavedPlan => JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8')) as SavedPlan;
  const inTest = async (sql: string): Promise<void> => {
    const instance = await DuckDBInstance.create(join(folder, 'test.duckdb'));
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  };

  before(async () => {
    provider = await shopOf(ordersOf(3));
    folder = ordersProject(provider.url, { stream: byCursor, project: environments });
    expect((await command('run', '-q', '-e', 'test')).code).to.equal(0);
  });
  after(() => provider.close());

  it('has no plan performed without evidence, saved or not', async () => {
    const plan = await save();
    expect([plan.code, codes(plan)]).to.deep.equal([0, ['ETL0360']]);
    expect(saved()).to.not.have.property('evidence');
    const refused = await perform();
    expect([refused.code, codes(refused)]).to.deep.equal([4, ['ETL0360']]);
    const bare = await command('run', '-q', '-e', 'production');
    expect([bare.code, codes(bare)]).to.deep.equal([4, ['ETL0360']]);
  });

  it('binds it into the plan, and refuses when parity has moved since', async () => {
    expect((await command('parity', '-e', 'test')).code).to.equal(0);
    const plan = await save();
    expect([plan.code, codes(plan)]).to.deep.equal([0, []]);
    const { evidence, nodes } = saved();
    expect(evidence?.tables[0]).to.include({ mapping: 'orders', verdict: 'match' });
    expect(evidence?.tables[0]?.checksums?.left).to.equal(evidence?.tables[0]?.checksums?.right);
    expect(nodes['the parity evidence']).to.equal(evidence?.hash);
    await inTest('UPDATE main.orders SET total = total + 1');
    expect((await command('parity', '-e', 'test')).code).to.equal(5);
    const refused = await perform();
    expect([refused.code, codes(refused)]).to.deep.equal([4, ['ETL0364']]);
  });

  it('refuses a plan whose evidence was taken out or edited', async () => {
    const { evidence, ...without } = saved();
    writeFileSync(join(folder, 'p.json'), JSON.stringify(without));
    expect(codes(await perform())).to.deep.equal(['ETL0321']);
    writeFileSync(
      join(folder, 'p.json'),
      JSON.stringify({ ...without, evidence: { ...evidence, at: '2099-01-01T00:00:00.000Z' } }),
    );
    expect(codes(await perform())).to.deep.equal(['ETL0364']);
    writeFileSync(join(folder, 'p.json'), JSON.stringify({ ...without, evidence }));
  });

  it('performs the plan once parity holds again, and then goes on without one', async () => {
    await inTest('UPDATE main.orders SET total = total - 1');
    expect((await command('parity', '-e', 'test')).code).to.equal(0);
    const done = await perform();
    expect(done.code, done.stderr).to.equal(0);
    const next = await command('run', '-q', '-e', 'production');
    expect(next.code, next.stderr).to.equal(0);
  });

  it('wants it anew when a mapping changes', async () => {
    edit(join(folder, 'mappings/orders.yml'), 'properties:', 'where: {total: {ne: 1}}\nproperties:');
    const bare = await command('run', '-q', '-e', 'production');
    expect([bare.code, codes(bare)]).to.deep.equal([4, ['ETL0362']]);
  });

  it('is told when it names an environment that there is not', async () => {
    edit(join(folder, 'etl.yml'), 'from: test,', 'from: tset,');
    const { code, stderr } = await command('validate');
    expect([code, stderr.includes('error[ETL0116]: there is no environment `tset`')]).to.deep.equal([
      3,
      true,
    ]);
  });
});
