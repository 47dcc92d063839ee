import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { packageFolder } from '../support/package-folder.ts';
import type { Findings } from './findings.ts';

/** What the tables of the acceptance hold. */
export interface RetailTotals {
  readonly invoices: number;
  readonly lines: number;
  readonly customers: number;
  readonly products: number;
  /** Sum of quantity × unit price, exactly. */
  readonly controlSum: string;
}

type Row = Readonly<Record<string, DuckDBValue>>;

/** Runs a query of this folder over a warehouse, by name, and gives its only row. */
async function row(path: string, query: string, parameters: Record<string, string> = {}): Promise<Row> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const sql = readFileSync(join(packageFolder, `bench/retail/${query}.sql`), 'utf8');
    const reader = await connection.runAndReadAll(sql, parameters);
    return reader.getRowObjects()[0] ?? {};
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export async function warehouseTotals(path: string): Promise<RetailTotals> {
  const found = await row(path, 'totals');
  return {
    invoices: Number(found['invoices']),
    lines: Number(found['lines']),
    customers: Number(found['customers']),
    products: Number(found['products']),
    controlSum: String(found['control_sum']),
  };
}

/** Compares the warehouse with the file, line by line, by the warehouse's own reading of both. */
export async function compareWithFile(path: string, file: string, findings: Findings): Promise<void> {
  for (const [what, count] of Object.entries(await row(path, 'differences', { file }))) {
    findings.same(what.replaceAll('_', ' '), Number(count), 0);
  }
}
