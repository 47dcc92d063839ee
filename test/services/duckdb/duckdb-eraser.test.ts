import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { eraseStatement } from '../../../engine/compile/forget-sql.ts';
import type { StagedValue } from '../../../engine/model/batch.ts';
import { ExplainedError } from '../../../engine/model/errors.ts';
import type { EraseStatement } from '../../../engine/model/forget.ts';
import type { MappingPlan } from '../../../engine/model/plan.ts';
import type { Project } from '../../../engine/model/project.ts';
import { duckdbEraser } from '../../../engine/services/duckdb/duckdb-eraser.ts';
import { mapping, property } from '../../support/mappings.ts';
import { text } from '../../support/root.ts';
import { statementsOf } from '../../support/warehouse-statements.ts';

const project = {
  warehouse: { type: 'duckdb' },
  templates: { 'duckdb/forget': text('templates/duckdb/forget.sql.hbs') },
  ownTemplates: [],
} as unknown as Project;

const keys = {
  word: 'string',
  number: 'integer',
  share: 'double',
  yes: 'boolean',
  day: 'date',
  moment: 'timestamp',
  price: 'decimal(18,2)',
  raw: 'binary',
} as const;

const plan = (columns: readonly string[]): MappingPlan =>
  mapping(
    Object.entries(keys).map(([name, type]) => property(name, type)),
    { table: 'people', key: columns },
  );

describe('persons in the DuckDB warehouse', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-eraser-'));
    path = join(folder, 'warehouse.duckdb');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const query = async (...statements: string[]): Promise<unknown[]> => {
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    let rows: unknown[] = [];
    for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowsJson();
    connection.closeSync();
    instance.closeSync();
    return rows;
  };

  const fill = (): Promise<unknown[]> =>
    query(
      'CREATE TABLE people (_account VARCHAR, word VARCHAR, number HUGEINT, share DOUBLE, yes BOOLEAN, day DATE, ' +
        'moment TIMESTAMPTZ, price DECIMAL(18,2), raw BLOB)',
      "INSERT INTO people SELECT 'default', 'person-' || i, i, i / 10, i % 2 = 0, DATE '2026-01-01' + i::INTEGER, " +
        "TIMESTAMPTZ '2026-01-01 00:00:00Z' + to_seconds(i), i, ('raw' || i)::BLOB FROM range(100) AS t(i)",
      'CREATE VIEW adults AS SELECT * FROM people',
    );

  const eraser = () => duckdbEraser({ path, memoryBytes: 256 * 1024 ** 2, statements: statementsOf() });

  const statement = (columns: readonly string[], rows: readonly (readonly StagedValue[])[]): EraseStatement =>
    eraseStatement(project, plan(columns), columns, rows);

  it('are deleted by keys of every type, and nobody else is', async () => {
    await fill();
    const all = ['_account', ...Object.keys(keys)];
    const row = (at: number): StagedValue[] => [
      'default',
      `person-${at}`,
      String(at),
      at / 10,
      at % 2 === 0 ? 1 : 0,
      new Date(Date.UTC(2026, 0, 1 + at)).toISOString().slice(0, 10),
      new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString().replace('Z', '000Z'),
      String(at),
      Buffer.from(`raw${at}`).toString('base64'),
    ];
    const rows = [row(3), row(40), ['other', ...row(5).slice(1)]];
    expect(await eraser().erase([statement(all, rows)])).to.equal(2);
    expect(await eraser().erase([statement(all, rows)])).to.equal(0);
    expect(await query('SELECT count(*)::VARCHAR FROM people')).to.deep.equal([['98']]);
  });

  it('have no rows where there is no table, and no warehouse is made for them', async () => {
    const missing = { ...statement(['word'], [['x']]), table: 'nothing' };
    expect(await eraser().erase([missing])).to.equal(0);
    await eraser().rewrite();
    expect(existsSync(path)).to.equal(false);
    await fill();
    expect(await eraser().erase([missing, statement(['word'], [['person-1'], [null]])])).to.equal(1);
  });

  it('leave no bytes once the file is written anew, whatever an earlier attempt has left', async () => {
    await fill();
    await query("INSERT INTO people (word) VALUES ('zephyrine-quillfeather')", 'CHECKPOINT');
    expect(readFileSync(path).includes('zephyrine-quillfeather')).to.equal(true);
    const { mode } = statSync(path);
    writeFileSync(`${path}.rewritten`, 'half a file');
    await eraser().erase([statement(['word'], [['zephyrine-quillfeather']])]);
    await eraser().rewrite();
    expect(readFileSync(path).includes('zephyrine-quillfeather')).to.equal(false);
    expect(statSync(path).mode).to.equal(mode);
    expect(existsSync(`${path}.rewritten`)).to.equal(false);
    expect(existsSync(`${path}.wal`)).to.equal(false);
    expect(await query('SELECT count(*)::VARCHAR FROM adults')).to.deep.equal([['100']]);
  });

  it('are all there when one statement fails', async () => {
    await fill();
    const good = statement(['word'], [['person-1']]);
    const bad = { ...good, sql: 'DELETE FROM people WHERE nonsense' };
    const failure = await eraser()
      .erase([good, bad])
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ExplainedError).with.nested.property('diagnostic.code', 'ETL0720');
    expect(await query('SELECT count(*)::VARCHAR FROM people')).to.deep.equal([['100']]);
  });

  it('stay in the old file, whole, when it cannot be written anew', async () => {
    await fill();
    await query(
      'CREATE TABLE gone (i INTEGER)',
      'CREATE VIEW broken AS SELECT * FROM gone',
      'DROP TABLE gone',
    );
    const failure = await eraser()
      .rewrite()
      .catch((error: unknown) => error);
    if (failure !== undefined)
      expect(failure).to.be.instanceOf(ExplainedError).with.nested.property('diagnostic.code', 'ETL0721');
    expect(await query('SELECT count(*)::VARCHAR FROM people')).to.deep.equal([['100']]);
    expect(existsSync(`${path}.rewritten`)).to.equal(false);
  });
});
