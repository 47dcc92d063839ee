import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl } from '../support/cli.ts';
import {
  cursor,
  order,
  project,
  rowsIn,
  run,
  type Shops,
  secrets,
  shopsOf,
  three,
} from '../support/shops.ts';

describe('accounts of one source', function () {
  this.timeout(120_000);
  const opened: Shops[] = [];
  const shopsFor = async (orders: Shops['orders']): Promise<Shops> => {
    const shops = await shopsOf(orders);
    opened.push(shops);
    return shops;
  };

  afterEach(async () => {
    for (const shops of opened.splice(0)) await shops.close();
  });

  it('lose only rows of their own when a listing no longer has them, also while another one fails', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, { stream: '', load: ', strategy: replace, threshold: 100%' });
    expect((await run(folder)).code).to.equal(0);
    shops.orders['berlin']?.splice(0, 1);
    shops.orders['paris']?.push(order('9', '9.00'));
    shops.broken.set('main', 0);
    expect((await run(folder)).code).to.equal(1);
    expect(await rowsIn(folder)).to.deep.equal([
      'berlin 2 2.00',
      'berlin 3 2.00',
      'default 1 1.00',
      'default 2 1.00',
      'paris 1 3.00',
      'paris 2 3.00',
      'paris 9 9.00',
    ]);
  });

  it('are swept each by itself', async () => {
    const shops = await shopsFor(three());
    const stream = `${cursor}    deletes: [{by: sweep, every: 1ms, threshold: 100%}]\n`;
    const folder = project(shops, { stream });
    expect((await run(folder)).code).to.equal(0);
    shops.orders['berlin']?.splice(0, 2);
    expect((await run(folder)).code).to.equal(0);
    expect(await rowsIn(folder)).to.deep.equal([
      'berlin 3 2.00',
      'default 1 1.00',
      'default 2 1.00',
      'paris 1 3.00',
      'paris 2 3.00',
    ]);
  });

  it('have Blockers of their own, and a value that is set for one record of one account', async () => {
    const shops = await shopsFor({
      ...three(),
      berlin: [order('1', 'two'), order('2', '2.00')],
      paris: [order('1', 'two')],
    });
    const folder = project(shops, {});
    expect((await run(folder)).code).to.equal(0);
    const { stdout } = await etl(['blockers', '-p', folder]);
    expect(stdout).to.contain('record 1 of berlin, total').and.to.contain('record 1 of paris, total');
    const set = ['--set', 'total=2.50', '--expires', '2999-12-31', '--reason', 'typed'];
    const set_ = await etl(['blockers', 'override', '--account', 'berlin', ...set, '-p', folder]);
    expect(set_.code, set_.stderr).to.equal(0);
    expect(readFileSync(join(folder, 'overrides/orders.yml'), 'utf8')).to.contain('account: berlin');
    expect((await run(folder)).code).to.equal(0);
    expect((await rowsIn(folder)).filter((row) => row.includes(' 1 '))).to.deep.equal([
      'berlin 1 2.50',
      'default 1 1.00',
    ]);
  });

  it('are read once more one by one, and all of them', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, {});
    expect((await run(folder)).code).to.equal(0);
    const asked = async (...args: readonly string[]): Promise<readonly string[]> => {
      const before = shops.asked.length;
      const { code, stderr } = await run(folder, ...args, '--from', '2025-12-01');
      expect(code, stderr).to.equal(0);
      return [...new Set(shops.asked.slice(before).map((path) => path.split('/')[1] ?? ''))].sort();
    };
    expect(await asked('--backfill', 'shop.orders@berlin')).to.deep.equal(['berlin']);
    expect(await asked('--backfill', 'shop.orders@default')).to.deep.equal(['main']);
    expect(await asked('--backfill', 'shop.orders')).to.deep.equal(['berlin', 'main', 'paris']);
  });

  it('are mapped again, each to its own rows, also where rows were not staged', async () => {
    const shops = await shopsFor(three());
    const environment = 'environments: {dev: {staging: {rows: false}}}\n';
    const folder = project(shops, { etl: environment });
    expect((await run(folder)).code).to.equal(0);
    const before = await rowsIn(folder);
    expect(before).to.have.length(7);
    expect((await etl(['audit', '-p', folder])).code).to.equal(0);
    const path = join(folder, 'mappings/orders.yml');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `${text}  doubled: {expr: "total & total", type: string}\n`);
    const asked = shops.asked.length;
    const again = await run(folder, '--from-ledger');
    expect(again.code, again.stderr).to.equal(0);
    expect(shops.asked.length).to.equal(asked);
    expect(await rowsIn(folder)).to.deep.equal(before);
    const show = await etl(['state', 'show', 'shop.orders', '-p', folder]);
    expect(show.stdout).to.contain('shop.orders\n').and.to.contain('shop.orders (berlin)\n');
  });

  it('are replayed from recordings of one of them', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, {});
    const recorded = await etl(['record', 'shop.orders@berlin', '-p', folder], secrets);
    expect(recorded.code, recorded.stderr).to.equal(0);
    expect((await etl(['test', '--update', '-p', folder])).code).to.equal(0);
    const outcome = readFileSync(join(folder, 'recordings/shop.orders@berlin/recording.yml'), 'utf8');
    expect(outcome).to.contain('stream: shop.orders@berlin');
    const { code, stdout, stderr } = await etl(['test', '-p', folder]);
    expect(code, stderr + stdout).to.equal(0);
  });
});
