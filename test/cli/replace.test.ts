import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, json, projectFolder, tableOf } from '../support/cli.ts';

interface Store {
  readonly id: string;
  readonly city: string;
  readonly size?: number | string;
  readonly open?: boolean;
  readonly shelves?: readonly { readonly shelf: string }[];
}

interface Chain extends Api {
  readonly stores: Store[];
  /** Pages from this offset on end in the middle. */
  cut: number;
  /** How many records the API says that there are; absent where it does not. */
  total: number | undefined;
}

/** An API without a cursor, over a list that a test may change: two stores a page. */
async function chain(...stores: Store[]): Promise<Chain> {
  const state = { cut: Number.POSITIVE_INFINITY, total: undefined as number | undefined };
  const provider = await api((request, response) => {
    const from = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset') ?? 0);
    if (from >= state.cut) return response.destroy();
    return json(response, { stores: stores.slice(from, from + 2), total: state.total });
  });
  return Object.assign(state, provider, { stores });
}

const project = (provider: Chain, load = ''): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\naudit: {threshold: 100%}\n',
    'sources/chain.yml': `kind: source
name: chain
baseUrl: ${provider.url}
attempts: 1
streams:
  stores:
    request: {path: /stores}
    records: stores
    primaryKey: [id]
    paginate: {type: offset, param: offset, sizeParam: limit, size: 2, total: total, orderedBy: [id]}
`,
    'mappings/stores.yml': `kind: mapping
name: stores
from: chain.stores
where: {open: {ne: false}}
load: {strategy: replace, key: [id]${load}}
properties:
  id: {from: id, type: string}
  city: {from: city, type: string}
  size: {from: size, type: integer}
`,
    'mappings/shelves.yml': `kind: mapping
name: shelves
from: chain.stores
each: shelves
load: {strategy: replace, key: [store, shelf]}
properties:
  store: {from: $parent.id, type: string}
  shelf: {from: shelf, type: string}
`,
    'mappings/ever.yml': `kind: mapping
name: ever
from: chain.stores
load: {key: [id]}
properties:
  id: {from: id, type: string}
`,
  });

interface Table {
  readonly mapping: string;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly deferred?: string;
}

interface Told {
  readonly code: number | null;
  readonly tables: Record<string, Table>;
  readonly codes: readonly string[];
}

async function run(folder: string, ...args: string[]): Promise<Told> {
  const { code, stdout } = await etl(['run', '--json', '-p', folder, ...args]);
  const { result, diagnostics } = JSON.parse(stdout) as {
    result: { tables: Table[] };
    diagnostics: { code: string }[];
  };
  return {
    code,
    tables: Object.fromEntries(result.tables.map((table) => [table.mapping, table])),
    codes: diagnostics.map((one) => one.code),
  };
}

/** Without a mistake, and the ledger, the warehouse's account and the tables agree. */
async function ran(folder: string): Promise<Told['tables']> {
  const { code, tables, codes } = await run(folder);
  expect(code, codes.join()).to.equal(0);
  const audit = await etl(['audit', '-p', folder]);
  expect(audit.code, audit.stdout + audit.stderr).to.equal(0);
  return tables;
}

const ids = async (folder: string, table = 'stores'): Promise<readonly (string | null | undefined)[]> =>
  (await tableOf(folder, table)).map((row) => row['id']).sort();

const store = (id: string, more: Partial<Store> = {}): Store => ({
  id,
  city: 'Bonn',
  size: 5,
  shelves: [{ shelf: 'x' }, { shelf: 'y' }],
  ...more,
});

describe('load.strategy: replace', function () {
  this.timeout(180_000);

  it('holds just what the listing has, without rewriting what stays', async () => {
    const provider = await chain(store('a'), store('b'), store('c'), store('d'), store('e'));
    const folder = project(provider);
    expect((await ran(folder))['stores']).to.include({ inserted: 5, deleted: 0 });
    // b is gone, c moves, d is closed, e has lost a shelf and f is new.
    provider.stores.splice(1, 4, store('c', { city: 'Köln' }), store('d', { open: false, shelves: [] }));
    provider.stores.push(store('e', { shelves: [{ shelf: 'y' }] }), store('f'));
    const second = await ran(folder);
    expect(second['stores']).to.include({ inserted: 1, updated: 1, unchanged: 2, deleted: 2 });
    expect(second['shelves']).to.include({ inserted: 2, updated: 0, deleted: 2 + 2 + 1 });
    expect(await ids(folder)).to.deep.equal(['a', 'c', 'e', 'f']);
    const shelves = (await tableOf(folder, 'shelves')).map((row) => `${row['store']}${row['shelf']}`).sort();
    expect(shelves).to.deep.equal(['ax', 'ay', 'cx', 'cy', 'ey', 'fx', 'fy']);
    // A table beside it that is merged keeps what it has.
    expect(await ids(folder, 'ever')).to.deep.equal(['a', 'b', 'c', 'd', 'e', 'f']);
    // What has gone comes back.
    provider.stores.push(store('b'));
    expect((await ran(folder))['stores']).to.include({ inserted: 1, updated: 0, deleted: 0 });
    await provider.close();
    expect(await ids(folder)).to.deep.equal(['a', 'b', 'c', 'e', 'f']);
    // A changed mapping is made of kept pages, and of what they lack.
    const file = join(folder, 'mappings/stores.yml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}  shelves: {from: shelves, type: json}\n`);
    expect((await run(folder, '--from-ledger')).code).to.equal(0);
    expect(await ids(folder)).to.deep.equal(['a', 'b', 'c', 'e', 'f']);
  });

  it('loads nothing of a listing that was cut short, and goes on there', async () => {
    const provider = await chain(store('a'), store('b'), store('c'), store('d'), store('e'));
    const folder = project(provider);
    await ran(folder);
    provider.stores.splice(0, 1, store('a', { city: 'Köln' }));
    provider.stores.splice(4, 1);
    provider.cut = 2;
    const cut = await run(folder);
    expect(cut.code).to.equal(1);
    expect(cut.tables['stores']).to.include({ updated: 0, deleted: 0 });
    const kept = await run(folder, '--from-ledger');
    expect(kept.tables['stores']).to.include({ updated: 0, deleted: 0 });
    expect(kept.tables['stores']?.deferred).to.contain('its listing has not been read to its end yet');
    expect(kept.tables['ever']?.deferred).to.equal(undefined);
    expect((await tableOf(folder, 'stores')).map((row) => row['city'])).to.not.include('Köln');
    provider.cut = Number.POSITIVE_INFINITY;
    const before = provider.asked.length;
    expect((await ran(folder))['stores']).to.include({ updated: 1, unchanged: 3, deleted: 1 });
    await provider.close();
    expect(provider.asked.slice(before).filter((path) => path.includes('offset=0'))).to.deep.equal([]);
    expect(await ids(folder)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('is not emptied by an empty answer, unless the project says that it may', async () => {
    const provider = await chain(store('a'), store('b'), store('c'));
    const folder = project(provider);
    await ran(folder);
    const stores = provider.stores.splice(0);
    const { code, tables, codes } = await run(folder);
    expect([code, codes.includes('ETL0470')]).to.deep.equal([1, true]);
    expect(tables['stores']).to.include({ deleted: 0 });
    expect(await ids(folder)).to.deep.equal(['a', 'b', 'c']);
    expect((await etl(['blockers', '--json', '-p', folder])).stdout).to.contain('ETL0470');
    // A listing that has less than the API says: what it has is loaded.
    provider.stores.push(...stores.slice(0, 2), store('d'));
    provider.total = 5;
    const short = await run(folder);
    expect(short.codes).to.include('ETL0419');
    expect(await ids(folder)).to.deep.equal(['a', 'b', 'c', 'd']);
    provider.total = undefined;
    provider.stores.splice(0);
    for (const name of ['stores', 'shelves']) {
      const file = join(folder, `mappings/${name}.yml`);
      writeFileSync(file, readFileSync(file, 'utf8').replace('key: [', 'threshold: 100%, key: ['));
    }
    expect((await ran(folder))['stores']).to.include({ deleted: 4 });
    await provider.close();
    expect(await ids(folder)).to.deep.equal([]);
    expect(
      JSON.parse((await etl(['blockers', '--json', '-p', folder])).stdout).result.blockers,
    ).to.deep.equal([]);
  });

  it('keeps the last good row of a record that is blocked, and with soft deletes what is gone', async () => {
    const provider = await chain(store('a'), store('b'), store('c'), store('d'));
    const folder = project(provider, ', deletes: soft');
    await ran(folder);
    provider.stores.splice(0, 2, store('a', { size: 'many', city: 'Köln' }));
    expect((await run(folder)).tables['stores']).to.include({ deleted: 1 });
    await run(folder);
    provider.stores.splice(0, 1);
    // What waits for a person is not taken for gone.
    expect((await run(folder)).code).to.equal(0);
    await provider.close();
    const rows = (await tableOf(folder, 'stores')).map(
      ({ id, city, _deleted_at: gone }) => `${id} ${city} ${gone === null ? 'here' : 'gone'}`,
    );
    expect(rows.sort()).to.deep.equal(['a Bonn here', 'b Bonn gone', 'c Bonn here', 'd Bonn here']);
  });
});
