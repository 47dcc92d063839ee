import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Api, etl, type Finished, ordersProject, start, tableOf } from '../support/cli.ts';
import { root } from '../support/root.ts';
import { byCursor, edit, type Order, ordersOf, shopOf } from '../support/shop.ts';

const renamesModule = join(root, 'dist/engine/services/staging/staging-renames.js');
const duckdbModule = createRequire(import.meta.url).resolve('@duckdb/node-api');

/** Kills the process right before it calls a method of a class of ours. */
const killedAt = (
  module: string,
  name: string,
  method: string,
  when: string,
): Readonly<Record<string, string>> => {
  const url = pathToFileURL(module).href;
  const hook = `import {${name}} from '${url}';
const before = ${name}.prototype.${method};
${name}.prototype.${method} = function (...args) {
  if (${when}) process.kill(process.pid, 'SIGKILL');
  return before.apply(this, args);
};`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` };
};

describe('renamedFrom', function () {
  this.timeout(180_000);

  const orders: Order[] = ordersOf(5);
  let provider: Api;
  let folder: string;
  const command = (args: readonly string[]): Promise<Finished> => etl([...args, '-p', folder]);
  const told = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(args);
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const steps = async (): Promise<readonly string[]> => {
    const { result } = JSON.parse(await told('plan', '--json')) as { result: { steps: { id: string }[] } };
    return result.steps.map(({ id }) => id);
  };

  before(async () => {
    provider = await shopOf(orders);
    folder = ordersProject(provider.url, { stream: byCursor });
    await told('run', '-q');
    edit(join(folder, 'sources/shop.yml'), '  orders:\n', '  purchases:\n    renamedFrom: [orders]\n');
    edit(
      join(folder, 'mappings/orders.yml'),
      'name: orders\nfrom: shop.orders',
      'name: sales\nrenamedFrom: [orders]\nfrom: shop.purchases',
    );
    edit(join(folder, 'mappings/orders.yml'), '  total: {', '  amount: {renamedFrom: [total], ');
  });

  after(() => provider.close());

  it('is planned as a rename with its reason, of a stream, a mapping and a column', async () => {
    const plan = await told('plan');
    expect(plan).to.contain('rename shop.orders to purchases: the stream was orders before');
    expect(plan).to.match(
      /rename sales: the mapping was orders before; the column amount was total before; .*nothing is read or mapped again/,
    );
    expect(plan).to.contain('RENAME COLUMN "total" TO "amount"');
    expect(plan).to.contain('~ the mapping sales');
    expect(plan).not.to.match(/additive|DESTRUCTIVE|^ {2}[+-] /m);
  });

  it('is ended by the next run when it is killed between any two of its steps, and reads nothing again', async () => {
    const asked = provider.asked.length;
    for (const [module, name, method, when] of [
      [renamesModule, 'StagingRenames', 'stream', 'true'],
      [duckdbModule, 'DuckDBConnection', 'run', 'args[0].includes("RENAME COLUMN")'],
      [duckdbModule, 'DuckDBConnection', 'run', 'args[0].includes("_etl_loads\\" SET")'],
      [renamesModule, 'StagingRenames', 'mapping', 'true'],
    ] as const) {
      const env = killedAt(module, name, method, when);
      const { code } = await start(['run', '-q', '-p', folder], env).finished;
      expect(code, `${method} ${when}`).to.equal(null);
    }
    expect(provider.asked.length).to.equal(asked);
    expect(await steps()).to.include.members(['rename sales', 'extract shop.purchases', 'load sales']);
    await told('run', '-q');
    const again = provider.asked.slice(asked);
    expect(again, again.join('\n')).to.have.length(1);
    expect(again[0]).to.contain('since=');
    const rows = await tableOf(folder, 'sales');
    expect(rows.map(({ id, amount }) => [id, amount]).sort()).to.deep.equal(
      orders.map(({ id, total }) => [id, `${total}.00`]),
    );
    expect(await told('audit')).to.contain('Accounted for: 100 %');
  });

  it('does nothing where it is left in place', async () => {
    expect(await steps()).to.deep.equal(['extract shop.purchases', 'load sales']);
  });

  it('is refused where both names are there', async () => {
    const file = join(folder, 'mappings/orders.yml');
    const before = readFileSync(file, 'utf8');
    edit(file, '  amount: {renamedFrom: [total], ', '  amount2: {from: total, type: string}\n  amount: {');
    await told('run', '-q');
    writeFileSync(file, before.replace('renamedFrom: [total]', 'renamedFrom: [amount2]'));
    const { code, stderr } = await command(['plan']);
    writeFileSync(file, before);
    expect(stderr).to.contain('error[ETL0338]');
    expect(stderr).to.contain('amount was amount2 before, and both are there');
    expect(code).to.equal(3);
  });
});
