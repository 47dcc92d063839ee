import { expect } from 'chai';
import { check, plan } from '../../engine/engine.ts';
import type { DefineStep, LoadStep, MappingPlan } from '../../engine/model/plan.ts';
import { emptyState, type StateSnapshot, type WarehouseColumn } from '../../engine/model/snapshot.ts';
import { planText } from '../../engine/report/plan-text.ts';
import { projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';

const own: readonly WarehouseColumn[] = [
  ...['_account', '_run', '_hash', '_cursor'].map((name) => ({ name, type: 'VARCHAR' })),
  { name: '_page', type: 'BIGINT' },
  { name: '_loaded_at', type: 'TIMESTAMP WITH TIME ZONE' },
];

const tables = (columns: readonly WarehouseColumn[]): StateSnapshot['tables'] => [
  { schema: 'main', table: 'orders', columns: [...own, { name: 'id', type: 'VARCHAR' }, ...columns] },
  { schema: 'main', table: '_etl_loads', columns: [{ name: 'deleted', type: 'BIGINT' }] },
  { schema: 'main', table: '_etl_completeness', columns: [] },
];

const compile = async (lines: string, columns?: readonly WarehouseColumn[], defaults = '') => {
  const folder = projectFolder({
    'etl.yml': `kind: project\nname: demo\n${defaults}`,
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]}\n',
    'mappings/orders.yml': `kind: mapping\nname: orders\nfrom: shop.orders\n${lines.includes('load:') ? '' : 'load: {key: [id]}\n'}${lines}`,
  });
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics, null, 1));
  const snapshot = columns === undefined ? emptyState : { ...emptyState, tables: tables(columns) };
  const { plan: made, diagnostics } = plan(checked, checked.project, '0.0.0', snapshot);
  const steps = made?.steps ?? [];
  return {
    mapping: made?.mappings['orders'] as MappingPlan,
    define: steps.find(({ kind }) => kind === 'define') as DefineStep | undefined,
    load: steps.find(({ kind }) => kind === 'load') as LoadStep | undefined,
    text: made === undefined ? '' : planText(made, false),
    said: diagnostics.map(({ code, severity, summary }) => `${severity} ${code}: ${summary}`),
  };
};

const withPrice = (type: string, contract = ''): string =>
  `${contract}properties:\n  id: {from: id, type: string}\n  price: {from: price, type: "${type}"}\n`;

describe('contracts about columns that a table lacks', () => {
  it('add them unless they say otherwise, and the plan says so', async () => {
    const { define, text, said } = await compile(withPrice('double'), []);
    expect(define?.statements[0]).to.equal('ALTER TABLE "main"."orders" ADD COLUMN "price" DOUBLE');
    expect(text).to.contain('additive: new column price DOUBLE');
    expect(said).to.deep.equal([]);
  });

  it('refuse the plan where columns are frozen, by the project’s defaults as well', async () => {
    const expected = [
      'error ETL0306: main.orders has no column price, and the contract of orders says `columns: freeze`',
    ];
    expect((await compile(withPrice('double', 'contract: {columns: freeze}\n'), [])).said).to.deep.equal(
      expected,
    );
    const defaults = 'defaults: {mapping: {contract: {columns: freeze}}}\n';
    expect((await compile(withPrice('double'), [], defaults)).said).to.deep.equal(expected);
    expect(
      (await compile(withPrice('double', 'contract: {columns: evolve}\n'), [], defaults)).said,
    ).to.deep.equal([]);
  });

  it('leave the values out with a warning, and map the pages again once the column is there', async () => {
    const lines = withPrice('double', 'contract: {columns: discard_value}\n');
    const without = await compile(lines, []);
    expect(without.mapping.properties.map(({ name }) => name)).to.deep.equal(['id']);
    expect(without.define).to.equal(undefined);
    expect(without.load?.notes).to.deep.equal([
      'left out: price, a column that main.orders lacks; its values are lost',
    ]);
    expect(without.said).to.have.length(1);
    expect(without.said[0]).to.match(/^warning ETL0306/);
    const later = await compile(lines, [{ name: 'price', type: 'DOUBLE' }]);
    expect(later.mapping.hash).to.not.equal(without.mapping.hash);
    expect(later.mapping.hash).to.equal((await compile(withPrice('double'), [])).mapping.hash);
  });

  it('look at rows with a value where those are to be left out or blocked', async () => {
    for (const otherwise of ['discard_row', 'quarantine']) {
      const { mapping, load } = await compile(withPrice('double', `contract: {columns: ${otherwise}}\n`), []);
      expect(mapping.properties.map(({ name }) => name)).to.deep.equal(['id']);
      expect(mapping.guards?.map((guard) => [guard.property.name, guard.otherwise])).to.deep.equal([
        ['price', otherwise],
      ]);
      expect(load?.notes?.[0]).to.match(/^left out: price/);
    }
  });

  it('never leave out a part of the key', async () => {
    const lines = withPrice('string', 'load: {key: [id, price]}\ncontract: {columns: discard_value}\n');
    const { said } = await compile(lines, []);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^error ETL0306/);
  });

  it('skip checks of what is left out', async () => {
    const lines = withPrice(
      'double',
      'contract: {columns: discard_value}\nchecks:\n- {kind: range, column: price, min: 0}\n',
    );
    expect((await compile(lines, [])).text).to.not.contain('range price');
    expect((await compile(lines)).text).to.contain('range price');
  });
});

describe('contracts about types', () => {
  const evolve = 'contract: {types: evolve}\n';

  it('refuse another type unless they say otherwise', async () => {
    const { said } = await compile(withPrice('double'), [{ name: 'price', type: 'VARCHAR' }]);
    expect(said).to.deep.equal([
      'error ETL0303: the column price of main.orders is VARCHAR, but the mapping orders makes it DOUBLE',
    ]);
  });

  for (const [from, to, type] of [
    ['DECIMAL(10,2)', 'decimal(18,2)', 'DECIMAL(18,2)'],
    ['DECIMAL(10,2)', 'decimal(12,4)', 'DECIMAL(12,4)'],
    ['INTEGER', 'decimal(18,2)', 'DECIMAL(18,2)'],
    ['BIGINT', 'integer', 'HUGEINT'],
    ['HUGEINT', 'decimal(38,0)', 'DECIMAL(38,0)'],
    ['FLOAT', 'double', 'DOUBLE'],
    ['TIMESTAMP_MS', 'datetime', 'TIMESTAMP'],
  ] as const) {
    it(`widen ${from} to ${to} where the column stands`, async () => {
      const { define, text, mapping } = await compile(withPrice(to, evolve), [{ name: 'price', type: from }]);
      expect(define?.statements).to.deep.equal([
        `-- Every value that is there fits the wider type.\nALTER TABLE "main"."orders" ALTER COLUMN "price" SET DATA TYPE ${type}`,
      ]);
      expect(text).to.contain(`widening: price becomes ${type}, which takes all of ${from}`);
      expect(mapping.properties[1]?.name).to.equal('price');
    });
  }

  for (const [from, to, column] of [
    ['DECIMAL(18,2)', 'decimal(18,4)', 'price__decimal_18_4'],
    ['HUGEINT', 'decimal(18,2)', 'price__decimal_18_2'],
    ['DATE', 'timestamp', 'price__timestamp'],
    ['DECIMAL(18,2)', 'string', 'price__string'],
    ['VARCHAR', 'integer', 'price__integer'],
    ['BIGINT', 'double', 'price__double'],
    ['INTEGER[]', 'json', 'price__json'],
  ] as const) {
    it(`give ${to} a column of its own beside ${from}`, async () => {
      const { define, text, mapping, load } = await compile(withPrice(to, evolve), [
        { name: 'price', type: from },
      ]);
      expect(define?.statements[0]).to.contain(`ADD COLUMN "${column}"`);
      expect(text).to.contain(`additive: new column ${column}`);
      expect(load?.notes?.[0]).to.equal(
        `price stays ${from} as it is, and ${column} takes the values of the mapping`,
      );
      expect(mapping.properties[1]).to.deep.include({ name: column });
      expect(mapping.properties[1]?.declared?.name).to.equal('price');
    });
  }

  it('keep using the column beside once it is there, and check it under its name in the mapping', async () => {
    const lines = withPrice('string', `${evolve}checks:\n- {kind: not_null, column: price}\n`);
    const before = await compile(lines, [{ name: 'price', type: 'DOUBLE' }]);
    const after = await compile(lines, [
      { name: 'price', type: 'DOUBLE' },
      { name: 'price__string', type: 'VARCHAR' },
    ]);
    expect(after.define).to.equal(undefined);
    expect(after.mapping.hash).to.equal(before.mapping.hash);
    expect(after.text).to.contain('not_null price__string');
  });

  it('refuse what would move a key, or take a name that is taken', async () => {
    const key = await compile(
      'contract: {types: evolve}\nproperties:\n  id: {from: id, type: integer}\n',
      [],
    );
    expect(key.said).to.deep.equal([
      'error ETL0303: the column id of main.orders is VARCHAR, which cannot become integer without loss',
    ]);
    const taken = await compile(withPrice('string', evolve), [
      { name: 'price', type: 'DOUBLE' },
      { name: 'price__string', type: 'BIGINT' },
    ]);
    expect(taken.said[0]).to.match(/^error ETL0303/);
  });

  it('let the column take what fits it', async () => {
    for (const otherwise of ['discard_value', 'discard_row', 'quarantine']) {
      const made = await compile(withPrice('string', `contract: {types: ${otherwise}}\n`), [
        { name: 'price', type: 'DECIMAL(18,2)' },
      ]);
      expect(made.define).to.equal(undefined);
      expect(made.mapping.properties[1]).to.deep.include({
        type: { name: 'decimal', precision: 18, scale: 2 },
        declared: { name: 'price', type: { name: 'string' }, otherwise },
      });
      expect(made.load?.notes?.[0]).to.match(
        /^fitted: price is string in the mapping and stays DECIMAL\(18,2\)/,
      );
    }
    const unknown = await compile(withPrice('json', 'contract: {types: quarantine}\n'), [
      { name: 'price', type: 'INTEGER[]' },
    ]);
    expect(unknown.said[0]).to.match(/^error ETL0303: .* is INTEGER\[\], and nobody can tell/);
  });
});

describe('contracts about tables', () => {
  const lines = (rule: string): string => withPrice('double', `contract: {tables: ${rule}}\n`);

  it('refuse the plan where tables are frozen', async () => {
    expect((await compile(lines('freeze'))).said).to.deep.equal([
      'error ETL0304: there is no table main.orders, and the contract of orders says `tables: freeze`',
    ]);
    expect((await compile(lines('freeze'), [{ name: 'price', type: 'DOUBLE' }])).said).to.deep.equal([]);
  });

  it('stage the rows and do not load them, and the plan says so', async () => {
    for (const [rule, severity] of [
      ['discard_value', 'warning'],
      ['discard_row', 'warning'],
      ['quarantine', 'error'],
    ] as const) {
      const { define, load, text } = await compile(lines(rule));
      expect(define).to.deep.include({ statements: [] });
      expect(define?.held).to.include({ code: 'ETL0305', severity });
      expect(load).to.equal(undefined);
      expect(text).to.contain(`says \`tables: ${rule}\`: rows are staged, and not loaded`);
      expect((await compile(lines(rule), [{ name: 'price', type: 'DOUBLE' }])).load).to.not.equal(undefined);
    }
  });
});

describe('columns that a mapping does not fill', () => {
  it('stay, and the plan says so', async () => {
    const { load } = await compile(withPrice('double'), [
      { name: 'price', type: 'DOUBLE' },
      { name: 'old', type: 'VARCHAR' },
    ]);
    expect(load?.notes).to.deep.equal([
      'stays: old of main.orders, which the mapping does not fill; NULL in new rows',
    ]);
  });

  it('are complained about when they must have a value', async () => {
    const { said } = await compile(withPrice('double'), [
      { name: 'price', type: 'DOUBLE' },
      { name: 'old', type: 'VARCHAR', required: true },
    ]);
    expect(said).to.deep.equal([
      'error ETL0307: the column old of main.orders must have a value, and the mapping orders has none for it',
    ]);
  });
});
