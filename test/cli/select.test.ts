import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, json, projectFolder, tableOf } from '../support/cli.ts';

const orders = ['a', 'b', 'c'].map((id) => ({ id, total: 5 }));

const mapping = (name: string, stream: string, more = ''): string => `kind: mapping
name: ${name}
from: shop.${stream}
load: {key: [id]}
${more}properties:
  id: {from: id, type: string}
`;

const project = (provider: Api): string =>
  projectFolder({
    'etl.yml':
      'kind: project\nname: demo\nenvironments: {dev: {staging: {rows: false, keep: {pages: 1ms}}}}\n',
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${provider.url}
streams:
  orders: {request: {path: /orders}, primaryKey: [id]}
  items: {request: {path: /items}, primaryKey: [id]}
`,
    'mappings/orders.yml': mapping('orders', 'orders', 'tags: [daily]\n'),
    'mappings/totals.yml': mapping('totals', 'orders'),
    'mappings/items.yml': mapping('items', 'items', 'tags: [daily]\n'),
  });

interface Told {
  readonly code: number | null;
  readonly steps: readonly string[];
}

/** Ids of the steps that a plan has. */
async function plan(folder: string, ...flags: string[]): Promise<Told> {
  const { code, stdout } = await etl(['plan', '--json', '-p', folder, ...flags]);
  const { result } = JSON.parse(stdout) as { result: { steps: { id: string }[] } };
  return { code, steps: result.steps.map(({ id }) => id) };
}

describe('selectors', function () {
  this.timeout(180_000);
  let provider: Api;

  before(async () => {
    provider = await api((_, response) => json(response, orders));
  });
  after(() => provider.close());

  it('choose mappings and streams by name, by tag, and with what they are made of', async () => {
    const folder = project(provider);
    const extract = 'extract shop.orders';
    expect((await plan(folder, '--select', 'orders')).steps).to.deep.equal(['define orders', 'load orders']);
    expect((await plan(folder, '-s', '+orders')).steps).to.deep.equal([
      extract,
      'define orders',
      'load orders',
    ]);
    expect((await plan(folder, '-s', 'shop.orders+', '--exclude', 'totals')).steps).to.deep.equal([
      extract,
      'define orders',
      'load orders',
    ]);
    expect((await plan(folder, '-s', 'tag:daily', 'shop.*')).steps).to.include.members([
      extract,
      'extract shop.items',
      'load orders',
      'load items',
    ]);
    expect((await plan(folder, '-s', 'tag:daily')).steps).to.not.include('load totals');
  });

  it('that choose nothing are mistakes', async () => {
    const { code, stderr } = await etl(['run', '-p', project(provider), '--select', 'ordres']);
    expect(code).to.equal(3);
    expect(stderr).to.contain('ETL0350').and.to.contain('shop.orders');
  });

  it('choose what differs from the plan that was applied last', async () => {
    const folder = project(provider);
    await etl(['run', '-p', folder]);
    const none = await etl(['plan', '-p', folder, '--select', 'state:modified']);
    expect([none.code, none.stderr.includes('ETL0350')]).to.deep.equal([3, true]);
    const file = join(folder, 'mappings/totals.yml');
    writeFileSync(file, `# a comment\n${mapping('totals', 'orders')}  total: {from: total, type: integer}\n`);
    expect((await plan(folder, '-s', 'state:modified')).steps).to.deep.equal([
      'remap totals',
      'define totals',
      'load totals',
    ]);
    writeFileSync(file, `# a comment\n${mapping('totals', 'orders')}`);
    expect((await etl(['plan', '-p', folder, '-s', 'state:modified'])).code).to.equal(3);
  });

  it('leave to others what they have not loaded yet', async () => {
    const folder = project(provider);
    const part = await etl(['run', '--json', '-p', folder, '-s', 'shop.orders', 'orders']);
    expect(part.code, part.stdout).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.length(3);
    expect(await tableOf(folder, 'totals')).to.deep.equal([]);
    // Pages are kept for a moment only, and yet for all that need them.
    const rest = await etl(['run', '--json', '-p', folder, '-s', 'totals']);
    expect(rest.code, rest.stdout).to.equal(0);
    expect(await tableOf(folder, 'totals')).to.have.length(3);
  });
});
