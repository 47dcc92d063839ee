import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Api, api, etl, json, projectFolder, tableOf } from '../support/cli.ts';

interface Item {
  readonly id: string;
  readonly at: string;
  readonly state: string;
}

/** An API over a list that a test may change: it lists what changed since. */
async function shop(items: Item[]): Promise<Api> {
  return api((request, response) => {
    const since = Date.parse(new URL(request.url ?? '', 'http://x').searchParams.get('since') ?? minute(0));
    json(
      response,
      items.filter(({ at }) => Date.parse(at) >= since),
    );
  });
}

const mapping = (load: string): string => `kind: mapping
name: items
from: shop.items
load: ${load}
properties:
  id: {from: id, type: string}
  state: {from: state, type: string}
`;

const project = (url: string, stream: string, load: string): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\naudit: {threshold: 100%}\n',
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
streams:
  items:
    request: {path: /items}
    primaryKey: [id]
${stream}
`,
    'mappings/items.yml': mapping(load),
  });

const byCursor = '    cursor: {field: at, from: {query: since}}';

/** Runs a project, and gives the counts of its table. */
async function run(folder: string): Promise<Record<string, number>> {
  const { code, stdout } = await etl(['run', '--json', '-p', folder]);
  const { result, diagnostics } = JSON.parse(stdout) as {
    result: { tables: Record<string, number>[] };
    diagnostics: unknown;
  };
  expect(code, JSON.stringify(diagnostics)).to.equal(0);
  return result.tables[0] ?? {};
}

/** The ledger, the warehouse's account and the table agree. */
async function accounted(folder: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await etl(['audit', '-p', folder, ...args]);
  expect(code, stdout + stderr).to.equal(0);
}

const minute = (at: number): string => new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();

/** Another version of the mapping: its values are others. */
function inCapitals(folder: string): void {
  const file = join(folder, 'mappings/items.yml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(
      'state: {from: state, type: string',
      'state: {from: state, transform: [upper], type: string',
    ),
  );
}

describe('load strategies', function () {
  this.timeout(180_000);

  it('append: keeps every version, also after a change of the mapping, and all is accounted for', async () => {
    const items: Item[] = [
      { id: 'a', at: minute(10), state: 'new' },
      { id: 'b', at: minute(10), state: 'new' },
    ];
    const provider = await shop(items);
    const folder = project(provider.url, byCursor, '{strategy: append, key: [id]}');
    expect(await run(folder)).to.include({ inserted: 2 });
    items[0] = { id: 'a', at: minute(12), state: 'paid' };
    // The lookback reads the other one again.
    expect(await run(folder)).to.include({ inserted: 1, unchanged: 1, updated: 0 });
    await accounted(folder);
    await accounted(folder, '--source');
    inCapitals(folder);
    expect(await run(folder)).to.include({ deleted: 3 });
    await accounted(folder);
    await provider.close();
    const states = (await tableOf(folder, 'items')).map(({ id, state }) => `${id} ${state}`).sort();
    expect(states).to.deep.equal(['a NEW', 'a PAID', 'b NEW']);
  });

  it('scd2: keeps the history, with deletes and after a change of the mapping, and all is accounted for', async () => {
    const items: Item[] = [
      { id: 'a', at: minute(10), state: 'new' },
      { id: 'b', at: minute(10), state: 'new' },
    ];
    const provider = await shop(items);
    const deleting = `${byCursor}\n    deletes: [{by: flag, where: {state: gone}}]`;
    const folder = project(provider.url, deleting, '{strategy: scd2, key: [id]}');
    expect(await run(folder)).to.include({ inserted: 2 });
    items[0] = { id: 'a', at: minute(12), state: 'paid' };
    items[1] = { id: 'b', at: minute(13), state: 'gone' };
    expect(await run(folder)).to.include({ inserted: 1, updated: 0 });
    await accounted(folder);
    await accounted(folder, '--source');
    inCapitals(folder);
    await run(folder);
    await accounted(folder);
    await provider.close();
    const rows = (await tableOf(folder, 'items')).map(
      ({ id, state, _valid_from: from, _valid_to: to }) =>
        `${id} ${state} ${from?.slice(11, 16)} ${to?.slice(11, 16)}`,
    );
    expect(rows.sort()).to.deep.equal(['a NEW 00:10 00:12', 'a PAID 00:12 undefined', 'b NEW 00:10 00:13']);
  });
});
