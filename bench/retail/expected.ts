import type { RetailLine } from './lines.ts';
import type { RetailTotals } from './warehouse.ts';

const decimals = 3;

/** A decimal text in thousandths. */
function thousandths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

function decimalText(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

const distinct = (values: readonly (string | null)[]): number =>
  new Set(values.filter((value) => value !== null)).size;

/** The totals as the file has them, counted without the shop, the lab or a database. */
export function expectedTotals(lines: readonly RetailLine[]): RetailTotals {
  const sum = lines.reduce(
    (total, { quantity, unitPrice }) => total + BigInt(quantity) * thousandths(unitPrice),
    0n,
  );
  return {
    invoices: distinct(lines.map(({ invoiceNo }) => invoiceNo)),
    lines: lines.length,
    customers: distinct(lines.map(({ customerId }) => customerId)),
    products: distinct(lines.map(({ stockCode }) => stockCode)),
    controlSum: decimalText(sum),
  };
}
