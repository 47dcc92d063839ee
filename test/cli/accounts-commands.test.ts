import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, type Finished } from '../support/cli.ts';
import { order, project, rowsIn, run, type Shops, secrets, shopsOf, three } from '../support/shops.ts';

/** Commands in a project over three shops: each says whose it is, and does nothing to another one. */
describe('commands on one account of several', function () {
  this.timeout(120_000);
  let shops: Shops;
  let folder: string;

  const cli = (...args: readonly string[]): Promise<Finished> => etl([...args, '-p', folder], secrets);
  /** With the secret of one shop alone. */
  const inBerlin = (...args: readonly string[]): Promise<Finished> =>
    etl([...args, '-p', folder], { BERLIN_TOKEN: secrets.BERLIN_TOKEN });
  const askedBy = async (work: () => Promise<Finished>): Promise<readonly string[]> => {
    const before = shops.asked.length;
    const { code, stdout, stderr } = await work();
    expect(code, stdout + stderr).to.equal(0);
    return [...new Set(shops.asked.slice(before).map((path) => path.split('/')[1] ?? ''))].sort();
  };

  beforeEach(async () => {
    shops = await shopsOf({ ...three(), paris: [order('1', '3.00'), order('2', 'two')] });
    folder = project(shops, {});
  });

  afterEach(() => shops.close());

  it('preview shows the account that is asked for, and needs its secret alone', async () => {
    const first = await cli('preview', 'orders');
    expect(first.stdout).to.contain('shop.orders → main.orders').and.to.contain('1.00');
    expect(await askedBy(() => inBerlin('preview', 'orders', '--account', 'berlin'))).to.deep.equal([
      'berlin',
    ]);
    const one = await inBerlin('preview', 'orders', '--account', 'berlin');
    expect(one.stdout).to.contain('shop.orders@berlin → main.orders').and.to.contain('2.00');
    const nobody = await cli('preview', 'orders', '--account', 'rome');
    expect(nobody.code).to.equal(3);
    expect(nobody.stderr).to.contain('There are: default, berlin, paris.');
    expect((await run(folder)).code).to.equal(0);
    const loaded = await cli('preview', 'orders', '--warehouse');
    expect(loaded.stdout)
      .to.match(/_account +id/)
      .and.to.match(/berlin +3/);
    const blocked = await cli('preview', 'orders', '--blocked');
    expect(blocked.stdout)
      .to.match(/account +record/)
      .and.to.match(/paris +2/);
    expect((await cli('preview', 'orders', '--blocked', '--account', 'berlin')).stdout).to.contain(
      'No row of',
    );
  });

  it('run, record and audit --source of one account need no secret of the others', async () => {
    expect(await askedBy(() => inBerlin('run', '-q', '--select', 'shop@berlin+'))).to.deep.equal(['berlin']);
    expect(await rowsIn(folder)).to.deep.equal(['berlin 1 2.00', 'berlin 2 2.00', 'berlin 3 2.00']);
    expect(await askedBy(() => inBerlin('record', 'shop.orders@berlin'))).to.deep.equal(['berlin']);
    expect(await askedBy(() => inBerlin('audit', '--source', 'shop.orders@berlin'))).to.deep.equal([
      'berlin',
    ]);
    const planned = await inBerlin('plan', '--select', 'shop@berlin+');
    expect(planned.stdout).to.contain('${env:BERLIN_TOKEN}').and.not.to.contain('PARIS_TOKEN');
    const all = await inBerlin('run', '-q');
    expect(all.code).to.equal(3);
    expect(all.stderr).to.contain('PARIS_TOKEN is not set');
  });

  it('audit --source compares the others when one cannot be read, and says so', async () => {
    expect((await run(folder)).code).to.equal(0);
    shops.broken.set('berlin', 0);
    const audited = await cli('audit', '--source', '--json');
    expect(audited.code).to.equal(6);
    const { result, diagnostics } = JSON.parse(audited.stdout);
    expect(result.streams.map(({ stream }: { stream: string }) => stream)).to.deep.equal([
      'shop.orders',
      'shop.orders@paris',
    ]);
    expect(diagnostics.map(({ code }: { code: string }) => code)).to.include('ETL0404');
    const alone = await cli('audit', '--source', 'shop.orders@berlin');
    expect(alone.code).to.equal(1);
  });

  it('retry reads the account that has failed, and no other', async () => {
    shops.broken.set('berlin', 0);
    expect((await run(folder)).code).to.equal(1);
    shops.broken.clear();
    const shown = JSON.parse((await cli('state', 'show', '--json')).stdout);
    const [last] = shown.result.runs as { readonly run: string }[];
    expect(await askedBy(() => cli('retry', '-q', last?.run ?? ''))).to.deep.equal(['berlin']);
    expect((await rowsIn(folder)).filter((row) => row.startsWith('berlin'))).to.have.length(3);
    expect((await cli('blockers', '--account', 'berlin')).stdout).to.contain('No Blocker');
  });

  it('state show and explain say what waits of which account', async () => {
    expect((await run(folder)).code).to.equal(0);
    const shown = JSON.parse((await cli('state', 'show', '--json')).stdout);
    const blocked = shown.result.streams.map(
      (one: { account: string; mappings: readonly { blocked: number }[] }) => [
        one.account,
        one.mappings[0]?.blocked,
      ],
    );
    expect(blocked).to.deep.equal([
      ['default', 0],
      ['berlin', 0],
      ['paris', 1],
    ]);
    const { stdout: mapping } = await cli('explain', 'orders');
    expect(mapping).to.contain('record 2 of paris, total');
    const { stdout: stream } = await cli('explain', 'shop.orders@paris');
    expect(stream).to.contain('${var:shop}: "paris"').and.not.to.contain('"berlin"');
    const { stdout: all } = await cli('explain', 'shop.orders');
    expect(all).to.contain('${var:shop} of berlin: "berlin"').and.to.contain('${var:shop} of paris: "paris"');
  });

  it('state set and reset move one account alone', async () => {
    expect((await run(folder)).code).to.equal(0);
    const late = await cli('state', 'set', 'shop.orders@paris', '--cursor', '2027-01-01T00:00:00Z');
    expect(late.code, late.stderr).to.equal(0);
    expect((await cli('state', 'reset', 'shop.orders@berlin')).code).to.equal(0);
    const before = shops.asked.length;
    expect((await run(folder)).code).to.equal(0);
    const asked = shops.asked.slice(before);
    expect(asked.filter((path) => path.startsWith('/berlin') && !path.includes('since'))).to.have.length(2);
    expect(asked.filter((path) => path.startsWith('/paris'))).to.deep.equal([
      '/paris/orders?since=2027-01-01T00%3A00%3A00Z',
    ]);
  });

  it('forget erases a person in each account, also in one that was removed', async () => {
    const path = join(folder, 'sources/shop.yml');
    const text = readFileSync(path, 'utf8').replace('primaryKey: [id]', 'primaryKey: [id]\n    subject: id');
    writeFileSync(path, text);
    expect((await run(folder)).code).to.equal(0);
    writeFileSync(path, text.replace(/\n {2}paris: .*/, ''));
    const dry = await cli('forget', '--subject', '1', '--dry-run');
    expect(dry.stdout).to.contain('shop.orders@berlin').and.to.contain('shop.orders@paris');
    const done = await cli('forget', '--subject', '1', '--yes');
    expect(done.code, done.stdout + done.stderr).to.equal(0);
    expect(await rowsIn(folder)).to.deep.equal(['berlin 2 2.00', 'berlin 3 2.00', 'default 2 1.00']);
  });

  it('a request of an account may be told apart by its name alone', async () => {
    const path = join(folder, 'sources/shop.yml');
    const text = readFileSync(path, 'utf8')
      .replace('${var:shop}', '{account}')
      .replace('default: {vars: {shop: main}}', 'main: {}');
    writeFileSync(path, text);
    expect(await askedBy(() => run(folder))).to.deep.equal(['berlin', 'main', 'paris']);
  });

  it('an account that is added, renamed or removed: the plan says what becomes of its rows', async () => {
    const path = join(folder, 'sources/shop.yml');
    const text = readFileSync(path, 'utf8');
    const paris = /\n {2}paris: .*/;
    writeFileSync(path, text.replace(paris, ''));
    expect((await run(folder)).code).to.equal(0);
    // Added: read from the beginning, the others from where they are.
    writeFileSync(path, text);
    const added = await cli('plan');
    expect(added.stdout).to.contain('+ the stream shop.orders@paris');
    expect(added.stderr).not.to.contain('ETL0253');
    expect((await run(folder)).code).to.equal(0);
    const rows = await rowsIn(folder);
    expect(rows).to.have.length(6);
    // Removed: its rows stay, and what waits for a person does.
    writeFileSync(path, text.replace(paris, ''));
    const removed = await cli('plan');
    expect(removed.stdout).to.contain('- the stream shop.orders@paris');
    expect(removed.stderr).to.contain('ETL0253').and.to.contain("`_account = 'paris'`");
    expect(removed.stderr).to.contain('etl blockers waive --stream shop.STREAM --account paris');
    expect(removed.stderr).not.to.contain('Under a new name');
    expect(await askedBy(() => run(folder))).to.deep.equal(['berlin', 'main']);
    expect(await rowsIn(folder)).to.deep.equal(rows);
    expect((await cli('audit')).code).to.equal(0);
    // A mapping that changes is made of the pages of the account that was removed as well, once.
    const mapping = join(folder, 'mappings/orders.yml');
    writeFileSync(mapping, `${readFileSync(mapping, 'utf8')}  twice: {expr: "id & id", type: string}\n`);
    expect((await cli('plan')).stdout).to.contain('remap orders from shop.orders@paris');
    expect((await run(folder)).code).to.equal(0);
    expect((await cli('plan')).stdout).not.to.contain('remap');
    expect(await rowsIn(folder)).to.deep.equal(rows);
    expect((await cli('audit')).code).to.equal(0);
    expect((await cli('parity')).code).to.equal(0);
    // Renamed: read anew, beside the rows of the old name.
    writeFileSync(path, text.replace('paris: {vars', 'lyon: {vars'));
    const renamed = await cli('plan');
    expect(renamed.stderr).to.contain('ETL0253').and.to.contain('`paris`');
    expect((await run(folder)).code).to.equal(0);
    expect(await rowsIn(folder)).to.deep.equal([...rows, 'lyon 1 3.00'].sort());
    // Back under the old name it goes on where it stood.
    writeFileSync(path, text);
    const before = shops.asked.length;
    expect((await run(folder)).code).to.equal(0);
    expect(shops.asked.slice(before).filter((one) => one.startsWith('/paris'))[0]).to.contain('since');
    // Once the ledger knows nothing of it any more, nothing is said of it.
    writeFileSync(path, text.replace(paris, ''));
    expect((await cli('plan')).stderr).to.contain('ETL0253');
    const unknown = await cli('state', 'reset', 'shop.orders@rome');
    expect([unknown.code, unknown.stderr.includes('ETL0906')]).to.deep.equal([3, true]);
    const left = (await cli('plan')).stderr.match(/`\w+`/g) ?? [];
    expect(left).to.include('`lyon`');
    for (const account of ['paris', 'lyon'])
      expect((await cli('state', 'reset', `shop.orders@${account}`)).code, account).to.equal(0);
    expect((await cli('plan')).stderr).not.to.contain('ETL0253');
  });
});
