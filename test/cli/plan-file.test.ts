import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { canonical, sha256, withId } from '../../engine/compile/canonical.ts';
import type { SavedPlan } from '../../engine/model/saved-plan.ts';
import { type Api, etl, type Finished, ordersProject, tableOf } from '../support/cli.ts';
import { text } from '../support/root.ts';
import { byCursor, edit, type Order, ordersOf, shopOf } from '../support/shop.ts';

describe('a saved plan', function () {
  this.timeout(120_000);

  const orders: Order[] = ordersOf(5);
  let provider: Api;
  let folder: string;
  let fresh: string;

  const at = (name: string): string => join(folder, name);
  const command = (...args: readonly string[]): Promise<Finished> =>
    etl([...args, '-p', folder], { SHOP_TOKEN: 'the very secret' });
  const save = async (name: string, ...more: readonly string[]): Promise<Finished> => {
    const done = await command('plan', '--out', at(name), ...more);
    expect(done.code).to.equal(0, done.stderr);
    return done;
  };
  const saved = (name: string): SavedPlan => JSON.parse(readFileSync(at(name), 'utf8')) as SavedPlan;
  const perform = (name: string): Promise<Finished> => command('run', '-q', '--plan', at(name));
  const complaints = ({ stderr }: Finished): readonly string[] =>
    [...stderr.matchAll(/^(?:error|warning)\[(.*)$/gm)].map(([, one = '']) => one.replace(']', ''));
  const refuses = async (name: string, ...expected: readonly string[]): Promise<void> => {
    const done = await perform(name);
    expect(complaints(done)).to.deep.equal(expected);
    expect(done.code).to.equal(4);
  };
  const inWarehouse = async (sql: string): Promise<void> => {
    const instance = await DuckDBInstance.create(at('.etl/warehouse.duckdb'));
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  };
  /** Changes a file for as long as the work lasts. */
  const changed = async (
    file: string,
    from: string,
    to: string,
    work: () => Promise<void>,
  ): Promise<void> => {
    const before = readFileSync(at(file), 'utf8');
    edit(at(file), from, to);
    expect(readFileSync(at(file), 'utf8')).not.to.equal(before);
    await work().finally(() => writeFileSync(at(file), before));
  };

  before(async () => {
    provider = await shopOf(orders);
    folder = ordersProject(provider.url, {
      stream: byCursor,
      source: 'auth: {type: bearer, token: "${env:SHOP_TOKEN}"}',
    });
    await save('first.json');
    fresh = readFileSync(at('first.json'), 'utf8');
  });

  after(() => provider.close());

  it('is canonical JSON as plan.schema.json describes it, without a secret', () => {
    const validate = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(
      JSON.parse(text('plan.schema.json')) as object,
    );
    expect(validate(JSON.parse(fresh)), JSON.stringify(validate.errors)).to.equal(true);
    expect(fresh).to.equal(`${canonical(JSON.parse(fresh))}\n`);
    expect(fresh).not.to.contain('the very secret');
    expect(fresh).to.contain('${env:SHOP_TOKEN}');
    expect(Object.keys(saved('first.json').nodes)).to.include.members([
      'the source shop',
      'the stream shop.orders',
      'the mapping orders',
      'the load of orders',
      'the DDL of orders',
    ]);
  });

  it('is shown as it was, and performed once where it has DDL', async () => {
    const shown = await command('show', at('first.json'));
    expect(shown.code).to.equal(0);
    expect(shown.stderr).to.equal('');
    expect(shown.stdout)
      .to.match(/^Plan .* of demo in dev/)
      .and.to.contain('CREATE TABLE');
    const done = await perform('first.json');
    expect(done.code).to.equal(0, done.stderr);
    expect(await tableOf(folder, 'orders')).to.have.length(5);
    const again = await perform('first.json');
    expect(again.code).to.equal(4);
    expect(again.stderr).to.match(/error\[ETL0324\]: the plan was applied already by run \d{8}-\d{6}-\w+/);
    const stale = await command('show', at('first.json'));
    expect(stale.code).to.equal(0);
    expect(stale.stderr).to.contain('warning[ETL0324]');
    expect(stale.stdout).to.contain('CREATE TABLE');
  });

  it('stays good while the cursor moves forward, and after changes that change nothing', async () => {
    await save('p.json');
    const { planId } = saved('p.json');
    orders.push(...ordersOf(2, 10));
    edit(at('mappings/orders.yml'), 'properties:', '# for the accountants\nproperties:');
    edit(at('sources/shop.yml'), 'token: "${env', 'token:   "${env');
    edit(at('etl.yml'), 'name: demo\n', 'name: demo\nenvironments: {dev: {}, other: {vars: {a: b}}}\n');
    for (const _ of [1, 2]) expect((await perform('p.json')).code).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.length(7);
    await save('after.json');
    expect(saved('after.json').planId).to.equal(planId);
  });

  it('is refused, node by node, when the project has changed', async () => {
    await save('p.json');
    await changed('mappings/orders.yml', '"decimal(18,2)"', '"decimal(18,4)"', async () => {
      // The column of the table is another one, too: that would be a mistake of its own.
      const done = await perform('p.json');
      expect(done.code).to.equal(3);
    });
    await changed('mappings/orders.yml', 'properties:', 'where: {total: {gt: 1}}\nproperties:', () =>
      refuses('p.json', 'ETL0325: the mapping orders has changed since the plan'),
    );
    await changed('sources/shop.yml', 'attempts: 2', 'attempts: 3', () =>
      refuses('p.json', 'ETL0325: the source shop has changed since the plan'),
    );
    await changed('sources/shop.yml', 'lookback: 1m', 'lookback: 2m', () =>
      refuses('p.json', 'ETL0325: the stream shop.orders has changed since the plan'),
    );
    await changed(
      'mappings/orders.yml',
      'properties:',
      'checks: [{kind: not_null, column: id}]\nproperties:',
      () => refuses('p.json', 'ETL0325: the checks of orders is new since the plan'),
    );
    expect((await perform('p.json')).code).to.equal(0);
  });

  it('is refused when the table has other columns', async () => {
    await save('p.json');
    await inWarehouse('ALTER TABLE main.orders ADD COLUMN extra VARCHAR');
    await refuses('p.json', 'ETL0326: the table main.orders has other columns since the plan');
    await inWarehouse('ALTER TABLE main.orders DROP COLUMN extra');
    expect((await perform('p.json')).code).to.equal(0);
  });

  it('is refused when it has expired', async () => {
    await save('p.json', '--expires', '1ms');
    await refuses('p.json', `ETL0323: the plan expired at ${saved('p.json').expiresAt}`);
  });

  it('is refused when another version of etl has made it, or migrated staging', async () => {
    await save('p.json');
    const made = saved('p.json');
    const plan = withId({ ...made.plan, engine: '9.0.0' });
    const nodes = { ...made.nodes, 'the version of etl': sha256(canonical('9')) };
    const rewrite = (change: Partial<SavedPlan>): void =>
      writeFileSync(at('p.json'), JSON.stringify({ ...made, ...change }));
    rewrite({ plan, planId: plan.id, nodes });
    await refuses('p.json', 'ETL0329: the plan was made by another major version of etl');
    rewrite({ stagingSchema: '0010-load-times' });
    await refuses('p.json', 'ETL0330: the staging database was migrated since the plan');
  });

  it('is refused when it was edited, or is no plan', async () => {
    await save('p.json');
    const made = saved('p.json');
    const steps = made.plan.steps.filter(({ kind }) => kind !== 'load');
    writeFileSync(at('p.json'), JSON.stringify({ ...made, plan: { ...made.plan, steps } }));
    await refuses('p.json', 'ETL0321: the plan file is not as it was written');
    copyFileSync(at('etl.yml'), at('p.json'));
    const done = await perform('p.json');
    expect(done.code).to.equal(3);
    expect(done.stderr).to.contain('error[ETL0320]: the plan file');
  });

  it('is refused in another environment', async () => {
    await save('p.json');
    const done = await command('run', '-q', '--plan', at('p.json'), '--lab');
    expect(done.code).to.equal(4);
    expect(complaints(done)).to.deep.equal(['ETL0322: the plan is for demo in dev, not for demo in lab']);
  });

  it('is refused when another run has left what it would pass over', async () => {
    await save('p.json');
    await changed('mappings/orders.yml', 'properties:', 'where: {total: {gt: 1}}\nproperties:', async () => {
      expect((await command('run', '-q')).code).to.equal(0);
    });
    await refuses('p.json', 'ETL0328: the plan lacks the step `remap orders`, which is needed now');
    expect((await command('run', '-q')).code).to.equal(0);
  });

  it('is refused when the cursor was reset', async () => {
    await save('p.json');
    expect((await command('state', 'reset', 'shop.orders')).code).to.equal(0);
    await refuses('p.json', 'ETL0327: the cursor of shop.orders was reset');
  });
});
