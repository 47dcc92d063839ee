import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

/** A shop of two pages whose second one fails while it is told to. */
async function shop() {
  const state = { broken: true };
  const provider = await api((request, response) => {
    const after = new URL(request.url ?? '', 'http://shop').searchParams.get('after');
    if (after !== null && state.broken) return json(response, { error: 'no' }, 400);
    json(
      response,
      after === null
        ? { orders: [{ id: '1', total: '1.00' }], next: 'x' }
        : { orders: [{ id: '2', total: '2.00' }] },
    );
  });
  return { provider, state };
}

const edit = (folder: string, file: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));

const runOf = (stdout: string): string => JSON.parse(stdout).result.run;

describe('etl retry', function () {
  this.timeout(120_000);

  it('performs what a run has left, and refuses when the project has changed', async () => {
    const { provider, state } = await shop();
    try {
      const folder = ordersProject(provider.url);
      const failed = await etl(['run', '--json', '-p', folder]);
      expect(failed.code).to.equal(1);
      const run = runOf(failed.stdout);

      edit(folder, 'mappings/orders.yml', (text) => text.replace('decimal(18,2)', 'decimal(18,4)'));
      const refused = await etl(['retry', run, '-p', folder]);
      expect(refused.code).to.equal(4);
      expect(refused.stderr).to.contain(
        `error[ETL0943]: the project is another one than when the run ${run} was planned`,
      );
      expect(refused.stderr).to.contain('the mapping orders has changed.');
      expect(refused.stderr).not.to.contain('the source');
      edit(folder, 'mappings/orders.yml', (text) => text.replace('decimal(18,4)', 'decimal(18,2)'));

      state.broken = false;
      const asked = provider.asked.length;
      const retried = await etl(['retry', run, '--json', '-p', folder]);
      expect(retried.code).to.equal(0, retried.stdout);
      expect(provider.asked.slice(asked)).to.deep.equal(['/orders?after=x']);
      expect(await tableOf(folder, 'orders')).to.have.length(2);

      const again = await etl(['retry', runOf(retried.stdout), '-p', folder]);
      expect(again.code).to.equal(0);
      expect(again.stdout).to.contain('has left nothing');
    } finally {
      await provider.close();
    }
  });

  it('knows the runs that there were', async () => {
    const { code, stderr } = await etl([
      'retry',
      '20260101-000000-abcdef',
      '-p',
      ordersProject('https://shop.example'),
    ]);
    expect(code).to.equal(3);
    expect(stderr).to.contain('error[ETL0941]: there is no run 20260101-000000-abcdef');
  });
});

describe('etl run --from-ledger', function () {
  this.timeout(120_000);

  it('maps kept pages again and loads them without a request, as the plan says', async () => {
    const { provider, state } = await shop();
    state.broken = false;
    try {
      const folder = ordersProject(provider.url, {
        source: 'auth: {type: bearer, token: "${env:SHOP_TOKEN}"}',
      });
      expect((await etl(['run', '-p', folder, '--quiet'], { SHOP_TOKEN: 'secret' })).code).to.equal(0);
      const asked = provider.asked.length;
      edit(
        folder,
        'mappings/orders.yml',
        (text) => `${text}  label: {template: "order {{id}}", type: string}\n`,
      );
      const plan = await etl(['plan', '--from-ledger', '-p', folder]);
      expect(plan.stdout).to.contain('No request is made: everything comes from pages that are kept.');
      expect(plan.stdout).to.contain(
        '1. remap orders: the mapping is changed: 2 kept pages are mapped again, without a request',
      );
      expect(plan.stdout).not.to.contain('extract');
      // Without the token, which nobody needs.
      const run = await etl(['run', '--from-ledger', '--json', '-p', folder]);
      expect(run.code).to.equal(0, run.stdout);
      expect(provider.asked).to.have.length(asked);
      expect((await tableOf(folder, 'orders')).map(({ label }) => label).sort()).to.deep.equal([
        'order 1',
        'order 2',
      ]);
    } finally {
      await provider.close();
    }
  });
});
