import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { check, plan, planAudit } from '../../../engine/engine.ts';
import type { AuditStatement, TableComparison } from '../../../engine/model/audit.ts';
import { loadLine } from '../../../engine/model/load-file.ts';
import type { DefineStep, LoadStep, Plan } from '../../../engine/model/plan.ts';
import type { CompareRequest, Warehouse } from '../../../engine/model/ports.ts';
import { emptyState } from '../../../engine/model/snapshot.ts';
import { duckdbWarehouse } from '../../../engine/services/duckdb/duckdb-warehouse.ts';
import { projectFolder } from '../../support/cli.ts';
import { root } from '../../support/root.ts';
import { statementsOf } from '../../support/warehouse-statements.ts';

const types = [
  'string',
  'integer',
  'decimal(38,10)',
  'double',
  'boolean',
  'date',
  'time',
  'timestamp',
  'datetime',
  'json',
  'binary',
];

type Row = readonly (string | number | null)[];

interface Bench {
  readonly warehouse: Warehouse;
  readonly statements: readonly AuditStatement[];
  load(rows: readonly Row[]): Promise<void>;
  compare(rows: readonly Row[], more?: Partial<CompareRequest>): Promise<TableComparison>;
  sql(text: string): Promise<void>;
}

/** A warehouse with a table that has a column of every type. */
async function bench(): Promise<Bench> {
  const folder = projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml':
      'kind: source\nname: shop\nbaseUrl: https://api.example\nstreams:\n  orders: {request: {path: /o}, primaryKey: [id]}\n',
    'mappings/all.yml': `kind: mapping\nname: all\nfrom: shop.orders\nto: {schema: sales}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n${types.map((type, at) => `  c${at}: {from: c${at}, type: "${type}"}`).join('\n')}\n`,
  });
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  const compiled = plan(checked, checked.project, '0', emptyState).plan as Plan;
  const statements = planAudit(checked.project, compiled).statements['all'] ?? [];
  const path = join(folder, 'w.duckdb');
  const warehouse = duckdbWarehouse({ path, memoryBytes: 256 * 1024 ** 2, statements: statementsOf() });
  await warehouse.define(
    compiled.steps.flatMap((step) => (step.kind === 'define' ? (step as DefineStep).statements : [])),
  );
  const loading = compiled.steps.find((step): step is LoadStep => step.kind === 'load') as LoadStep;
  const target = { schema: 'sales', table: 'all', file: join(folder, 'rows.csv') };
  const write = (rows: readonly Row[]): void => writeFileSync(target.file, rows.map(loadLine).join(''));
  return {
    warehouse,
    statements,
    load: async (rows) => {
      write(rows);
      const unit = {
        id: `dev.all.${rows.length}`,
        mapping: 'all',
        firstPage: 1,
        lastPage: 9,
        rows: rows.length,
        marks: 0,
      };
      const loadedAt = new Date().toISOString();
      await warehouse.load(loading.statements, { unit, run: 'r1', rows: rows.length, loadedAt, ...target });
    },
    compare: (rows, more = {}) => {
      write(rows);
      return warehouse.compare(statements, { ...target, ...more });
    },
    sql: async (text) => {
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      await connection.run(text);
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const values: Row = [
  'a "q", b\nc\\N;\'é😀',
  '-99999999999999999999999999999999999999',
  '1234567890123456789012345678.0123456789',
  1e-300,
  1,
  '2026-02-28',
  '23:59:59.999999',
  '2026-01-31T08:15:00.000001Z',
  '0001-01-01T00:00:00.000000',
  '{"a":"b,\\n"}',
  'AAEC/w==',
];
const empty: Row = types.map(() => null);
const row = (id: string, own: Row, hash = 'h', page = 1, cursor: string | null = null): Row => [
  'default',
  id,
  ...own,
  page,
  0,
  null,
  id,
  cursor,
  hash,
  null,
];
const rows = [
  row('a', values),
  row('b', empty),
  row('c', ['', ...empty.slice(1)]),
  row('d', ['\\N', ...empty.slice(1)]),
];
const nothing = { missing: 0, stale: 0, changed: 0, surplus: 0, doubled: 0, explained: 0 };

describe('a comparison with a DuckDB table', function () {
  this.timeout(30_000);

  it('finds no difference in what was loaded, of any type', async () => {
    const { load, compare } = await bench();
    await load(rows);
    expect(await compare(rows)).to.deep.equal({ superseded: 0, found: 4, kinds: nothing, examples: [] });
  });

  it('takes the newest version of each row, by cursor and page', async () => {
    const { load, compare } = await bench();
    const versions = [row('a', values, 'new', 1, '2026-02'), row('a', empty, 'old', 2, '2026-01')];
    await load(versions);
    expect(await compare(versions)).to.deep.include({ superseded: 1, found: 1, kinds: nothing });
  });

  it('names a changed column of each type', async () => {
    const { load, compare, sql } = await bench();
    await load(rows);
    for (const [at] of types.entries()) {
      await sql(`UPDATE sales."all" SET c${at} = NULL WHERE id = 'a'`);
      const { examples, kinds } = await compare(rows);
      expect(kinds).to.deep.equal({ ...nothing, changed: 1 });
      expect(examples[0]?.columns).to.include(`c${at}`);
    }
    const [example] = (await compare(rows)).examples;
    expect(example).to.deep.include({ kind: 'changed', key: ['default', 'a'], page: 1 });
    expect(example?.columns).to.have.length(types.length);
  });

  it('holds an empty file against the table, and a table against an empty one', async () => {
    const { load, compare } = await bench();
    expect((await compare([])).kinds).to.deep.equal(nothing);
    expect((await compare(rows)).kinds).to.deep.equal({ ...nothing, missing: 4 });
    await load(rows);
    expect((await compare([])).kinds).to.deep.equal({ ...nothing, surplus: 4 });
  });

  it('looks only at the pages that it is told', async () => {
    const { load, compare } = await bench();
    const two = [row('a', values, 'h', 1), row('b', values, 'h', 2)];
    await load(two.slice(0, 1));
    expect((await compare(two, { pages: { first: 1, last: 1 } })).kinds.missing).to.equal(0);
    expect((await compare(two, { pages: { first: 2, last: 9 } })).kinds.missing).to.equal(1);
  });

  it('gives five examples of each kind, and counts all', async () => {
    const { compare } = await bench();
    const many = Array.from({ length: 20 }, (_, at) => row(`r${at}`, values));
    const { kinds, examples } = await compare(many);
    expect(kinds.missing).to.equal(20);
    expect(examples.map(({ key }) => key[1])).to.deep.equal(['r0', 'r1', 'r10', 'r11', 'r12']);
  });

  it('explains what is blocked at the source, changed since, or loaded since', async () => {
    const { load, compare } = await bench();
    await load([row('blocked', values), row('loaded since', values)]);
    const source = { startedAt: '2026-01-01T00:00:00Z', changedFrom: '2026-01-01' };
    const listed = [row('blocked', empty, ''), row('changed since', values, 'h', 1, '2026-01-02')];
    expect((await compare(listed, { source })).kinds).to.deep.equal({ ...nothing, explained: 3 });
    const late = { startedAt: '2999-01-01T00:00:00Z' };
    const counted = { ...nothing, explained: 1, missing: 1, surplus: 1 };
    expect((await compare(listed, { source: late })).kinds).to.deep.equal(counted);
    const partial = await compare(listed, { source: { ...late, from: '2026-01-01' } });
    expect(partial.kinds).to.deep.equal({ ...counted, surplus: 0 });
  });

  it('reads the loads of a mapping, and changes nothing', async () => {
    const { load, compare, warehouse, statements } = await bench();
    await load(rows);
    await compare([]);
    const [noted] = await warehouse.loads(statements);
    expect(noted).to.deep.include({
      unit: 'dev.all.4',
      run: 'r1',
      firstPage: 1,
      lastPage: 9,
      counts: { staged: 4, inserted: 4, updated: 0, unchanged: 0, superseded: 0 },
    });
    expect((await warehouse.sample('sales', 'all', 9)).total).to.equal(4);
  });

  it('says when it cannot be made', async () => {
    const { compare, sql } = await bench();
    await sql('ALTER TABLE sales."all" DROP COLUMN c3');
    const failure = await compare(rows).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.have.property('message').that.contains('ETL0707: sales.all could not be compared');
  });
});
