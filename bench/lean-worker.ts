import { openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

/** A worker of lean.ts: unzips and parses a page, and appends its rows to a CSV file of its own. */

/** A page as received. */
export interface LeanPage {
  readonly body: ArrayBuffer;
  readonly zipped: boolean;
}

interface Order {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly currency: string;
  readonly subtotal_price: string;
  readonly total_tax: string;
  readonly total_discounts: number;
  readonly total_price: string;
  readonly item_count: number;
  readonly taxes_included: boolean;
  readonly financial_status: string;
  readonly fulfillment_status: string | null;
  readonly note: string | null;
  readonly customer: {
    readonly id: number;
    readonly email: string;
    readonly address: { readonly city: string; readonly country_code: string };
  };
}

const text = (value: string): string =>
  value.includes('"') ? `"${value.replaceAll('"', '""')}"` : `"${value}"`;

const orNull = (value: string | null): string => (value === null ? '\\N' : text(value));

/** What a generator would make of the mapping: no loop over properties, no check of a value. */
const row = (order: Order): string =>
  `${order.id},${text(order.name)},${order.created_at},${order.updated_at},${text(order.currency)},` +
  `${order.subtotal_price},${order.total_tax},${order.total_discounts},${order.total_price},` +
  `${order.item_count},${order.taxes_included},${text(order.financial_status)},` +
  `${orNull(order.fulfillment_status)},${orNull(order.note)},${order.customer.id},` +
  `${text(order.customer.email)},${text(order.customer.address.city)},${text(order.customer.address.country_code)}\n`;

const file = openSync(workerData as string, 'w');

parentPort?.on('message', ({ body, zipped }: LeanPage) => {
  const json = zipped ? gunzipSync(body) : Buffer.from(body);
  const { orders } = JSON.parse(json.toString()) as { orders: readonly Order[] };
  let lines = '';
  for (const order of orders) lines += row(order);
  writeSync(file, lines);
  parentPort?.postMessage(orders.length);
});
