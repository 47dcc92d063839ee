import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, tableOf } from '../support/cli.ts';
import {
  accounted,
  byFlag,
  byStream,
  line,
  minute,
  type Order,
  project,
  run,
  shop,
  skus,
} from '../support/shop-of-deletes.ts';

describe('lines of a parent', function () {
  this.timeout(120_000);
  const replace = { lines: ', children: replace' };

  it('leave the table when the newest parent no longer has them', async () => {
    const provider = await shop({ id: 'a', at: minute(1), lines: [line('x'), line('y')] });
    const folder = project(provider, '', replace);
    await run(folder);
    provider.orders[0] = { id: 'a', at: minute(2), lines: [line('y', 2), line('z')] };
    expect((await run(folder))['lines']).to.include({ deleted: 1, updated: 1, inserted: 1 });
    expect(await skus(folder)).to.deep.equal(['y', 'z']);
    provider.orders[0] = { id: 'a', at: minute(3), lines: [] };
    expect((await run(folder))['lines']).to.include({ deleted: 2 });
    await provider.close();
    expect(await skus(folder)).to.deep.equal([]);
  });

  it('stay while one of the newest is blocked, and when the parent is an older one', async () => {
    const provider = await shop(
      { id: 'a', at: minute(5), lines: [line('x'), line('y')] },
      { id: 'b', at: minute(5), lines: [line('z')] },
    );
    const folder = project(provider, '', replace);
    await run(folder);
    provider.orders[0] = { id: 'a', at: minute(6), lines: [line('x', 2), line('w', 'bad')] };
    // The API ignores the filter, and a stale replica answers.
    provider.orders[1] = { id: 'b', at: minute(2), lines: [line('v')] };
    const file = join(folder, 'sources/shop.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('query: since', 'query: ignored'));
    expect((await run(folder))['lines']).to.include({ deleted: 0, superseded: 1, updated: 1 });
    await provider.close();
    await accounted(folder);
    expect(await skus(folder)).to.deep.equal(['x', 'y', 'z']);
  });

  it('that are gone already leave when the mapping comes to say so, without a request', async () => {
    const provider = await shop({ id: 'a', at: minute(1), lines: [line('x'), line('y')] });
    const folder = project(provider, '');
    await run(folder);
    provider.orders[0] = { id: 'a', at: minute(2), lines: [line('y')] };
    await run(folder);
    expect(await skus(folder)).to.deep.equal(['x', 'y']);
    const file = join(folder, 'mappings/lines.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('sku]', 'sku], children: replace, deletes: soft'));
    expect((await run(folder))['lines']).to.include({ deleted: 1 });
    await provider.close();
    await accounted(folder);
    const rows = await tableOf(folder, 'lines');
    expect(rows.filter((row) => row['_deleted_at'] !== null).map((row) => row['sku'])).to.deep.equal(['x']);
  });
});

describe('records that are gone', function () {
  this.timeout(120_000);

  it('leave their tables by a flag, with all that was made of them, and may come back', async () => {
    const provider = await shop(
      { id: 'a', at: minute(1), lines: [line('x'), line('y')] },
      { id: 'b', at: minute(1), lines: [line('z')] },
    );
    const folder = project(provider, byFlag, { orders: ', deletes: soft' });
    await run(folder);
    // A stub: nothing but what says that it is gone.
    provider.orders[0] = { id: 'a', at: minute(2), status: 'deleted' };
    const second = await run(folder);
    expect(second['orders']).to.include({ deleted: 1, updated: 0 });
    expect(second['lines']).to.include({ deleted: 2 });
    const { stdout } = await etl(['plan', '-p', folder]);
    expect(stdout).to.contain('records with status as declared: these rows get a `_deleted_at`');
    provider.orders[0] = { id: 'a', at: minute(3), status: 'open', lines: [line('x')] };
    await accounted(folder);
    const third = await run(folder);
    await provider.close();
    await accounted(folder);
    expect(third['orders']).to.include({ updated: 1, inserted: 0 });
    expect(await skus(folder)).to.deep.equal(['x', 'z']);
    expect((await tableOf(folder, 'orders')).map((row) => row['_deleted_at'])).to.deep.equal([null, null]);
  });

  it('leave by a stream that lists them, unless they came back later', async () => {
    const provider = await shop(
      { id: 'a', at: minute(1), lines: [line('x')] },
      { id: 'b', at: minute(1), lines: [line('y')] },
      { id: 'c', at: minute(8), lines: [line('z')] },
    );
    const folder = project(provider, byStream);
    await run(folder);
    provider.deletions.push({ order: 'a', at: minute(5) }, { order: 'c', at: minute(5) });
    expect((await run(folder))['orders']).to.include({ deleted: 1 });
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.deep.equal(['b', 'c']);
    expect(await skus(folder)).to.deep.equal(['y', 'z']);
    await accounted(folder);
    const file = join(folder, 'mappings/orders.yml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}  at: {from: at, type: timestamp}\n`);
    const asked = provider.asked.length;
    const { stdout } = await etl(['plan', '-p', folder]);
    expect(stdout).to.contain('remap orders from shop.deleted_orders');
    await run(folder);
    await provider.close();
    expect(provider.asked.length - asked).to.equal(2);
    expect((await tableOf(folder, 'orders')).map((row) => row['at'])).to.not.include(null);
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.deep.equal(['b', 'c']);
  });

  it('leave by a whole listing that nothing filters, and one that came back later stays', async () => {
    const provider = await shop(
      { id: 'a', at: minute(1) },
      { id: 'b', at: minute(2) },
      { id: 'c', at: minute(3) },
    );
    const withAt = byStream.replace('key: [order]', 'key: [order], at: gone.at');
    const folder = project(provider, withAt);
    const file = join(folder, 'sources/shop.yml');
    const declared = readFileSync(file, 'utf8');
    const filtered = '    cursor: {field: at, from: {query: since}}\n';
    const last = declared.lastIndexOf(filtered);
    writeFileSync(file, declared.slice(0, last) + declared.slice(last + filtered.length));
    await run(folder);
    // Which of them the API lists does not depend on when it was asked before.
    const gone = (order: string, at: number) => ({ order, at: '', gone: { at: minute(at) } });
    provider.deletions.push(gone('a', 5), gone('b', 6));
    expect((await run(folder))['orders']).to.include({ deleted: 2 });
    provider.orders.push({ id: 'a', at: minute(7) });
    expect((await run(folder))['orders']).to.include({ deleted: 0, inserted: 1 });
    expect((await run(folder))['orders']).to.include({ deleted: 0, inserted: 0, updated: 0 });
    expect((await tableOf(folder, 'orders')).map((row) => row['id']).sort()).to.deep.equal(['a', 'c']);
    await accounted(folder);

    provider.deletions.push({ order: 'c', at: '' });
    const failed = await etl(['run', '-p', folder]);
    await provider.close();
    expect(failed.code).to.equal(1);
    expect(failed.stdout + failed.stderr).to.contain('gone.at');
    expect((await tableOf(folder, 'orders')).map((row) => row['id']).sort()).to.deep.equal(['a', 'c']);
  });

  it('leave though a deletion says less of the time than the record, where it is declared so', async () => {
    const second = (at: string) => `2026-01-01T00:00:${at}Z`;
    const provider = await shop(
      { id: 'a', at: second('10.500') },
      { id: 'b', at: second('10.999') },
      { id: 'c', at: second('11.000') },
    );
    const cut = (more: string) => byStream.replace('key: [order]', `key: [order], at: at${more}`);
    const [exact, coarse] = [project(provider, cut('')), project(provider, cut(', precision: 1s'))];
    for (const folder of [exact, coarse]) await run(folder);
    for (const order of ['a', 'b', 'c']) provider.deletions.push({ order, at: second('10') });
    const idsOf = async (folder: string) => (await tableOf(folder, 'orders')).map(({ id }) => id).sort();
    for (const folder of [exact, coarse]) await run(folder);
    expect(await idsOf(exact)).to.deep.equal(['a', 'b', 'c']);
    expect(await idsOf(coarse)).to.deep.equal(['c']);
    provider.orders.push({ id: 'a', at: second('12.001') });
    await run(coarse);
    await provider.close();
    expect(await idsOf(coarse)).to.deep.equal(['a', 'c']);
    await accounted(coarse);
  });

  it('leave when a sweep no longer finds them, but never because a listing was short', async () => {
    const orders = Array.from(
      { length: 8 },
      (_, at): Order => ({
        id: `o${at}`,
        at: minute(at),
        lines: [line('x', at === 3 ? 'bad' : 1)],
      }),
    );
    const provider = await shop(...orders);
    const folder = project(provider, '    deletes: [{by: sweep, every: 1ms, threshold: 30%}]');
    await run(folder);
    provider.orders.splice(5, 1);
    // It is of the past: no other run asks for it, but a sweep finds it.
    provider.orders.unshift({ id: 'o9', at: minute(0), lines: [line('x')] });
    const second = await run(folder);
    expect(second['orders']).to.include({ deleted: 1, inserted: 1 });
    expect(second['lines']).to.include({ deleted: 1 });
    await accounted(folder);
    provider.shown.records = 4;
    const { code, stdout } = await etl(['run', '--json', '-p', folder]);
    expect(code).to.equal(1);
    expect(stdout).to.contain('ETL0470').and.to.contain('of 8 records of orders');
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.have.length(8);
    provider.shown.records = Number.POSITIVE_INFINITY;
    provider.orders.push({ id: 'o5', at: minute(5), lines: [line('x')] });
    expect((await run(folder))['orders']).to.include({ inserted: 1, deleted: 0 });
    await provider.close();
    await accounted(folder);
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.have.length(9);
  });

  it('are looked for a few pages a run, as the share of the limits allows; a changed mapping keeps it so', async () => {
    const orders = Array.from({ length: 8 }, (_, at): Order => ({ id: `o${at}`, at: minute(at), lines: [] }));
    const provider = await shop(...orders);
    const limits = 'budget: {limits: [{id: all, bucket: {rate: 1/s, burst: 10}}]}\nstreams:\n  orders:';
    const folder = project(provider, '    deletes: [{by: sweep, share: 1%, threshold: 30%}]');
    const file = join(folder, 'sources/shop.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('streams:\n  orders:', limits));
    const swept = async (): Promise<number> => {
      const before = provider.asked.length;
      await run(folder);
      const listing = provider.asked.slice(before).filter((path) => path.startsWith('/orders'));
      return listing.filter((path) => !path.includes('since=')).length;
    };
    expect((await etl(['plan', '-p', folder])).stdout).to.contain('0.57 pages for each minute');
    // The first run reads the stream itself, three pages, and one page of the sweep.
    expect(await swept()).to.equal(3 + 1);
    provider.orders.splice(7, 1);
    expect([await swept(), await swept(), await swept()]).to.deep.equal([1, 1, 0]);
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.have.length(7);
    const mapping = join(folder, 'mappings/orders.yml');
    writeFileSync(mapping, `${readFileSync(mapping, 'utf8')}  at: {from: at, type: timestamp}\n`);
    await run(folder);
    await provider.close();
    expect((await tableOf(folder, 'orders')).map((row) => row['id'])).to.have.length(7);
  });
});
