import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

describe('load.every and load.budget', function () {
  this.timeout(120_000);

  it('leave what is staged to a later run, which loads all of it', async () => {
    let id = 0;
    const provider = await api((_, response) => {
      id += 1;
      json(response, { orders: [{ id: String(id), total: '1.00' }] });
    });
    try {
      const folder = ordersProject(provider.url);
      const file = join(folder, 'mappings/orders.yml');
      const text = readFileSync(file, 'utf8');
      const load = (more: string): void => writeFileSync(file, text.replace('load: {', `load: {${more}, `));
      load('every: 365d');
      expect((await etl(['run', '-p', folder])).code).to.equal(0);
      expect(await tableOf(folder, 'orders')).to.have.length(1);

      const second = await etl(['run', '-p', folder]);
      expect(second.code).to.equal(0, second.stderr);
      expect(second.stdout).to.match(
        /Deferred: orders stays staged: it is loaded every .*, next from \d{4}-/,
      );
      expect(await tableOf(folder, 'orders')).to.have.length(1);

      load('budget: 0s');
      expect((await etl(['run', '-p', folder])).stdout).to.contain('of warehouse time a day are used');

      writeFileSync(file, text);
      const last = await etl(['run', '--json', '-p', folder]);
      expect(JSON.parse(last.stdout).result.tables[0].inserted).to.equal(3);
      expect(await tableOf(folder, 'orders')).to.have.length(4);
    } finally {
      await provider.close();
    }
  });
});
