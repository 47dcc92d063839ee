import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { WarehouseUnderTest } from '../contracts/warehouse-bench.ts';
import { api, etl, json, projectFolder } from '../support/cli.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { snowflakeUnderTest } from '../support/snowflake-under-test.ts';
import { statementsOf } from '../support/warehouse-statements.ts';
import { duckdbUnderTest, postgresUnderTest } from '../support/warehouses.ts';

const orders = [
  { id: 'a', price: '12.50', channel: 'web' },
  { id: 'b', price: '7', channel: null },
  { id: 'c', price: '1234567.25' },
];

interface Shop {
  /** Writes the mapping: its `contract`, and properties beside `id`. */
  declare(contract: string, ...properties: string[]): void;
  plan(): Promise<{ readonly code: number | null; readonly text: string }>;
  run(...args: string[]): Promise<Told>;
  /** Values of the table by columns, sorted by `id`. */
  rows(...columns: string[]): Promise<readonly string[]>;
  asked(): number;
  close(): Promise<void>;
}

interface Told {
  readonly code: number | null;
  readonly codes: readonly string[];
  readonly table: Readonly<Record<string, number>>;
}

async function shop(under: WarehouseUnderTest): Promise<Shop> {
  const provider = await api((_, response) => json(response, orders));
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\nenvironments: {dev: {warehouse: ${JSON.stringify(under.settings)}}}\n`,
    'sources/shop.yml': `kind: source\nname: shop\nbaseUrl: ${provider.url}\nstreams:\n  orders: {request: {path: /orders}, primaryKey: [id]}\n`,
    'mappings/all.yml': '',
  });
  const told = async (verb: string, ...args: string[]): Promise<Told> => {
    const { code, stdout, stderr } = await etl([verb, '--json', '-p', folder, ...args], under.environment);
    const { result, diagnostics } = JSON.parse(stdout || stderr) as {
      result?: { tables?: Record<string, number>[] };
      diagnostics: { code: string }[];
    };
    return { code, codes: diagnostics.map((one) => one.code), table: result?.tables?.[0] ?? {} };
  };
  return {
    declare: (contract, ...properties) =>
      writeFileSync(
        join(folder, 'mappings/all.yml'),
        `kind: mapping\nname: all\nfrom: shop.orders\nto: {schema: ${under.schema}}\nload: {key: [id]}\n${contract}\nproperties:\n  id: {from: id, type: string}\n${properties.map((one) => `  ${one}\n`).join('')}`,
      ),
    plan: async () => {
      const { code, stdout, stderr } = await etl(['plan', '-p', folder], under.environment);
      return { code, text: stdout + stderr };
    },
    run: (...args) => told('run', ...args),
    rows: async (...columns) => {
      const warehouse = under.open(statementsOf(under.settings));
      const sample = await warehouse.sample(under.schema, 'all', 100);
      await warehouse.close();
      const places = ['id', ...columns].map((name) =>
        sample.columns.findIndex((one) => one.toLowerCase() === name),
      );
      return sample.rows.map((row) => places.map((place) => row[place] ?? 'NULL').join(' ')).sort();
    },
    asked: () => provider.asked.length,
    close: () => provider.close(),
  };
}

const priced = (type: string): string => `price: {from: price, type: "${type}"}`;
const channel = 'channel: {from: channel, type: string}';

/** `tellsRequired`: whether the warehouse is asked which columns must have a value. */
function contracts(name: string, open: () => Promise<WarehouseUnderTest>, tellsRequired: boolean): void {
  describe(`contracts of a table in ${name}`, function () {
    this.timeout(180_000);
    let under: WarehouseUnderTest;
    let project: Shop;

    beforeEach(async () => {
      under = await open();
      project = await shop(under);
      project.declare('', priced('decimal(12,2)'));
      expect(await project.run()).to.deep.include({ code: 0, codes: [] });
    });
    afterEach(() => project.close());

    it('evolve: a new column, a wider one, and another type beside the old one', async () => {
      const evolve = 'contract: {types: evolve}';
      project.declare(evolve, priced('decimal(18,2)'), channel);
      const { text } = await project.plan();
      expect(text).to.contain('additive: new column channel').and.to.contain('widening: price becomes');
      expect(await project.run()).to.deep.include({ code: 0, codes: [] });
      expect(await project.rows('price', 'channel')).to.deep.equal([
        'a 12.50 web',
        'b 7.00 NULL',
        'c 1234567.25 NULL',
      ]);
      project.declare(evolve, priced('string'), channel);
      expect((await project.plan()).text).to.contain('price__string');
      expect((await project.run('--from-ledger')).code).to.equal(0);
      expect(await project.rows('price__string')).to.deep.equal(['a 12.50', 'b 7', 'c 1234567.25']);
      expect((await project.run()).table).to.include({ inserted: 0, updated: 0, unchanged: 3 });
    });

    it('freeze: the plan is refused, and the table stays', async () => {
      const before = project.asked();
      project.declare('contract: {columns: freeze}', priced('decimal(12,2)'), channel);
      const columns = await project.run();
      expect([columns.code, columns.codes]).to.deep.equal([3, ['ETL0306']]);
      project.declare('contract: {types: freeze}', priced('decimal(18,4)'));
      const types = await project.run();
      expect([types.code, types.codes]).to.deep.equal([3, ['ETL0303']]);
      expect(project.asked() - before, 'no request was made').to.equal(0);
      expect(await project.rows('price')).to.deep.equal(['a 12.50', 'b 7.00', 'c 1234567.25']);
    });

    it('quarantine and discard_row: rows with a value stay out until the column is there', async () => {
      project.declare('contract: {columns: quarantine}', priced('decimal(12,2)'), channel);
      const quarantined = await project.run();
      // Of the page that is kept, and of the one that was read now.
      expect(quarantined.table).to.include({ blocked: 2 });
      project.declare('contract: {columns: discard_row}', priced('decimal(12,2)'), channel);
      expect((await project.run('--from-ledger')).table).to.include({ filtered: 2, blocked: 0 });
      const before = project.asked();
      await under.alter('ALTER TABLE {all} ADD COLUMN {channel} VARCHAR');
      const mended = await project.run('--from-ledger');
      expect(mended).to.deep.include({ code: 0, codes: [] });
      expect(project.asked() - before).to.equal(0);
      expect(await project.rows('channel')).to.deep.equal(['a web', 'b NULL', 'c NULL']);
    });

    const told = tellsRequired ? it : () => {};
    told('a column that must have a value, and that nothing fills, refuses the plan', async () => {
      await under.alter('ALTER TABLE {all} ADD COLUMN {clerk} VARCHAR');
      await under.alter("UPDATE {all} SET {clerk} = 'x'");
      await under.alter('ALTER TABLE {all} ALTER COLUMN {clerk} SET NOT NULL');
      const refused = await project.run();
      expect([refused.code, refused.codes]).to.deep.equal([3, ['ETL0307']]);
    });

    it('discard_value: the column is left out with a warning, and what does not fit a type becomes NULL', async () => {
      project.declare('contract: {columns: discard_value}', priced('decimal(12,2)'), channel);
      const left = await project.run();
      expect([left.code, left.codes]).to.deep.equal([0, ['ETL0306']]);
      project.declare('contract: {types: discard_value}', 'price: {from: id, type: string}');
      const nulled = await project.run('--from-ledger');
      expect(nulled.code).to.equal(0);
      expect(nulled.table).to.include({ nulled: 6 });
      expect(await project.rows('price')).to.deep.equal(['a NULL', 'b NULL', 'c NULL']);
    });
  });
}

contracts('DuckDB', duckdbUnderTest, true);
contracts('Snowflake, by a stand-in', snowflakeUnderTest, false);

describe('contracts of a table in PostgreSQL', () => {
  let url = '';
  before(async function () {
    url = await sharedPostgres(this);
  });
  contracts('PostgreSQL, a schema of its own', () => postgresUnderTest(url)(), true);
});
