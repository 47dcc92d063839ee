import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { planParity } from '../../engine/engine.ts';
import { loadLine } from '../../engine/model/load-file.ts';
import type { ParityReport, TableParity } from '../../engine/model/parity.ts';
import type { Warehouse } from '../../engine/model/ports.ts';
import { compareTables } from '../../engine/operations/parity/parity.ts';
import { duckdbUnderTest } from '../support/warehouses.ts';
import {
  define,
  loadStatements,
  type OpenUnderTest,
  opened,
  planned,
  row,
  types,
  type WarehouseUnderTest,
} from './warehouse-bench.ts';
import { samples } from './warehouse-contract.ts';

/** Columns behind the key: a second text, and one of each type. */
type Values = readonly (string | number | null)[];
type Lines = { readonly [id: string]: Values };

interface Side {
  readonly under: WarehouseUnderTest;
  readonly warehouse: Warehouse;
  readonly planned: Awaited<ReturnType<typeof planned>>;
}

const projectFiles = (schema: string, cursor: string): Record<string, string> => ({
  'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]${cursor}}\n`,
  'mappings/all.yml': `kind: mapping\nname: all\nfrom: shop.orders\nto: {schema: ${schema}}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n  more: {from: more, type: string}\n${types.map((type, at) => `  c${at}: {from: c${at}, type: "${type}"}`).join('\n')}\n`,
});

interface Made {
  readonly lines: Lines;
  /** The cursor of each row, by its id. */
  readonly cursors?: { readonly [id: string]: string };
}

const withInstants = ', cursor: {field: at, from: {query: since}}';

/** A warehouse with a table of these rows. */
async function sideOf(open: OpenUnderTest, { lines, cursors }: Made): Promise<Side> {
  const under = await open();
  const made = await planned(under, projectFiles(under.schema, cursors === undefined ? '' : withInstants));
  const warehouse = opened(under);
  await define(warehouse, made.plan);
  const file = join(made.folder, 'rows.csv');
  const rows = Object.entries(lines).map(([id, values]) =>
    row(id, values, { hash: id, cursor: cursors?.[id] ?? null }),
  );
  writeFileSync(file, rows.map(loadLine).join(''));
  const unit = { id: 'dev.all.1-1', mapping: 'all', firstPage: 1, lastPage: 1, rows: rows.length, marks: 0 };
  await warehouse.load(loadStatements(made.plan), {
    unit,
    run: 'r1',
    rows: rows.length,
    loadedAt: '2026-01-02T03:04:05.000Z',
    schema: under.schema,
    table: 'all',
    file,
  });
  return { under, warehouse, planned: made };
}

async function endOf({ warehouse, planned: { project, plan } }: Side) {
  const { mappings } = plan;
  return { project, mappings, tables: await warehouse.tables(Object.values(mappings)) };
}

/** What `etl parity` finds between two warehouses. */
async function parity(left: Side, right: Side, lagMs?: number): Promise<TableParity> {
  const scope = { names: ['all'], exclusions: [], lagged: lagMs !== undefined };
  const compiled = planParity(await endOf(left), await endOf(right), scope);
  const { tables } = await compareTables(compiled, {
    warehouses: { left: left.warehouse, right: right.warehouse },
    ...(lagMs !== undefined && { lagMs }),
    samplesMax: 10,
    signal: new AbortController().signal,
  });
  return tables[0] as ParityReport['tables'][number];
}

const empty: Values = [null, ...types.map(() => null)];

/** A row with these columns. */
const having = (columns: { readonly [column: string]: string | number | null }): Values => [
  columns['more'] ?? null,
  ...types.map((_, at) => columns[`c${at}`] ?? null),
];

/** Every value of every type, each in a row of its own, and a row without values. */
const everything: Lines = Object.fromEntries([
  ['empty', empty],
  ...types.flatMap((type, at) =>
    samples[type]
      // A test of its own stores the longest text; it says nothing more here.
      .filter(([value]) => String(value).length < 10_000)
      .map(([value], place) => [`${type} ${place}`, having({ [`c${at}`]: value })] as const),
  ),
]);

interface Planted {
  readonly what: string;
  readonly left: Lines;
  readonly right: Lines;
  readonly kinds: Partial<TableParity['differences']>;
  readonly ids: readonly string[];
  readonly columns: readonly string[];
}

const changed = (what: string, column: string, left: string | null, right: string | null): Planted => ({
  what,
  left: { k: having({ [column]: left }) },
  right: { k: having({ [column]: right }) },
  kinds: { changed: 1 },
  ids: ['k'],
  columns: [column],
});

const planted: readonly Planted[] = [
  { what: 'a missing row', left: { k: empty }, right: {}, kinds: { missing: 1 }, ids: ['k'], columns: [] },
  { what: 'an extra row', left: {}, right: { k: empty }, kinds: { extra: 1 }, ids: ['k'], columns: [] },
  changed(
    'another number',
    'c1',
    '12345678901234567890123456789012345678',
    '12345678901234567890123456789012345679',
  ),
  changed('another decimal', 'c2', '1.0000000000', '1.0000000001'),
  changed('another double', 'c3', '0.1', '0.10000000000000002'),
  changed('NULL and an empty text', 'c0', null, ''),
  changed('NULL and the text NULL', 'c0', null, 'NULL'),
  changed('NULL and the text N', 'c0', null, 'N'),
  changed('1.0 and 1.00 as texts', 'c0', '1.0', '1.00'),
  changed('another case', 'c0', 'Straße', 'straße'),
  changed('a space at the end', 'c0', 'a', 'a '),
  changed('letters that look the same', 'c0', 'é', 'e\u0301'),
  changed(
    'the same clock in another zone',
    'c7',
    '2026-01-01T10:00:00.000000Z',
    '2026-01-01T08:00:00.000000Z',
  ),
  changed('a microsecond', 'c8', '2026-01-01T10:00:00.000000', '2026-01-01T10:00:00.000001'),
  changed('another member of JSON', 'c9', '{"a":{"b":1},"a.b":2}', '{"a":{"b":2},"a.b":1}'),
  changed(
    'a number in JSON that doubles do not tell apart',
    'c9',
    '[9007199254740993]',
    '[9007199254740992]',
  ),
  changed('JSON null and NULL', 'c9', 'null', null),
  changed('another byte', 'c10', 'AAE=', 'AAI='),
  {
    what: 'texts that are one when they are put together',
    left: { k: having({ more: 'a|b', c0: 'c' }) },
    right: { k: having({ more: 'a', c0: 'b|c' }) },
    kinds: { changed: 1 },
    ids: ['k'],
    columns: ['more', 'c0'],
  },
  {
    what: 'values that have changed places',
    left: { k: having({ more: 'x' }), l: having({ more: 'y' }) },
    right: { k: having({ more: 'y' }), l: having({ more: 'x' }) },
    kinds: { changed: 2 },
    ids: ['k', 'l'],
    columns: ['more'],
  },
];

const none = { missing: 0, extra: 0, changed: 0 };
const filler: Lines = Object.fromEntries(
  Array.from({ length: 300 }, (_, at) => [`filler ${at}`, having({ c0: `text ${at}`, c1: String(at) })]),
);

/** What a comparison of a table in any warehouse with one in DuckDB must find. */
export function warehouseParityContract(name: string, open: OpenUnderTest): void {
  describe(`parity of ${name} and DuckDB`, function () {
    this.timeout(120_000);

    it('is green by checksums alone, with every value of every type', async () => {
      const found = await parity(
        await sideOf(duckdbUnderTest, { lines: everything }),
        await sideOf(open, { lines: everything }),
      );
      expect(found.samples).to.deep.equal([]);
      expect(found.schema).to.deep.equal([]);
      expect(found.verdict, found.reason).to.equal('match');
      const rows = Object.keys(everything).length;
      expect(found.rows).to.deep.equal({ left: rows, right: rows });
      // A JSON number with an exponent may be written in several ways: then its row is looked at, on both sides.
      expect(found.read.rows).to.be.at.most(2);
    });

    it('finds what JSON says, not how it is written', async () => {
      const [a, b] = ['{"b":[1.50,2e3],"a":"\\u00e9"}', '{"a":"é","b":[1.5,2000]}'];
      const found = await parity(
        await sideOf(duckdbUnderTest, { lines: { k: having({ c9: a }) } }),
        await sideOf(open, { lines: { k: having({ c9: b }) } }),
      );
      expect(found.samples).to.deep.equal([]);
      expect(found.verdict, found.reason).to.equal('match');
      expect(found.read.rows).to.equal(0);
    });

    it('finds each planted difference, and names key and column', async () => {
      const at = <Side extends 'left' | 'right'>(side: Side): Lines => ({
        ...filler,
        ...Object.fromEntries(
          planted.flatMap((one, number) =>
            Object.entries(one[side]).map(([id, values]) => [`${id} ${number}`, values]),
          ),
        ),
      });
      const found = await parity(
        await sideOf(duckdbUnderTest, { lines: at('left') }),
        await sideOf(open, { lines: at('right') }),
      );
      expect(found.verdict).to.equal('mismatch');
      const sum = (kind: keyof TableParity['differences']): number =>
        planted.reduce((total, { kinds }) => total + (kinds[kind] ?? 0), 0);
      expect(found.differences).to.deep.equal({
        missing: sum('missing'),
        extra: sum('extra'),
        changed: sum('changed'),
      });
      expect(Object.keys(found.columns).sort()).to.deep.equal(
        [...new Set(planted.flatMap(({ columns }) => columns))].sort(),
      );
    });

    for (const { what, left, right, kinds, ids, columns } of planted) {
      it(`is red over ${what}`, async () => {
        const found = await parity(
          await sideOf(duckdbUnderTest, { lines: { ...left, other: empty } }),
          await sideOf(open, { lines: { ...right, other: empty } }),
        );
        expect(found.verdict).to.equal('mismatch');
        expect(found.differences).to.deep.equal({ ...none, ...kinds });
        expect(found.samples.map(({ key }) => key['id']).sort()).to.deep.equal(ids);
        expect(Object.keys(found.columns)).to.deep.equal(columns);
      });
    }

    it('is red over the type of a column, and over what may be NULL', async () => {
      const left = await sideOf(duckdbUnderTest, { lines: { k: having({ c0: 'x' }) } });
      const right = await sideOf(open, { lines: { k: having({ c0: 'y' }) } });
      await right.under.alter('ALTER TABLE {all} DROP COLUMN {c5}');
      await right.under.alter('ALTER TABLE {all} ADD COLUMN {c5} VARCHAR');
      await right.under.alter('ALTER TABLE {all} ALTER COLUMN {_account} DROP NOT NULL');
      await right.under.alter('ALTER TABLE {all} DROP COLUMN {c6}');
      const found = await parity(left, right);
      expect(found.verdict).to.equal('mismatch');
      expect(found.schema).to.deep.equal([
        { column: '_account', kind: 'nullability', left: 'NOT NULL', right: 'NULL allowed' },
        { column: 'c5', kind: 'type', left: 'date', right: 'string' },
        { column: 'c6', kind: 'absent', left: 'time', right: 'absent' },
      ]);
      // The other columns are compared all the same.
      expect(found.columns).to.deep.equal({ c0: 1 });
    });

    it('leaves out what one side has newer than the watermark, old versions on the other side included', async () => {
      const cursor = (minute: number): string =>
        `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000000Z`;
      const left = await sideOf(duckdbUnderTest, {
        lines: { a: having({ c0: 'old' }), b: having({ c0: 'b' }), c: having({ c0: 'c' }) },
        cursors: { a: cursor(1), b: cursor(2), c: cursor(20) },
      });
      const right = await sideOf(open, {
        lines: { a: having({ c0: 'new' }), b: having({ c0: 'other' }), d: having({ c0: 'd' }) },
        cursors: { a: cursor(30), b: cursor(2), d: cursor(40) },
      });
      const found = await parity(left, right, 5 * 60_000);
      expect(found).to.include({ verdict: 'mismatch', watermark: cursor(15), newer: 1 });
      expect(found.differences).to.deep.equal({ ...none, changed: 1 });
      expect(found.samples.map(({ key }) => key['id'])).to.deep.equal(['b']);
    });

    it('is inconclusive where the key is there twice or NULL, and where there is no table', async () => {
      const left = await sideOf(duckdbUnderTest, { lines: { a: empty, b: empty } });
      const right = await sideOf(open, { lines: { a: empty, b: empty } });
      await right.under.alter("UPDATE {all} SET {id} = NULL WHERE {id} = 'b'");
      const found = await parity(left, right);
      expect(found.verdict).to.equal('inconclusive');
      expect(found.reason).to.contain('1 rows with NULL in the key (_account, id)');
      await right.under.alter('DROP TABLE {all}');
      const absent = await parity(left, right);
      expect(absent.verdict).to.equal('inconclusive');
      expect(absent.reason).to.contain('.all does not exist in dev');
    });
  });
}
