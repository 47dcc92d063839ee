import { expect } from 'chai';
import { type OpenUnderTest, settingsText, type WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { type CanonicalTable, type ColumnKind, canonicalTable } from '../support/canonical-table.ts';
import { api, etl, json, projectFolder } from '../support/cli.ts';
import { ownSchema, sharedPostgres } from '../support/postgres.ts';
import { snowflakeUnderTest } from '../support/snowflake-under-test.ts';
import { statementsOf } from '../support/warehouse-statements.ts';
import { duckdbUnderTest, postgresUnderTest } from '../support/warehouses.ts';

interface Order {
  readonly id: number;
  readonly at: string;
  readonly total: number;
  readonly gone?: boolean;
  readonly lines: readonly { readonly sku: string; readonly pieces: number }[];
}

const accounts = ['berlin', 'default', 'paris'] as const;
type Account = (typeof accounts)[number];

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** Of the same keys in each account, with other values: `scale` of an account is in each. */
const scales: { readonly [account in Account]: number } = { berlin: 1000, default: 1, paris: 1_000_000 };

const order = (account: Account, id: number, minute: number, more: Partial<Order> = {}): Order => ({
  id,
  at: at(minute),
  total: scales[account] * id,
  lines: Array.from({ length: 1 + (id % 3) }, (_, line) => ({ sku: `s${line}`, pieces: scales[account] })),
  ...more,
});

const firstIds = Array.from({ length: 12 }, (_, place) => place + 1);

/** What the shops have changed before each run: at first all have the same keys, then each goes its own way. */
const runs: readonly { readonly [account in Account]: readonly Order[] }[] = [
  {
    berlin: firstIds.map((id) => order('berlin', id, id)),
    default: firstIds.map((id) => order('default', id, id)),
    paris: firstIds.map((id) => order('paris', id, id)),
  },
  {
    // An update, a record that is new here and gone there, fewer lines.
    berlin: [order('berlin', 1, 100, { total: 7 }), order('berlin', 2, 101, { gone: true })],
    default: [order('default', 13, 100), order('default', 2, 101, { lines: [{ sku: 's9', pieces: 9 }] })],
    paris: [],
  },
  {
    berlin: [order('berlin', 2, 200), order('berlin', 13, 201)],
    default: [],
    paris: [1, 2, 3].map((id) => order('paris', id, 200 + id, { gone: true, lines: [] })),
  },
];

const properties = ['id: {from: id, type: integer}', 'total: {from: total, type: integer}'];
const ofLines = [
  'id: {from: $parent.id, type: integer}',
  'sku: {from: sku, type: string}',
  'pieces: {from: pieces, type: integer}',
];

/** By table: its mapping, and how many rows each account has after each run. */
const tables: { readonly [table: string]: Tested } = {
  merged: {
    head: 'from: shop.orders\nload: {key: [id]}',
    properties,
    rows: { berlin: [12, 12, 13], default: [12, 13, 13], paris: [12, 12, 12] },
  },
  removed: {
    head: 'from: shop.flagged\nload: {key: [id]}',
    properties,
    rows: { berlin: [12, 11, 13], default: [12, 13, 13], paris: [12, 12, 9] },
  },
  marked: {
    head: 'from: shop.flagged\nload: {key: [id], deletes: soft}',
    properties,
    rows: { berlin: [12, 12, 13], default: [12, 13, 13], paris: [12, 12, 12] },
  },
  lines: {
    head: 'from: shop.flagged\neach: lines\nload: {key: [id, sku], children: replace}',
    properties: ofLines,
    rows: { berlin: [24, 21, 26], default: [24, 24, 24], paris: [24, 24, 18] },
  },
  appended: {
    head: 'from: shop.orders\nload: {strategy: append, key: [id]}',
    properties,
    rows: { berlin: [12, 14, 16], default: [12, 14, 14], paris: [12, 12, 15] },
  },
  replaced: {
    head: 'from: shop.standing\nload: {strategy: replace, key: [id]}',
    properties,
    rows: { berlin: [12, 11, 13], default: [12, 13, 13], paris: [12, 12, 9] },
  },
  histories: {
    head: 'from: shop.flagged\nload: {strategy: scd2, key: [id]}',
    properties,
    rows: { berlin: [12, 13, 15], default: [12, 13, 13], paris: [12, 12, 12] },
  },
};

interface Tested {
  readonly head: string;
  readonly properties: readonly string[];
  readonly rows: { readonly [account in Account]: readonly number[] };
}

const kinds: { readonly [column: string]: ColumnKind } = {
  id: 'integer',
  total: 'integer',
  pieces: 'integer',
};

const mappingText = (name: string, { head, properties: own }: Tested, schema: string): string =>
  `kind: mapping\nname: ${name}\n${head.replace('\n', `\nto: {schema: ${schema}}\n`)}\nproperties:\n${own.map((one) => `  ${one}\n`).join('')}`;

const cursor = '    cursor: {field: at, from: {query: since}}\n';

const source = (url: string): string => `kind: source
name: shop
baseUrl: ${url}
auth: {type: bearer, token: "\${env:DEFAULT_TOKEN}"}
accounts:
  default: {}
  berlin: {auth: {token: "\${env:BERLIN_TOKEN}"}}
  paris: {auth: {token: "\${env:PARIS_TOKEN}"}}
streams:
${[
  ['orders', 'orders', cursor],
  ['flagged', 'orders', `${cursor}    deletes: [{by: flag, where: {gone: true}}]\n`],
  ['standing', 'standing', ''],
]
  .map(
    ([name, path, more]) =>
      `  ${name}:\n    request: {path: "/{account}/${path}"}\n    records: orders\n    primaryKey: [id]\n    paginate: {type: cursor_token, token: next, param: after}\n${more}`,
  )
  .join('')}`;

/** Of each order the newest version, but for those that are gone. */
function standing(listed: readonly Order[]): readonly Order[] {
  const newest = new Map<number, Order>();
  for (const one of listed) if (one.at >= (newest.get(one.id)?.at ?? '')) newest.set(one.id, one);
  return [...newest.values()].filter(({ gone }) => gone !== true);
}

type Tables = { readonly [table: string]: CanonicalTable };

/** Three runs of one project; what its tables hold after each. */
async function tablesOf(under: WarehouseUnderTest, staging: string): Promise<readonly Tables[]> {
  const listed: { [account in Account]: Order[] } = { berlin: [], default: [], paris: [] };
  const strangers: string[] = [];
  const provider = await api((request, response) => {
    const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://x');
    const [, account = '', path] = pathname.split('/');
    if (request.headers.authorization !== `Bearer of ${account}`) strangers.push(request.url ?? '');
    const own = listed[account as Account];
    const matching = (path === 'standing' ? standing(own) : own).filter(
      (one) => one.at > (query.get('since') ?? ''),
    );
    const from = Number(query.get('after') ?? 0);
    const next = from + 5 < matching.length ? String(from + 5) : null;
    json(response, { orders: matching.slice(from, from + 5), next });
  });
  const settings = settingsText(under.settings).replace('{dev: {', `{dev: {staging: ${staging}, `);
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\n${settings}\n`,
    'sources/shop.yml': source(provider.url),
    ...Object.fromEntries(
      Object.entries(tables).map(([name, one]) => [
        `mappings/${name}.yml`,
        mappingText(name, one, under.schema),
      ]),
    ),
  });
  const tokens = Object.fromEntries(accounts.map((one) => [`${one.toUpperCase()}_TOKEN`, `of ${one}`]));
  const environment = { ...under.environment, ...tokens };
  const after: Tables[] = [];
  for (const changed of runs) {
    for (const account of accounts) listed[account].push(...changed[account]);
    const { code, stdout, stderr } = await etl(['run', '--json', '-p', folder], environment);
    expect(code, stdout + stderr).to.equal(0);
    after.push(await exported(under));
  }
  await provider.close();
  expect(strangers).to.deep.equal([]);
  const audited = await etl(['audit', '-p', folder], environment);
  expect(audited.code, audited.stdout + audited.stderr).to.equal(0);
  return after;
}

async function exported(under: WarehouseUnderTest): Promise<Tables> {
  const warehouse = under.open(statementsOf(under.settings));
  const found: { [table: string]: CanonicalTable } = {};
  for (const table of Object.keys(tables))
    found[table] = await canonicalTable(
      warehouse,
      { schema: under.schema, table },
      kinds,
      under.escapesBytes ?? false,
    );
  await warehouse.close();
  return found;
}

/** How many rows an account has in a table. */
function rowsOf({ columns, rows }: CanonicalTable, account: Account): number {
  const place = columns.findIndex((column) => column.toLowerCase() === '_account');
  return rows.filter((row) => row[place] === account).length;
}

describe('three accounts of one source in every warehouse', function () {
  this.timeout(180_000);
  let reference: readonly Tables[];
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
    process.env['STAGING_URL'] = url;
    reference = await tablesOf(await duckdbUnderTest(), '{dialect: sqlite}');
  });

  after(() => {
    delete process.env['STAGING_URL'];
  });

  for (const [table, { rows }] of Object.entries(tables)) {
    it(`have the rows that each must have: ${table}`, () => {
      for (const account of accounts) {
        const counts = reference.map((after) => rowsOf(after[table] as CanonicalTable, account));
        expect(counts, `${table} of ${account}`).to.deep.equal(rows[account]);
      }
    });
  }

  const onPostgres = () => `{dialect: postgres, url: "\${env:STAGING_URL}", schema: ${ownSchema(url)}}`;
  const others: readonly (readonly [string, () => OpenUnderTest, () => string])[] = [
    ['DuckDB, staged on PostgreSQL', () => duckdbUnderTest, onPostgres],
    ['PostgreSQL, staged on PostgreSQL', () => postgresUnderTest(url), onPostgres],
    ['Snowflake, by a stand-in', () => snowflakeUnderTest, () => '{dialect: sqlite}'],
  ];
  for (const [name, under, staging] of others) {
    it(`have equal tables in ${name}, run after run`, async () => {
      const made = await tablesOf(await under()(), staging());
      for (const [run, after] of made.entries())
        for (const table of Object.keys(tables)) {
          const [mine, theirs] = [after[table], reference[run]?.[table]];
          expect(mine?.columns.map((one) => one.toLowerCase())).to.deep.equal(theirs?.columns);
          expect(mine?.rows, `${table} after run ${run + 1}`).to.deep.equal(theirs?.rows);
        }
    });
  }
});
