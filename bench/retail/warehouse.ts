import type { Findings } from '../support/findings.ts';
import { warehouseRow } from '../support/warehouse-row.ts';

/** What the tables of the acceptance hold. */
export interface RetailTotals {
  readonly invoices: number;
  readonly lines: number;
  readonly customers: number;
  readonly products: number;
  /** Sum of quantity × unit price, exactly. */
  readonly controlSum: string;
}

export async function warehouseTotals(path: string): Promise<RetailTotals> {
  const found = await warehouseRow(path, 'bench/retail/totals.sql');
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
  for (const [what, count] of Object.entries(
    await warehouseRow(path, 'bench/retail/differences.sql', { file }),
  )) {
    findings.same(what.replaceAll('_', ' '), Number(count), 0);
  }
}

/** Compares each total with what it should be. */
export function sameTotals(
  findings: Findings,
  when: string,
  found: RetailTotals,
  expected: RetailTotals,
): void {
  for (const name of Object.keys(expected) as (keyof RetailTotals)[]) {
    findings.same(`${name} ${when}`, found[name], expected[name]);
  }
}
