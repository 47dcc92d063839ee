import type { RetailLine } from './lines.ts';

/** A record of the shop's API: its cursor, and itself as JSON. */
export interface ShopRecord {
  readonly updatedAt: string;
  readonly json: string;
}

/** What the shop's API serves, by stream. */
export interface ShopRecords {
  readonly invoices: readonly ShopRecord[];
  readonly customers: readonly ShopRecord[];
  readonly products: readonly ShopRecord[];
}

const grouped = (
  lines: readonly RetailLine[],
  keyOf: (line: RetailLine) => string | null,
): ReadonlyMap<string, readonly RetailLine[]> => {
  const groups = new Map<string, RetailLine[]>();
  for (const line of lines) {
    const key = keyOf(line);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [line]);
    else group.push(line);
  }
  return groups;
};

/** Of lines with the same time, the last in the file. */
const latest = (lines: readonly RetailLine[]): RetailLine =>
  lines.reduce((last, line) => (line.invoiceDate >= last.invoiceDate ? line : last));

/** JSON with a price as the file writes it; through a double it could come out otherwise. */
function lineJson({ stockCode, description, quantity, unitPrice, invoiceDate }: RetailLine): string {
  const texts = `"stock_code":${JSON.stringify(stockCode)},"description":${JSON.stringify(description)}`;
  return `{${texts},"quantity":${quantity},"unit_price":${unitPrice},"invoice_date":"${invoiceDate}"}`;
}

function invoice(id: string, lines: readonly RetailLine[]): ShopRecord {
  const { invoiceDate: updatedAt, country, customerId } = latest(lines);
  const head = JSON.stringify({ id, updated_at: updatedAt, country, customer_id: customerId }).slice(0, -1);
  return { updatedAt, json: `${head},"lines":[${lines.map(lineJson).join(',')}]}` };
}

function customer(id: string, lines: readonly RetailLine[]): ShopRecord {
  const { invoiceDate: updatedAt, country } = latest(lines);
  const invoices = new Set(lines.map(({ invoiceNo }) => invoiceNo)).size;
  return { updatedAt, json: JSON.stringify({ id, country, invoices, updated_at: updatedAt }) };
}

function product(stockCode: string, lines: readonly RetailLine[]): ShopRecord {
  const { invoiceDate: updatedAt } = latest(lines);
  const described = lines.filter(({ description }) => description !== null);
  const record = {
    stock_code: stockCode,
    description: described.length === 0 ? null : latest(described).description,
    descriptions: [...new Set(described.map(({ description }) => description))],
    updated_at: updatedAt,
  };
  return { updatedAt, json: JSON.stringify(record) };
}

const recordsOf = (
  groups: ReadonlyMap<string, readonly RetailLine[]>,
  make: (key: string, lines: readonly RetailLine[]) => ShopRecord,
): readonly ShopRecord[] => [...groups].map(([key, lines]) => make(key, lines));

/** The shop as it stood when nothing at or after `before` had happened; without it, as the file ends. */
export function shopRecords(lines: readonly RetailLine[], before = '9999'): ShopRecords {
  const invoices = grouped(lines, ({ invoiceNo }) => invoiceNo);
  const known = [...invoices.values()].filter((of) => latest(of).invoiceDate < before).flat();
  return {
    invoices: recordsOf(
      grouped(known, ({ invoiceNo }) => invoiceNo),
      invoice,
    ),
    customers: recordsOf(
      grouped(known, ({ customerId }) => customerId),
      customer,
    ),
    products: recordsOf(
      grouped(known, ({ stockCode }) => stockCode),
      product,
    ),
  };
}
