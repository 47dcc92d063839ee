import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Sample, Warehouse } from '../../engine/model/ports.ts';
import type { Project } from '../../engine/model/project.ts';
import { audit, complaints, startRun } from '../faults/command.ts';
import { Findings } from '../support/findings.ts';
import { serveLab } from '../support/lab.ts';
import type { Acceptance, AcceptanceOptions } from './acceptance.ts';
import { expectedTotals } from './expected.ts';
import { readRetailLines } from './lines.ts';
import { makeProject, writeLabData } from './project.ts';
import { type ShopRecords, shopRecords } from './shop-records.ts';
import { compareWithFile, sameTotals, warehouseTotals } from './warehouse.ts';

/** A warehouse that is no file of the project's. */
export interface Elsewhere {
  readonly settings: Project['warehouse'];
  readonly env: Readonly<Record<string, string>>;
  open(): Warehouse;
  /** Tells after each run how many load files it brought, and what it sent. */
  ran?(run: string, findings: Findings): void;
}

/** The columns that are compared with the file. */
const tables = {
  invoices: { invoice_no: 'VARCHAR', customer_id: 'VARCHAR', country: 'VARCHAR', updated_at: 'TIMESTAMPTZ' },
  invoice_lines: {
    invoice_no: 'VARCHAR',
    line_index: 'HUGEINT',
    stock_code: 'VARCHAR',
    description: 'VARCHAR',
    quantity: 'HUGEINT',
    unit_price: 'DECIMAL(18,3)',
    invoice_date: 'TIMESTAMPTZ',
  },
  customers: { customer_id: 'VARCHAR', country: 'VARCHAR', updated_at: 'TIMESTAMPTZ' },
  products: { stock_code: 'VARCHAR', updated_at: 'TIMESTAMPTZ' },
} as const;

/** The acceptance of a year of transactions in another warehouse: the same two runs, the same tables. */
export async function acceptElsewhere(
  options: AcceptanceOptions,
  { settings, env, open, ran }: Elsewhere,
): Promise<Acceptance> {
  const { file, folder, pageRecords, cutoff } = options;
  const findings = new Findings();
  const lines = await readRetailLines(file);
  makeProject(folder, pageRecords, { warehouse: JSON.stringify(settings) });
  for (const [name, records] of [
    ['first run', shopRecords(lines, cutoff)],
    ['second run', shopRecords(lines)],
  ] as const) {
    await run(folder, records, env, name, findings);
    ran?.(name, findings);
  }
  const copy = join(folder, 'copy.duckdb');
  await copyTables(open, copy);
  const totals = await warehouseTotals(copy);
  sameTotals(findings, 'in the end', totals, expectedTotals(lines));
  await compareWithFile(copy, file, findings);
  const { status, accounted_percent: percent } = await audit(folder, env);
  findings.same('etl audit', status, 'accounted');
  findings.same('accounted for, %', percent, 100);
  return { findings, totals };
}

async function run(
  folder: string,
  records: ShopRecords,
  env: Elsewhere['env'],
  name: string,
  findings: Findings,
): Promise<void> {
  writeLabData(folder, records);
  const lab = await serveLab(folder);
  try {
    const shop = { SHOP_URL: lab.sources.get('shop') ?? lab.url, SHOP_KEY: 'lab-SHOP_KEY' };
    const ended = await startRun(folder, { ...env, ...shop }).ended;
    findings.same(`${name}: exit code`, ended.code ?? -1, 0);
    findings.same(`${name}: complaints`, complaints(ended).join(), '');
  } finally {
    await lab.stop();
  }
}

/** Copies the tables to a DuckDB file as texts, and there gives them the types of the file's reading. */
async function copyTables(open: Elsewhere['open'], path: string): Promise<void> {
  rmSync(path, { force: true });
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const warehouse = open();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run('CREATE SCHEMA retail');
    for (const [table, types] of Object.entries(tables)) {
      await copyTexts(connection, await warehouse.sample('retail', table, 10_000_000));
      const typed = Object.entries(types).map(([name, type]) => `${name}::${type} AS ${name}`);
      await connection.run(`CREATE TABLE retail.${table} AS SELECT ${typed.join(', ')} FROM texts`);
      await connection.run('DROP TABLE texts');
    }
  } finally {
    await warehouse.close();
    connection.closeSync();
    instance.closeSync();
  }
}

async function copyTexts(connection: DuckDBConnection, { columns, rows }: Sample): Promise<void> {
  const names = columns.map((column) => column.toLowerCase());
  await connection.run(`CREATE TEMP TABLE texts (${names.map((one) => `${one} VARCHAR`).join(', ')})`);
  const appender = await connection.createAppender('texts', undefined, 'temp');
  for (const row of rows) {
    for (const value of row) value === null ? appender.appendNull() : appender.appendVarchar(value);
    appender.endRow();
  }
  appender.closeSync();
}
