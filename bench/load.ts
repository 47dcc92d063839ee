import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { StagedValue } from '../engine/model/batch.ts';
import { loadLine } from '../engine/model/load-file.ts';
import type { LoadCounts } from '../engine/model/ports.ts';
import { count, tableText } from '../engine/report/table.ts';
import { SnowflakeConnection } from '../engine/services/snowflake-warehouse/snowflake-connection.ts';
import { SnowflakeSession } from '../engine/services/snowflake-warehouse/snowflake-session.ts';
import { loadUnit } from '../engine/services/warehouse/load-unit.ts';
import type { WarehouseSession } from '../engine/services/warehouse/session.ts';
import { SnowflakeStandIn } from '../test/support/snowflake/stand-in.ts';
import { type LoadProject, loadProject } from './load/project.ts';
import { sales, saleTypes } from './load/sales.ts';
import { binds, type Carried, ndjson, parquet, warm } from './load/ways.ts';
import { rounded } from './support/numbers.ts';
import { packageFolder } from './support/package-folder.ts';
import type { BenchResult } from './support/results.ts';

const folder = join(packageFolder, '.etl/bench/load');

/** Columns of `_ETL_FILE`, in the order of a load file. */
const columns = [
  { name: '_ACCOUNT', type: 'VARCHAR' },
  { name: 'ID', type: 'VARCHAR' },
  ...Object.entries(saleTypes).map(([name, type]) => ({
    name: name.toUpperCase(),
    type: snowflakeType(type),
  })),
  ...['_PAGE', '_ORDINAL', '_INDEX'].map((name) => ({ name, type: 'NUMBER(38,0)' })),
  ...['_RECORD', '_CURSOR', '_HASH', '_OP'].map((name) => ({ name, type: 'VARCHAR' })),
];

function snowflakeType(type: (typeof saleTypes)[keyof typeof saleTypes]): string {
  const names = {
    string: 'VARCHAR',
    timestamp: 'TIMESTAMP_TZ(6)',
    'decimal(18,2)': 'NUMBER(18,2)',
    integer: 'NUMBER(38,0)',
    boolean: 'BOOLEAN',
    json: 'VARIANT',
  } as const;
  return names[type];
}

/** What one way or one load took. */
interface Timed {
  readonly what: string;
  readonly rows: number;
  readonly seconds: number;
  /** Of them, the MERGE. */
  readonly merge_s?: number;
  readonly statements?: number;
  readonly counts?: LoadCounts;
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

function writeRows(file: string, rows: Iterable<readonly StagedValue[]>): void {
  const descriptor = openSync(file, 'w');
  let text = '';
  for (const row of rows) {
    text += loadLine(row);
    if (text.length > 1 << 20) {
      writeSync(descriptor, text);
      text = '';
    }
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
}

/** Measures the MERGE of a load. */
function timedSession(session: WarehouseSession): { readonly session: WarehouseSession; merge(): number } {
  let merge = 0;
  return {
    session: {
      execute: async (sql, values) => {
        const start = performance.now();
        const rows = await session.execute(sql, values);
        const took = (performance.now() - start) / 1000;
        if (/^(?:--[^\n]*\n)*MERGE INTO "SALES"\."SALES"/.test(sql)) merge += took;
        return rows;
      },
      copy: (sql, values, file) => session.copy(sql, values, file),
      begin: () => session.begin(),
      commit: () => session.commit(),
      rollback: () => session.rollback(),
    },
    merge: () => merge,
  };
}

/** One load by the engine, of `rows` sales of which `changed` are others than before. */
async function engineLoad(
  standIn: SnowflakeStandIn,
  { options, load }: LoadProject,
  rows: number,
  changed: number,
  at: number,
): Promise<Timed> {
  const file = join(folder, `sales-${at}.csv`);
  writeRows(file, sales(rows, changed, at));
  await warm(file);
  const connection = await SnowflakeConnection.open(options);
  const timed = timedSession(new SnowflakeSession(connection, options, { run: 'bench', mapping: 'sales' }));
  const unit = { id: `dev.sales.${at}`, mapping: 'sales', firstPage: 1, lastPage: 1, rows, marks: 0 };
  const loadedAt = new Date(Date.UTC(2026, 2, 1) + at).toISOString();
  standIn.forgetStatements();
  let counts: LoadCounts | undefined;
  const took = await seconds(async () => {
    counts = await loadUnit(timed.session, load.statements, {
      unit,
      rows,
      run: `bench-${at}`,
      schema: 'sales',
      table: 'sales',
      file,
      loadedAt,
    });
  });
  await connection.end();
  return {
    what: at === 0 ? 'load of new rows' : `load, ${changed} % changed`,
    rows,
    seconds: took,
    merge_s: timed.merge(),
    statements: standIn.statements.filter(({ sql }) => !sql.startsWith('PUT')).length,
    ...(counts && { counts }),
  };
}

/** Each way brings the same rows to a table like `_ETL_FILE`; what it has brought is counted. */
async function ways(project: LoadProject, rows: number, boundRows: number): Promise<readonly Timed[]> {
  const connection = await SnowflakeConnection.open(project.options);
  const plain = (sql: string) => connection.run({ sql, binds: [] }, {});
  await plain('CREATE SCHEMA IF NOT EXISTS "BENCH"');
  await plain('CREATE TEMPORARY STAGE IF NOT EXISTS "BENCH"."FILES"');
  const file = join(folder, 'ways.csv');
  const all = (): Iterable<readonly StagedValue[]> => sales(rows);
  writeRows(file, all());
  await warm(file);
  const carried: Carried = {
    connection,
    rows: all,
    columns,
    file,
    stage: '"BENCH"."FILES"',
    table: '"BENCH"."BROUGHT"',
  };
  const fresh = (): Promise<unknown> =>
    plain(
      `CREATE OR REPLACE TEMPORARY TABLE ${carried.table} (${columns.map(({ name, type }) => `"${name}" ${type}`).join(', ')})`,
    );
  const brought = async (what: string, expected: number, work: () => Promise<void>): Promise<Timed> => {
    await fresh();
    const took = await seconds(work);
    const { rows: found } = await plain(`SELECT COUNT(*) AS "n" FROM ${carried.table}`);
    if (Number(found[0]?.['n']) !== expected)
      throw new Error(`${what} brought ${found[0]?.['n']} of ${expected} rows`);
    return { what, rows: expected, seconds: took };
  };
  const copies = project.load.statements.filter(({ name }) => name === 'copy');
  const session = new SnowflakeSession(connection, project.options, { run: 'ways' });
  const csv = async (): Promise<void> => {
    for (const { sql } of copies)
      await session.copy(
        sql.replaceAll(/"[A-Z]+"\."_ETL_FILE"/g, carried.table),
        { run: 'ways', unit: 'csv' },
        file,
      );
  };
  await plain('CREATE TEMPORARY STAGE IF NOT EXISTS "PUBLIC"."_ETL_STAGE"');
  const done = [
    await brought('CSV, gzip', rows, csv),
    await brought('NDJSON, gzip', rows, () => ndjson(carried)),
    await brought('Parquet', rows, () => parquet(carried)),
    await brought('array binds', boundRows, () => binds({ ...carried, rows: () => sales(boundRows) })),
  ];
  await connection.end();
  return done;
}

const tableOf = (timed: readonly Timed[]): string =>
  tableText(
    ['', 'rows', 'seconds', 'rows/s', 'MERGE s', 'statements but PUT'],
    timed.map(({ what, rows, seconds: took, merge_s, statements }) => [
      what,
      count(rows),
      took.toFixed(2),
      count(Math.round(rows / took)),
      merge_s?.toFixed(2) ?? '',
      statements === undefined ? '' : String(statements),
    ]),
    [false, true, true, true, true, true],
  );

/**
 * Loading into Snowflake, as far as it goes without an account: through the real SDK into the stand-in of the tests, whose
 * time is DuckDB's and its own. What it shows is what this side costs, how many statements are sent, and how formats compare here.
 */
export async function load(args: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: { rows: { type: 'string', default: '50000' }, bound: { type: 'string', default: '10000' } },
  });
  const [rows, boundRows] = [Number(values.rows), Number(values.bound)];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const standIn = await SnowflakeStandIn.start({});
  try {
    const project = await loadProject(join(folder, 'project'), standIn.url);
    const connection = await SnowflakeConnection.open(project.options);
    for (const sql of project.definitions) await connection.run({ sql, binds: [] }, {});
    await connection.end();
    const brought = await ways(project, rows, boundRows);
    const loads: Timed[] = [];
    for (const [at, changed] of [0, 0, 10, 100].entries())
      loads.push(await engineLoad(standIn, project, rows, changed, at));
    const rate = (what: string): number => {
      const one = brought.find((timed) => timed.what.startsWith(what));
      return one === undefined ? 0 : Math.round(one.rows / one.seconds);
    };
    const merge = (at: number): number => rounded(loads[at]?.merge_s ?? 0, 2);
    return {
      table: tableOf([...brought, ...loads]),
      runs: [...brought, ...loads],
      figures: {
        rows,
        ndjson_rows_per_s: rate('NDJSON'),
        csv_rows_per_s: rate('CSV'),
        parquet_rows_per_s: rate('Parquet'),
        binds_rows_per_s: rate('array'),
        merge_s_0: merge(1),
        merge_s_10: merge(2),
        merge_s_100: merge(3),
        statements_per_mapping: loads[1]?.statements ?? 0,
      },
    };
  } finally {
    await standIn.close();
  }
}
