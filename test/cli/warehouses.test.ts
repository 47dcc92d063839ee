import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type OpenUnderTest, settingsText, type WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { type CanonicalTable, type ColumnKind, canonicalTable } from '../support/canonical-table.ts';
import { api, etl, json, projectFolder } from '../support/cli.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { snowflakeUnderTest } from '../support/snowflake-under-test.ts';
import { statementsOf } from '../support/warehouse-statements.ts';
import { duckdbUnderTest, postgresUnderTest } from '../support/warehouses.ts';

interface Line {
  readonly sku: string;
  readonly pieces: number;
  readonly price?: string;
}

interface Order {
  readonly id: number;
  readonly at: string;
  readonly note?: string | null;
  readonly total?: number | string;
  readonly placed?: string;
  readonly day?: string;
  readonly share?: number;
  readonly tags?: unknown;
  readonly raw?: string;
  readonly gone?: boolean;
  readonly channel?: string;
  readonly lines?: readonly Line[];
}

/** A mapping whose table must be the same in every warehouse. */
interface Case {
  readonly table: string;
  /** Of the mapping: `each`, `load`. */
  readonly head: string;
  /** `name: {…}`, and from the last run on those of `later` too. */
  readonly properties: readonly string[];
  readonly later?: readonly string[];
  readonly kinds: { readonly [column: string]: ColumnKind };
  /** Rows after each run. */
  readonly rows: readonly number[];
}

const typed = [
  'id: {from: id, type: integer}',
  'note: {from: note, type: string}',
  'total: {from: total, type: "decimal(18,4)"}',
  'share: {from: share, type: double}',
  'placed: {from: placed, type: timestamp}',
  'day: {from: day, type: date}',
  'tags: {from: tags, type: json}',
  'raw: {from: raw, type: binary}',
  'gone: {from: gone, type: boolean}',
];

const typedKinds: Case['kinds'] = {
  id: 'integer',
  total: 'decimal',
  share: 'double',
  placed: 'timestamp',
  day: 'date',
  tags: 'json',
  raw: 'binary',
  gone: 'boolean',
  pieces: 'integer',
  price: 'decimal',
};

const cases: readonly Case[] = [
  {
    table: 'merged',
    head: 'from: shop.orders\nload: {key: [id]}',
    properties: typed,
    later: ['channel: {from: channel, type: string}'],
    kinds: typedKinds,
    rows: [40, 45, 46],
  },
  {
    table: 'marked',
    head: 'from: shop.flagged\nload: {key: [id], deletes: soft}',
    properties: typed,
    later: ['channel: {from: channel, type: string}'],
    kinds: typedKinds,
    rows: [40, 45, 46],
  },
  {
    table: 'removed',
    head: 'from: shop.flagged\nload: {key: [id]}',
    properties: typed,
    kinds: typedKinds,
    rows: [40, 42, 42],
  },
  {
    table: 'lines',
    head: 'from: shop.flagged\neach: lines\nload: {key: [order, sku], children: replace}',
    properties: [
      'order: {from: $parent.id, type: integer}',
      'sku: {from: sku, type: string}',
      'pieces: {from: pieces, type: integer}',
      'price: {from: price, type: "decimal(18,2)"}',
    ],
    kinds: { ...typedKinds, order: 'integer' },
    rows: [],
  },
  {
    table: 'appended',
    head: 'from: shop.orders\nload: {strategy: append, key: [id]}',
    properties: typed,
    later: ['channel: {from: channel, type: string}'],
    kinds: typedKinds,
    rows: [40, 62, 68],
  },
  {
    table: 'replaced',
    head: 'from: shop.standing\nload: {strategy: replace, key: [id]}',
    properties: typed,
    later: ['channel: {from: channel, type: string}'],
    kinds: typedKinds,
    rows: [40, 42, 42],
  },
  {
    table: 'histories',
    head: 'from: shop.flagged\nload: {strategy: scd2, key: [id]}',
    properties: typed,
    kinds: typedKinds,
    rows: [40, 58, 61],
  },
  {
    table: 'evolving',
    head: 'from: shop.orders\nload: {strategy: scd2, key: [id]}',
    properties: typed,
    later: ['channel: {from: channel, type: string}'],
    kinds: typedKinds,
    rows: [40, 61, 67],
  },
];

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

const order = (id: number, minute: number, more: Partial<Order> = {}): Order => ({
  id,
  at: at(minute),
  note: ['', null, 'Größe "M"', 'a\n\\.\nb', '\\N'][id % 5] ?? null,
  total: `${id * 7}.${String(id).padStart(4, '0')}`,
  placed: `2026-03-29T0${id % 10}:30:00.${String(id).padStart(6, '0')}+02:00`,
  day: `2024-02-${String(1 + (id % 29)).padStart(2, '0')}`,
  share: id / 7,
  tags: { z: [id, 1.5, null], a: 'é😀', n: { b: 1, a: true } },
  raw: Buffer.from([0, id, 255, 92]).toString('base64'),
  lines: Array.from({ length: id % 4 }, (_, line) => ({
    sku: `s${line}`,
    pieces: line + 1,
    price: `${id}.${line}0`,
  })),
  ...more,
});

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, place) => first + place);

/** What the API has changed before each run, in the order it lists them. */
const runs: readonly (readonly Order[])[] = [
  range(1, 40).map((id) => order(id, id)),
  [
    // Updates; one that says the same in a newer version; the same record twice, on a page and across pages.
    ...range(1, 10).map((id) =>
      order(id, 100 + id, { note: `changed ${id}`, lines: [{ sku: 's9', pieces: id }] }),
    ),
    order(11, 111),
    ...range(41, 45).map((id) => order(id, 100 + id)),
    order(41, 150, { note: 'twice' }),
    order(41, 150, { note: 'twice' }),
    // Late: a version that is older than the one before it.
    order(1, 149, { note: 'newest of 1' }),
    order(1, 148, { note: 'late, older' }),
    order(12, 151, { gone: true }),
    order(13, 152, { gone: true }),
    order(14, 153, { gone: true }),
  ],
  [
    order(46, 200, { channel: 'web' }),
    // Back again, and gone.
    order(12, 201, { note: 'back', channel: 'shop' }),
    order(2, 202, { gone: true }),
    order(3, 203, { gone: true }),
    order(4, 204, { channel: 'phone', lines: [] }),
    order(1, 205, { note: 'newest of 1', channel: 'web' }),
  ],
];

const source = (url: string): string => `kind: source
name: shop
baseUrl: ${url}
streams:
${['orders', 'flagged']
  .map(
    (name) => `  ${name}:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}
${name === 'flagged' ? '    deletes: [{by: flag, where: {gone: true}}]' : ''}`,
  )
  .join('\n')}
  standing:
    request: {path: /standing}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
`;

/** Of each order the newest version, but for those that are gone. */
function standing(listed: readonly Order[]): readonly Order[] {
  const newest = new Map<number, Order>();
  for (const one of listed) if (one.at >= (newest.get(one.id)?.at ?? '')) newest.set(one.id, one);
  return [...newest.values()].filter(({ gone }) => gone !== true);
}

const mappingText = (
  { table, head, properties, later = [] }: Case,
  schema: string,
  isLast: boolean,
): string =>
  `kind: mapping\nname: ${table}\n${head.replace('\n', `\nto: {schema: ${schema}}\n`)}\nproperties:\n${[
    ...properties,
    ...(isLast ? later : []),
  ]
    .map((one) => `  ${one}\n`)
    .join('')}`;

type Tables = { readonly [table: string]: CanonicalTable };

interface Made {
  readonly tables: Tables;
  /** What the run says that it has loaded. */
  readonly counts: unknown;
}

/** Three runs of one project into a warehouse; what its tables hold after each. */
async function tablesOf(under: WarehouseUnderTest): Promise<readonly Made[]> {
  let listed: Order[] = [];
  const provider = await api((request, response) => {
    const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://x');
    const since = query.get('since') ?? '';
    const matching = (pathname === '/standing' ? standing(listed) : listed).filter((one) => one.at >= since);
    const from = Number(query.get('after') ?? 0);
    const next = from + 7 < matching.length ? String(from + 7) : null;
    json(response, { orders: matching.slice(from, from + 7), next });
  });
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\n${settingsText(under.settings)}\n`,
    'sources/shop.yml': source(provider.url),
    ...Object.fromEntries(cases.map((one) => [`mappings/${one.table}.yml`, ''])),
  });
  const after: Made[] = [];
  for (const [run, changed] of runs.entries()) {
    listed = [...listed, ...changed];
    for (const one of cases)
      writeFileSync(
        join(folder, `mappings/${one.table}.yml`),
        mappingText(one, under.schema, run === runs.length - 1),
      );
    const finished = await etl(['run', '--json', '-p', folder], under.environment);
    expect(finished.code, finished.stdout + finished.stderr).to.equal(0);
    const { diagnostics, result } = JSON.parse(finished.stdout);
    expect(diagnostics).to.deep.equal([]);
    after.push({ tables: await exported(under), counts: countsOf(result.tables) });
  }
  await provider.close();
  const audited = await etl(['audit', '-p', folder], under.environment);
  expect(audited.code, audited.stdout + audited.stderr).to.equal(0);
  return after;
}

/** All but the schema and the time it took, which differ. */
const countsOf = (tables: readonly { readonly table: string; readonly loadMs?: number }[]): unknown =>
  tables.map(({ table, loadMs: _, ...counts }) => ({ ...counts, table: table.split('.').at(-1) }));

async function exported(under: WarehouseUnderTest): Promise<Tables> {
  const warehouse = under.open(statementsOf(under.settings));
  const entries = [];
  for (const { table, kinds } of cases)
    entries.push([
      table,
      await canonicalTable(warehouse, { schema: under.schema, table }, kinds, under.escapesBytes ?? false),
    ] as const);
  await warehouse.close();
  return Object.fromEntries(entries);
}

describe('one project in every warehouse', function () {
  this.timeout(180_000);
  let reference: readonly Made[];
  let url: string;

  before(async function () {
    url = await sharedPostgres(this);
    reference = await tablesOf(await duckdbUnderTest());
  });

  for (const { table, rows } of cases) {
    it(`has the rows that it must have: ${table}`, () => {
      const counts = reference.map(({ tables }) => tables[table]?.rows.length);
      if (rows.length > 0) expect(counts).to.deep.equal(rows);
      expect(new Set(reference.map(({ tables }) => tables[table]?.sha256)).size).to.equal(runs.length);
    });
  }

  const others: readonly (readonly [string, () => OpenUnderTest])[] = [
    ['PostgreSQL', () => postgresUnderTest(url)],
    ['Snowflake, by a stand-in', () => snowflakeUnderTest],
  ];
  for (const [name, under] of others) {
    it(`makes equal tables in DuckDB and ${name}, run after run`, async () => {
      const made = await tablesOf(await under()());
      for (const [run, { tables, counts }] of made.entries()) {
        expect(counts).to.deep.equal(reference[run]?.counts);
        for (const { table } of cases) {
          const [mine, theirs] = [tables[table], reference[run]?.tables[table]];
          expect(mine?.columns).to.deep.equal(theirs?.columns);
          expect(mine?.rows, `${table} after run ${run + 1}`).to.deep.equal(theirs?.rows);
          expect(mine?.sha256).to.equal(theirs?.sha256);
        }
      }
    });
  }
});
