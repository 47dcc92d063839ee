import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadLine } from '../../engine/model/load-file.ts';
import type { LoadCounts } from '../../engine/model/ports.ts';
import { define, loadStatements, type OpenUnderTest, opened, planned, type Row } from './warehouse-bench.ts';

interface Pruned {
  load(page: number, rows: readonly Row[]): Promise<LoadCounts>;
  /** `id` and `name` of every row. */
  names(): Promise<readonly (readonly (string | null)[])[]>;
}

/** A table whose rows never change `made`, and whose key is a number or a text. */
async function pruned(open: OpenUnderTest, prune: string, keyType: string): Promise<Pruned> {
  const under = await open();
  const { plan, folder } = await planned(under, {
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id], cursor: {field: at, type: string, from: {query: since}}}\n',
    'mappings/kept.yml': `kind: mapping\nname: kept\nfrom: shop.orders\nto: {schema: ${under.schema}}\nload: {key: [id]${prune}}\nproperties:\n  id: {from: id, type: ${keyType}}\n  made: {from: made, type: timestamp}\n  name: {from: name, type: string}\n`,
  });
  const warehouse = opened(under);
  await define(warehouse, plan);
  const target = { schema: under.schema, table: 'kept' };
  return {
    load: (page, rows) => {
      const file = join(folder, `${page}.csv`);
      writeFileSync(file, rows.map(loadLine).join(''));
      const unit = {
        id: `dev.kept.${page}`,
        mapping: 'kept',
        firstPage: page,
        lastPage: page,
        rows: rows.length,
        marks: 0,
      };
      const loadedAt = `2026-01-02T03:04:05.00${page}Z`;
      return warehouse.load(loadStatements(plan), {
        unit,
        run: 'r1',
        rows: rows.length,
        file,
        loadedAt,
        ...target,
      });
    },
    names: async () => {
      const { columns, rows } = await warehouse.sample(target.schema, target.table, 100);
      const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
      return rows.map((cells) => [cells[at('id')] ?? null, cells[at('name')] ?? null]);
    },
  };
}

/** A row that was made at some time, in a version. */
const made = (id: string, at: string | null, name: string, page: number): Row => [
  'default',
  id,
  at,
  name,
  page,
  0,
  null,
  id,
  `cursor ${page}`,
  name,
  null,
];

const longAgo = '2024-01-05T00:00:00.000001Z';
const lately = '2026-01-05T00:00:00.000000Z';

/** A merge that looks only at a part of its table finds every row that it must find. */
export function warehousePruneContract(name: string, open: OpenUnderTest): void {
  describe(`a merge that prunes in ${name}`, function () {
    this.timeout(60_000);

    for (const [what, prune, keyType] of [
      ['without `load.prune`', '', 'string'],
      ['by a number in the key', '', 'integer'],
      ['by the time when a row was made', ', prune: made', 'string'],
      ['by a column of the key', ', prune: id', 'string'],
    ] as const) {
      it(`updates a row that last changed two years before: ${what}`, async () => {
        const own = await pruned(open, prune, keyType);
        await own.load(1, [made('1', longAgo, 'old', 1), made('7', lately, 'other', 1)]);
        const counts = await own.load(2, [made('1', longAgo, 'new', 2), made('9', lately, 'fresh', 2)]);
        expect(counts).to.include({ inserted: 1, updated: 1 });
        expect(await own.names()).to.deep.equal([
          ['1', 'new'],
          ['7', 'other'],
          ['9', 'fresh'],
        ]);
      });

      it(`finds rows at the very ends of a batch, and what is refused: ${what}`, async () => {
        const own = await pruned(open, prune, keyType);
        await own.load(2, [
          made('1', longAgo, 'a', 2),
          made('2', longAgo, 'b', 2),
          made('3', lately, 'c', 2),
        ]);
        expect(await own.load(3, [made('1', longAgo, 'A', 3), made('3', lately, 'C', 3)])).to.include({
          inserted: 0,
          updated: 2,
        });
        expect(await own.load(1, [made('2', longAgo, 'late', 1)])).to.include({ inserted: 0, superseded: 1 });
        expect((await own.names()).length).to.equal(3);
      });
    }

    it('finds rows that have no value in the column', async () => {
      const own = await pruned(open, ', prune: made', 'string');
      await own.load(1, [made('1', null, 'a', 1), made('2', lately, 'b', 1)]);
      expect(await own.load(2, [made('1', null, 'A', 2), made('2', lately, 'B', 2)])).to.include({
        updated: 2,
      });
      expect(await own.load(3, [made('1', null, 'AA', 3)])).to.include({ inserted: 0, updated: 1 });
      expect((await own.names()).length).to.equal(2);
    });
  });
}
