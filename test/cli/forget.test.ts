import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { searched } from '../support/byte-search.ts';
import { type Api, api, etl, json, projectFolder } from '../support/cli.ts';

const env = { PII_KEY: 'a key for tokens, long enough' };
const mail = 'zephyrine.quill@example.test';
const token = createHmac('sha256', env.PII_KEY).update(mail).digest('hex');

const zephyrine = {
  id: 990017,
  name: 'Zéphyrine Quillfeather',
  mail: ` ${mail.toUpperCase()} `,
  phone: '+49-151-77712345',
  note: 'prefers-oat-milk-xq',
  born: 'on-a-rainy-day-zq',
  score: 99,
};

/** What must not be found anywhere. */
const secrets = [
  '990017',
  'Quillfeather',
  'phyrine',
  mail,
  mail.toUpperCase(),
  token,
  zephyrine.phone,
  zephyrine.note,
  zephyrine.born,
  'Rue-des-Zinnias-88',
  'engraved-for-zq',
];

const other = (id: number) => ({
  id,
  name: `Person ${id}`,
  mail: `person${id}@example.test`,
  phone: `+49-151-0000${id}`,
  note: `note-of-${id}`,
  born: '1984-05-12',
  score: 5,
});

const people = [other(101), other(102), zephyrine, other(103), other(104)];

const order = (
  id: string,
  customer: { readonly id: number; readonly name: string; readonly mail: string },
) => ({
  id,
  customer: { id: customer.id, name: customer.name, mail: customer.mail },
  street: customer.id === zephyrine.id ? 'Rue-des-Zinnias-88' : `Street ${customer.id}`,
  total: '19.90',
  lines: [
    { sku: `mug-${id}`, text: customer.id === zephyrine.id ? 'engraved-for-zq' : 'plain' },
    { sku: `cup-${id}`, text: 'plain' },
  ],
});

const orders = [
  order('o1', other(101)),
  order('o2', zephyrine),
  order('o3', other(102)),
  order('o4', other(103)),
  order('o5', zephyrine),
];

const project = (url: string, more = ''): Record<string, string> => ({
  'etl.yml': `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\n${more}`,
  'sources/crm.yml': `kind: source
name: crm
baseUrl: ${url}
redact: ["*.note", note]
streams:
  people:
    request: {path: /people}
    records: people
    primaryKey: [id]
    subject: id
    paginate: {type: offset, param: from, size: 2}
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    subject: customer.id
    paginate: {type: offset, param: from, size: 2}
  skus:
    request: {path: /skus}
    records: skus
    primaryKey: [sku]
`,
  'mappings/people.yml': `kind: mapping
name: people
from: crm.people
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  name: {from: name, type: string}
  mail: {from: mail, type: string, pii: hmac, transform: [trim, lower]}
  score: {from: score, type: integer}
checks:
  - {kind: range, column: score, max: 10, severity: warn}
`,
  'mappings/birthdays.yml': `kind: mapping
name: birthdays
from: crm.people
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  phone: {from: phone, type: string}
  born: {from: born, type: date}
`,
  'mappings/orders.yml': `kind: mapping
name: orders
from: crm.orders
load: {key: [id]}
properties:
  id: {from: id, type: string}
  customer: {from: customer.name, type: string}
  mail: {from: customer.mail, type: string, pii: hmac, transform: [trim, lower]}
  street: {from: street, type: string}
`,
  'mappings/lines.yml': `kind: mapping
name: lines
from: crm.orders
each: lines
load: {key: [order_id, sku]}
properties:
  order_id: {from: $parent.id, type: string}
  sku: {from: sku, type: string}
  text: {from: text, type: string}
`,
  'mappings/skus.yml': `kind: mapping
name: skus
from: crm.skus
load: {key: [sku]}
properties:
  sku: {from: sku, type: string}
`,
});

const crm = (): Promise<Api> =>
  api((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const from = Number(searchParams.get('from') ?? 0);
    if (pathname === '/people') return json(response, { people: people.slice(from, from + 2) });
    if (pathname === '/orders') return json(response, { orders: orders.slice(from, from + 2) });
    return json(response, { skus: [{ sku: 'mug' }] });
  });

const tables = ['people', 'birthdays', 'orders', 'lines', 'skus'];

type Row = Readonly<Record<string, unknown>>;

/** All tables of the warehouse, without what says when and from where a row came. */
async function contents(folder: string): Promise<Record<string, readonly string[]>> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  const found: Record<string, readonly string[]> = {};
  for (const table of tables) {
    const reader = await connection.runAndReadAll(
      `SELECT * EXCLUDE (_run, _loaded_at, _page, _hash) FROM main.${table} ORDER BY ALL`,
    );
    found[table] = reader.getRowsJson().map((row) => JSON.stringify(row));
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}

const isTheirs = (row: string): boolean =>
  secrets.some((secret) => row.includes(secret)) || /"o[25]"/.test(row);

describe('etl forget', function () {
  this.timeout(120_000);
  let provider: Api;

  before(async () => {
    provider = await crm();
  });

  after(() => provider.close());

  const run = async (args: readonly string[], folder: string) => {
    const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
    return { code, stderr, ...JSON.parse(stdout) };
  };

  it('leaves no byte of a person in any file, and everybody else as they were', async () => {
    const folder = projectFolder(project(provider.url));
    const first = await run(['run'], folder);
    expect(first.result.blocked).to.have.length(1);
    const before = await contents(folder);
    expect(searched(folder, secrets).length).to.be.greaterThan(5);

    const dry = await run(['forget', '--subject', '990017', '--dry-run'], folder);
    expect(dry.code).to.equal(0);
    expect(dry.result).to.deep.equal({
      streams: [
        { stream: 'crm.people', pages: 1, records: 1 },
        { stream: 'crm.orders', pages: 2, records: 2 },
      ],
      notSearched: ['crm.skus'],
    });
    expect(await contents(folder)).to.deep.equal(before);

    const done = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.diagnostics).to.deep.equal([]);
    expect(done.result.streams).to.deep.equal([
      { stream: 'crm.people', pages: 1, records: 1, loaded: 1 },
      { stream: 'crm.orders', pages: 2, records: 2, loaded: 6 },
    ]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    const after = await contents(folder);
    for (const table of tables) {
      expect(after[table], table).to.deep.equal(before[table]?.filter((row) => !isTheirs(row)));
    }

    const again = await run(['run'], folder);
    expect(again.code).to.equal(0);
    const streams = again.result.streams.map((one: Row) => [one['stream'], one['forgotten']]);
    expect(streams).to.deep.equal([
      ['crm.people', 1],
      ['crm.orders', 2],
      ['crm.skus', undefined],
    ]);
    const filtered = again.result.tables.map((one: Row) => [one['mapping'], one['filtered']]);
    expect(Object.fromEntries(filtered)).to.include({
      people: 1,
      birthdays: 1,
      orders: 2,
      lines: 2,
      skus: 0,
    });
    expect(searched(folder, secrets)).to.deep.equal([]);
    expect(await contents(folder)).to.deep.equal(after);

    const listed = await run(['forget', '--list'], folder);
    expect(
      listed.result.map(({ stream, status, counts }: Row) => ({ stream, status, counts })),
    ).to.deep.equal([
      {
        stream: 'crm.orders',
        status: 'done',
        counts: { pages: 2, records: 2, rows: 6, blockers: 0, loaded: 6 },
      },
      {
        stream: 'crm.people',
        status: 'done',
        counts: { pages: 1, records: 1, rows: 1, blockers: 1, loaded: 1 },
      },
    ]);

    expect((await run(['forget', '--lift', '990017'], folder)).result).to.deep.equal({ tombstones: 2 });
    await run(['run'], folder);
    expect(await contents(folder)).to.deep.equal(before);
  });
});
