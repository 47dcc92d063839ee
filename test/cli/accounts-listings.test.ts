import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl } from '../support/cli.ts';
import { ownSchema, sharedPostgres } from '../support/postgres.ts';
import {
  cursor,
  order,
  pageSize,
  project,
  rowsIn,
  run,
  type Shops,
  secrets,
  shopsOf,
  three,
} from '../support/shops.ts';

const replaced = { stream: '', load: ', strategy: replace, threshold: 100%' };

interface Audited {
  readonly status: string;
  readonly accounted_percent: number;
}

async function audited(folder: string): Promise<Audited> {
  const { code, stdout, stderr } = await etl(['audit', '--json', '-p', folder], secrets);
  expect(code, stdout + stderr).to.equal(0);
  return (JSON.parse(stdout) as { result: Audited }).result;
}

/** Staging of a project, each test has its own. */
interface Kind {
  readonly name: string;
  settings(): string;
}

describe('listings of several accounts that fill one table', function () {
  this.timeout(120_000);
  const opened: Shops[] = [];
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
    process.env['STAGING_URL'] = url;
  });

  after(() => {
    delete process.env['STAGING_URL'];
  });

  afterEach(async () => {
    for (const shops of opened.splice(0)) await shops.close();
  });

  const shopsFor = async (orders: Shops['orders']): Promise<Shops> => {
    const shops = await shopsOf(orders);
    opened.push(shops);
    return shops;
  };

  const kinds: readonly Kind[] = [
    { name: 'SQLite', settings: () => '{dialect: sqlite}' },
    { name: 'SQLite without staged rows', settings: () => '{dialect: sqlite, rows: false}' },
    {
      name: 'PostgreSQL',
      settings: () => `{dialect: postgres, url: "\${env:STAGING_URL}", schema: ${ownSchema(url)}}`,
    },
  ];
  for (const { name, settings } of kinds) {
    it(`are replaced each by itself, and one that was cut off keeps its old rows whole: ${name}`, async () => {
      const shops = await shopsFor(three());
      const environment = `environments: {dev: {staging: ${settings()}}}\n`;
      const folder = project(shops, { ...replaced, etl: environment });
      expect((await run(folder)).code).to.equal(0);
      // A new record at the beginning, one that is gone, and one that has changed: none may show before the rest is there.
      shops.orders['paris'] = [order('0', '3.50'), order('2', '9.00'), order('4', '3.50')];
      shops.orders['berlin']?.splice(0, 1);
      shops.broken.set('paris', pageSize);
      const cut = await run(folder, '--json');
      expect(cut.code, cut.stderr).to.equal(1);
      const old = ['default 1 1.00', 'default 2 1.00', 'paris 1 3.00', 'paris 2 3.00'];
      expect(await rowsIn(folder)).to.deep.equal(['berlin 2 2.00', 'berlin 3 2.00', ...old]);
      const [table] = JSON.parse(cut.stdout).result.tables;
      expect(table).to.include({ status: 'succeeded', held: 2, deleted: 1 });
      const shown = await etl(['state', 'show', 'shop.orders', '-p', folder], secrets);
      expect(shown.stdout.split('shop.orders').find((one) => one.startsWith(' (paris)'))).to.match(
        /held until its listing was read/,
      );
      expect(await audited(folder)).to.include({ status: 'accounted', accounted_percent: 100 });
      // Again and again: the others go on, and what waits is not in the way.
      shops.orders['main']?.push(order('7'));
      expect((await run(folder)).code).to.equal(1);
      expect((await rowsIn(folder)).filter((row) => !row.startsWith('b'))).to.deep.equal(
        [...old, 'default 7 1.00'].sort(),
      );
      shops.broken.clear();
      const asked = shops.asked.length;
      expect((await run(folder)).code).to.equal(0);
      // It goes on in the middle.
      expect(shops.asked.slice(asked).filter((path) => path.startsWith('/paris'))).to.have.length(1);
      expect((await rowsIn(folder)).filter((row) => row.startsWith('paris'))).to.deep.equal([
        'paris 0 3.50',
        'paris 2 9.00',
        'paris 4 3.50',
      ]);
      expect(await audited(folder)).to.include({ status: 'accounted', accounted_percent: 100 });
      const parity = await etl(['parity', '-p', folder], secrets);
      expect(parity.code, parity.stdout + parity.stderr).to.equal(0);
    });
  }

  it('wait for the account alone that no longer lists too many of its records', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, { ...replaced, load: ', strategy: replace, threshold: 40%' });
    expect((await run(folder)).code).to.equal(0);
    shops.orders['paris'] = [order('8', '8.00')];
    shops.orders['main']?.push(order('7'));
    const first = await run(folder);
    expect(first.code).to.equal(1);
    expect(first.stderr + first.stdout).to.contain(
      'extract shop.orders@paris no longer finds 2 of 3 records',
    );
    expect(first.stderr + first.stdout).to.contain('Nothing of the account paris is loaded');
    const others = ['berlin 1 2.00', 'berlin 2 2.00', 'berlin 3 2.00', 'default 1 1.00', 'default 2 1.00'];
    const before = [...others, 'default 7 1.00', 'paris 1 3.00', 'paris 2 3.00'];
    expect(await rowsIn(folder)).to.deep.equal(before);
    expect((await run(folder)).code).to.equal(1);
    expect(await rowsIn(folder)).to.deep.equal(before);
    shops.orders['paris'] = [order('1', '3.00'), order('2', '3.00'), order('8', '8.00')];
    expect((await run(folder)).code).to.equal(0);
    expect((await rowsIn(folder)).filter((row) => row.startsWith('paris'))).to.deep.equal([
      'paris 1 3.00',
      'paris 2 3.00',
      'paris 8 8.00',
    ]);
  });

  it('let go what has waited when the mapping no longer replaces', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, replaced);
    expect((await run(folder)).code).to.equal(0);
    shops.orders['paris']?.unshift(order('0', '3.50'));
    shops.broken.set('paris', pageSize);
    expect((await run(folder)).code).to.equal(1);
    const path = join(folder, 'mappings/orders.yml');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(', strategy: replace, threshold: 100%', ''));
    expect((await run(folder, '--from-ledger')).code).to.equal(0);
    expect((await rowsIn(folder)).filter((row) => row.startsWith('paris'))).to.deep.equal([
      'paris 0 3.50',
      'paris 1 3.00',
      'paris 2 3.00',
    ]);
  });

  it('are forgotten and read anew without what was left of the one that was cut off', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, replaced);
    expect((await run(folder)).code).to.equal(0);
    shops.orders['paris'] = [order('0', '3.50'), order('5', '3.50'), order('1', '3.00')];
    shops.broken.set('paris', pageSize);
    expect((await run(folder)).code).to.equal(1);
    expect((await etl(['state', 'reset', 'shop.orders@paris', '-p', folder])).code).to.equal(0);
    shops.orders['paris'] = [order('1', '3.00'), order('6', '3.50')];
    shops.broken.set('paris', 0);
    expect((await run(folder)).code).to.equal(1);
    const paris = async (): Promise<readonly string[]> =>
      (await rowsIn(folder)).filter((row) => row.startsWith('paris'));
    expect(await paris()).to.deep.equal(['paris 1 3.00', 'paris 2 3.00']);
    shops.broken.clear();
    expect((await run(folder)).code).to.equal(0);
    expect(await paris()).to.deep.equal(['paris 1 3.00', 'paris 6 3.50']);
  });

  it('that a sweep reads take nothing from an account while they are not whole', async () => {
    const shops = await shopsFor(three());
    const folder = project(shops, {
      stream: `${cursor}    deletes: [{by: sweep, every: 1ms, threshold: 100%}]\n`,
    });
    expect((await run(folder)).code).to.equal(0);
    shops.orders['berlin']?.splice(0, 1);
    shops.orders['paris'] = [order('2', '3.00'), order('5', '3.00'), order('6', '3.00')];
    shops.broken.set('paris', pageSize);
    expect((await run(folder)).code).to.equal(1);
    const rows = await rowsIn(folder);
    expect(rows).to.include('paris 1 3.00').and.to.not.include('berlin 1 2.00');
    shops.broken.clear();
    expect((await run(folder)).code).to.equal(0);
    expect((await rowsIn(folder)).filter((row) => row.startsWith('paris'))).to.deep.equal([
      'paris 2 3.00',
      'paris 5 3.00',
      'paris 6 3.00',
    ]);
  });
});
