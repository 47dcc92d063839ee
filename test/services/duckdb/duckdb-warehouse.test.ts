import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { check, plan } from '../../../engine/engine.ts';
import { loadLine } from '../../../engine/model/load-file.ts';
import type { DefineStep, LoadStep, Plan } from '../../../engine/model/plan.ts';
import type { LoadCounts, Warehouse } from '../../../engine/model/ports.ts';
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

interface Bench {
  readonly warehouse: Warehouse;
  readonly path: string;
  /** `announced`: how many rows the unit is to have. */
  load(
    pages: string,
    rows: readonly (readonly (string | number | null)[])[],
    announced?: number,
  ): Promise<LoadCounts>;
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
  const path = join(folder, 'w.duckdb');
  const warehouse = duckdbWarehouse({ path, memoryBytes: 256 * 1024 ** 2, statements: statementsOf() });
  await warehouse.define(
    compiled.steps.flatMap((step) => (step.kind === 'define' ? (step as DefineStep).statements : [])),
  );
  const { statements } = compiled.steps.find((step): step is LoadStep => step.kind === 'load') as LoadStep;
  const load: Bench['load'] = (pages, rows, announced = rows.length) => {
    const file = join(folder, `${pages}.csv`);
    writeFileSync(file, rows.map((row) => loadLine(row)).join(''));
    const [firstPage = 0, lastPage = 0] = pages.split('-').map(Number);
    const unit = { id: `unit ${pages}`, mapping: 'all', firstPage, lastPage, rows: announced, marks: 0 };
    return warehouse.load(statements, {
      unit,
      rows: announced,
      run: 'r1',
      schema: 'sales',
      table: 'all',
      file,
      loadedAt: '2026-01-02T00:00:00.000Z',
    });
  };
  return { warehouse, path, load };
}

const empty = types.map(() => null);
/** A row as staging gives it: account, columns, then page, ordinal, index, record, cursor, hash, operation. */
const row = (
  id: string,
  values: readonly (string | number | null)[],
  page: number,
  hash: string,
  cursor: string | null = null,
): (string | number | null)[] => ['default', id, ...values, page, 0, null, id, cursor, hash, null];

describe('the DuckDB warehouse', function () {
  this.timeout(20_000);

  it('stores every type exactly', async () => {
    const { load, warehouse } = await bench();
    const text = 'a "q", b\nc\\N;\'é😀';
    const values = [
      text,
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
    await load('1-1', [
      row('a', values, 1, 'h1'),
      row('b', empty, 1, 'h2'),
      row('c', ['', ...empty.slice(1)], 1, 'h3'),
      row('d', ['\\N', ...empty.slice(1)], 1, 'h4'),
    ]);
    const { rows, columns } = await warehouse.sample('sales', 'all', 10);
    const cells = (at: number): (string | null)[] => rows[at]?.slice(2, 2 + types.length) ?? [];
    expect(columns.slice(0, 3)).to.deep.equal(['_account', 'id', 'c0']);
    expect(cells(0)).to.deep.equal([
      text,
      '-99999999999999999999999999999999999999',
      '1234567890123456789012345678.0123456789',
      '1e-300',
      'true',
      '2026-02-28',
      '23:59:59.999999',
      '2026-01-31 08:15:00.000001+00',
      '0001-01-01 00:00:00',
      '{"a":"b,\\n"}',
      '\\x00\\x01\\x02\\xFF',
    ]);
    expect(cells(1)).to.deep.equal(empty);
    expect(cells(2)[0]).to.equal('');
    expect(cells(3)[0]).to.equal('\\N');
  });

  it('inserts, updates what has another hash, and leaves the rest', async () => {
    const { load } = await bench();
    expect(await load('1-1', [row('a', empty, 1, 'h1'), row('b', empty, 1, 'h2')])).to.deep.equal({
      staged: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      superseded: 0,
      held: 0,
      deleted: 0,
    });
    const second = await load('2-2', [
      row('a', empty, 2, 'h1'),
      row('b', empty, 2, 'changed'),
      row('c', empty, 2, 'h3'),
    ]);
    expect(second).to.include({
      staged: 3,
      inserted: 1,
      updated: 1,
      unchanged: 1,
      superseded: 0,
      deleted: 0,
    });
  });

  it('keeps the newest version by cursor, then by page', async () => {
    const { load, warehouse } = await bench();
    const named = (name: string): (string | null)[] => [name, ...empty.slice(1)];
    const counts = await load('1-3', [
      row('a', named('late page, old'), 3, 'x', '2026-01-01'),
      row('a', named('newest'), 1, 'y', '2026-01-02'),
      row('b', named('first'), 1, 'z'),
      row('b', named('second'), 2, 'w'),
    ]);
    expect(counts).to.include({ inserted: 2, superseded: 2 });
    expect((await warehouse.sample('sales', 'all', 9)).rows.map((cells) => cells[2])).to.deep.equal([
      'newest',
      'second',
    ]);
  });

  it('does not load a unit twice, and gives the counts of the first time', async () => {
    const { load, warehouse } = await bench();
    const rows = [row('a', empty, 1, 'h1')];
    const first = await load('1-1', rows);
    expect(await load('1-1', rows)).to.deep.equal(first);
    expect((await warehouse.sample('main', '_etl_loads', 9)).total).to.equal(1);
  });

  it('rolls back a load that fails in the middle', async () => {
    const { load, warehouse } = await bench();
    const bad = row('b', ['x', 'not a number', ...empty.slice(2)], 1, 'h2');
    const failure = await load('1-1', [row('a', empty, 1, 'h1'), bad]).catch((error) => error.diagnostic);
    expect(failure.code).to.equal('ETL0705');
    expect((await warehouse.sample('sales', 'all', 9)).total).to.equal(0);
    expect((await warehouse.sample('main', '_etl_loads', 9)).total).to.equal(0);
  });

  it('takes a load back whose file lacks a row', async () => {
    const { load, warehouse } = await bench();
    const failure = await load('1-1', [row('a', empty, 1, 'h1')], 2).catch((error) => error.diagnostic);
    expect(failure.code).to.equal('ETL0705');
    expect(failure.summary).to.contain('the load file holds 1 of 2 rows');
    expect((await warehouse.sample('sales', 'all', 9)).total).to.equal(0);
  });

  it('says so when another process has the file open', async () => {
    const { path } = await bench();
    const { spawn } = await import('node:child_process');
    const code = `const {DuckDBInstance}=require('@duckdb/node-api');DuckDBInstance.create(process.argv[1]).then(()=>{console.log('open');setInterval(()=>{},1000)})`;
    const other = spawn(process.execPath, ['-e', code, path], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => other.stdout.once('data', resolve));
    const failure = await duckdbWarehouse({ path, memoryBytes: 1e8, statements: statementsOf() })
      .define([])
      .catch((error) => error.diagnostic);
    other.kill('SIGKILL');
    expect(failure.code).to.equal('ETL0703');
  });

  it('knows no tables of a file that does not exist, and does not make it', async () => {
    const { existsSync } = await import('node:fs');
    const path = join(projectFolder({}), 'none.duckdb');
    expect(
      await duckdbWarehouse({ path, memoryBytes: 1e8, statements: statementsOf() }).tables([
        { schema: 'main', table: 't' },
      ]),
    ).to.deep.equal([]);
    expect(existsSync(path)).to.equal(false);
  });

  it('explains a file that is no database', async () => {
    const folder = projectFolder({
      'w.duckdb': 'this is a text and no database at all, whatever its name says',
    });
    const failure = await duckdbWarehouse({
      path: join(folder, 'w.duckdb'),
      memoryBytes: 1e8,
      statements: statementsOf(),
    })
      .define([])
      .catch((error) => error.diagnostic);
    expect(failure.code).to.equal('ETL0704');
  });
});
