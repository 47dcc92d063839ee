import { join } from 'node:path';
import { expect } from 'chai';
import type { NodeExplanation } from '../../engine/model/explanation.ts';
import { type Api, etl, ordersProject } from '../support/cli.ts';
import { byCursor, edit, ordersOf, shopOf } from '../support/shop.ts';

describe('etl explain', function () {
  this.timeout(120_000);
  let provider: Api;
  let folder: string;

  before(async () => {
    provider = await shopOf([...ordersOf(3), { id: 'bad', total: 'much', at: '2020-01-01T09:00:00Z' }]);
    folder = ordersProject(provider.url, {
      stream: byCursor,
      project: 'vars: {currency: eur}\ndefaults: {mapping: {onInvalid: block}}\n',
      properties: '  currency: {value: "${var:currency}", type: string}',
    });
  });
  after(() => provider.close());

  const explain = async (node: string): Promise<NodeExplanation> => {
    const { code, stdout } = await etl(['explain', node, '--json', '-p', folder]);
    expect(code, stdout).to.equal(0);
    return (JSON.parse(stdout) as { result: NodeExplanation }).result;
  };

  it('says of a project without a run what comes first, and where its values come from', async () => {
    const found = await explain('orders');
    expect(found).to.not.have.property('since');
    expect(found).to.not.have.property('lastRun');
    expect(found.next.map(({ id }) => id)).to.deep.equal([
      'extract shop.orders',
      'define orders',
      'load orders',
    ]);
    expect(found.values.map(({ name, origin, at }) => `${name}: ${origin} (${at})`)).to.deep.equal([
      'id: id of shop.orders, as string (mappings/orders.yml:7)',
      'total: total of shop.orders, as decimal(18,2) (mappings/orders.yml:8)',
      'currency: the constant "eur" (mappings/orders.yml:9)',
      'onInvalid: "block", a default of the project (etl.yml:4)',
      '${var:currency}: "eur", a variable of the project (etl.yml:3)',
    ]);
  });

  it('says why a mapping is selected, where it stands, how its last run ended, and what waits for a person', async () => {
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    edit(
      join(folder, 'mappings/orders.yml'),
      'properties:',
      '# a comment\nwhere: {total: {ne: 1}}\nproperties:',
    );
    const found = await explain('orders');
    expect(found.changes.map(({ node, change }) => [node, change])).to.deep.equal([
      ['the mapping orders', 'changed'],
    ]);
    expect(found.positions[0]?.mappings).to.deep.include.members([
      { mapping: 'orders', loadedThrough: 2, pendingPages: 0, pendingRows: 0, blocked: 1 },
    ]);
    expect(found.lastRun?.steps.map(({ id, status }) => `${id} ${status}`)).to.include(
      'load orders succeeded',
    );
    expect([found.openBlockers, found.blockers[0]?.code, found.blockers[0]?.record]).to.deep.equal([
      1,
      'ETL0521',
      'bad',
    ]);
    expect(found.next[0]).to.deep.equal({
      id: 'remap orders',
      reason:
        'the mapping is changed: 2 kept pages are mapped again, without a request (4 records, 0 requests)',
    });
  });

  it('says it for people, and of a stream that nothing has changed', async () => {
    const { code, stdout } = await etl(['explain', 'shop.orders', '-p', folder]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^stream shop\.orders, made of shop; orders is made of it\n/);
    expect(stdout).to.contain('`state:modified` leaves it out').and.to.contain('Position:\n  shop.orders\n');
  });

  it('says so where the tables keep a run from beginning, and guesses what was meant', async () => {
    edit(join(folder, 'mappings/orders.yml'), '"decimal(18,2)"', 'integer');
    const found = await explain('orders');
    expect(found.next).to.deep.equal([]);
    expect(found.held[0]).to.match(/^ETL0303: the column total of main\.orders/);
    const wrong = await etl(['explain', 'order', '-p', folder]);
    expect([wrong.code, wrong.stderr.includes('did you mean `orders`?')]).to.deep.equal([3, true]);
  });
});
