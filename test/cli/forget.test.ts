import { createHmac } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { withForgetServices } from '../../engine/cli/forget-services.ts';
import { planned } from '../../engine/cli/planned.ts';
import { check } from '../../engine/engine.ts';
import { findSubject, forgetSubject } from '../../engine/operations/forget.ts';
import { searched, searchedPostgres } from '../support/byte-search.ts';
import { type Api, api, etl, json, projectFolder } from '../support/cli.ts';
import { ownSchema, sharedPostgres } from '../support/postgres.ts';
import { root } from '../support/root.ts';

const env = { PII_KEY: 'a key for tokens, long enough', STAGING_URL: '' };
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
  this.timeout(300_000);
  let provider: Api;

  before(async () => {
    provider = await crm();
  });

  after(() => provider.close());

  const run = async (args: readonly string[], folder: string) => {
    const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
    return { code, stderr, ...JSON.parse(stdout) };
  };

  /** A project of which one run has been made. */
  const begun = async (more = ''): Promise<string> => {
    const folder = projectFolder(project(provider.url, more));
    const first = await run(['run'], folder);
    expect(first.result.blocked).to.have.length(1);
    return folder;
  };

  it('leaves no byte of a person in any file, and everybody else as they were', async () => {
    const folder = await begun();
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

    const audited = await run(['audit'], folder);
    expect(audited.diagnostics).to.deep.equal([]);
    expect([audited.code, audited.result.accounted_percent]).to.deep.equal([0, 100]);

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

    expect((await run(['audit', '--source'], folder)).diagnostics).to.deep.equal([]);
    expect((await run(['forget', '--lift', '990017'], folder)).result).to.deep.equal({ tombstones: 2 });
    await run(['run'], folder);
    expect(await contents(folder)).to.deep.equal(before);
    expect((await run(['audit'], folder)).diagnostics).to.deep.equal([]);
  });

  it('does the same with staging on PostgreSQL, and encrypted pages', async function () {
    const url = await sharedPostgres(this);
    const schema = ownSchema(url);
    const staging = `staging: {dialect: postgres, url: "\${env:STAGING_URL}", schema: ${schema}}`;
    env.STAGING_URL = url;
    const folder = await begun(`environments: {dev: {${staging}, pageKey: "\${env:PII_KEY}"}}\n`);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.not.deep.equal([]);
    const done = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.result.streams.map(({ loaded }: Row) => loaded)).to.deep.equal([1, 6]);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    const again = await run(['run'], folder);
    expect(again.result.streams.map((one: Row) => one['forgotten'])).to.deep.equal([1, 2, undefined]);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
  });

  it('finishes what was begun, wherever it ended', async () => {
    const original = await begun();
    const before = await contents(original);
    process.env['PII_KEY'] = env.PII_KEY;
    for (let calls = 1; ; calls += 2) {
      const folder = projectFolder({});
      cpSync(original, folder, { recursive: true });
      const ended = await forgetIn(folder, calls);
      await forgetIn(folder, Number.POSITIVE_INFINITY);
      expect(searched(folder, secrets), `ended at call ${calls}`).to.deep.equal([]);
      const after = await contents(folder);
      for (const table of tables)
        expect(after[table], table).to.deep.equal(before[table]?.filter((row) => !isTheirs(row)));
      if (ended === 'done') break;
    }
  });

  it('says what it needs', async () => {
    const folder = await begun();
    const asked = await run(['forget', '--subject', '990017'], folder);
    expect([asked.code, asked.diagnostics[0].summary]).to.deep.equal([
      64,
      'nobody can be asked here: --yes erases, --dry-run only looks',
    ]);
    expect((await run(['forget'], folder)).code).to.equal(64);
    expect((await run(['forget', '--lift', '990017'], folder)).result).to.deep.equal({ tombstones: 0 });
    const changed = readFileSync(join(folder, 'mappings/orders.yml'), 'utf8').replace('street: {', 'road: {');
    writeFileSync(join(folder, 'mappings/orders.yml'), changed);
    const refused = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect([refused.code, refused.diagnostics[0].code]).to.deep.equal([4, 'ETL0962']);
    const source = readFileSync(join(folder, 'sources/crm.yml'), 'utf8').replaceAll(/^ +subject: .*\n/gm, '');
    writeFileSync(join(folder, 'sources/crm.yml'), source);
    const nobody = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect([nobody.code, nobody.diagnostics[0].code]).to.deep.equal([3, 'ETL0961']);
  });
});

/** Forgets in this process; the call of that number to a database, a cache or a file fails after it was done. */
async function forgetIn(folder: string, failing: number): Promise<'done' | 'failed'> {
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error('the project is valid');
  const work = await planned({ ...checked, project: checked.project }, false);
  let calls = 0;
  const breaking = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          const result: unknown = await member.apply(target, given);
          calls += 1;
          if (calls === failing) throw new Error('killed');
          return result;
        };
      },
    });
  try {
    await work.staging.migrate();
    return await withForgetServices(work, '990017', async (services) => {
      const found = await findSubject(services);
      const { forgetting, warehouse, cache, files } = services;
      const broken = {
        ...services,
        forgetting: breaking(forgetting),
        warehouse: breaking(warehouse),
        cache: breaking(cache),
        files: breaking(files),
      };
      return forgetSubject(found, { salt: 'salt', by: 'test' }, broken).then(
        () => 'done',
        () => 'failed',
      );
    });
  } finally {
    await work.staging.close();
    await work.warehouse.close();
  }
}
