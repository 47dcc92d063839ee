import { expect } from 'chai';
import { type Api, api, etl, json, projectFolder, tableOf } from './cli.ts';

interface Line {
  readonly sku: string;
  readonly price: number | string;
}

export interface Order {
  readonly id: string;
  readonly at: string;
  readonly status?: string;
  readonly lines?: readonly Line[];
}

interface Deletion {
  readonly order: string;
  readonly at: string;
}

interface Shop extends Api {
  /** What a listing without a filter shows at most. */
  readonly shown: { records: number };
  readonly orders: Order[];
  readonly deletions: Deletion[];
}

/** An API over lists that a test may change. Like a real one it lists what changed since. */
export async function shop(...orders: Order[]): Promise<Shop> {
  const deletions: Deletion[] = [];
  const shown = { records: Number.POSITIVE_INFINITY };
  const provider = await api((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const since = url.searchParams.get('since') ?? '';
    const changed = <T extends { at: string }>(list: readonly T[]): T[] =>
      list.filter(({ at }) => at >= since);
    if (url.pathname === '/deleted') return json(response, changed(deletions));
    const from = Number(url.searchParams.get('after') ?? 0);
    const listed = changed(orders).slice(0, since === '' ? shown.records : orders.length);
    const next = from + 3 < listed.length ? String(from + 3) : null;
    return json(response, { orders: listed.slice(from, from + 3), next });
  });
  return { ...provider, orders, deletions, shown };
}

const source = (url: string, deletes: string): string => `kind: source
name: shop
baseUrl: ${url}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, from: {query: since}}
${deletes}
  deleted_orders:
    request: {path: /deleted}
    primaryKey: [order]
    cursor: {field: at, from: {query: since}}
`;

export const byFlag = '    deletes: [{by: flag, where: {status: deleted}}]';
export const byStream = '    deletes: [{by: stream, stream: deleted_orders, key: [order]}]';

interface Loading {
  readonly orders?: string;
  readonly lines?: string;
}

export const project = (provider: Shop, deletes: string, { orders = '', lines = '' }: Loading = {}): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml': source(provider.url, deletes),
    'mappings/orders.yml': `kind: mapping
name: orders
from: shop.orders
load: {key: [id]${orders}}
properties:
  id: {from: id, type: string}
  status: {from: status, type: string}
`,
    'mappings/lines.yml': `kind: mapping
name: lines
from: shop.orders
each: lines
load: {key: [id, sku]${lines}}
properties:
  id: {from: $parent.id, type: string}
  sku: {from: sku, type: string}
  price: {from: price, type: integer}
`,
  });

interface Table {
  readonly mapping: string;
  readonly deleted: number;
  readonly superseded: number;
  readonly updated: number;
  readonly inserted: number;
}

/** Runs a project, and gives the counts of its tables by name. */
export async function run(folder: string): Promise<Record<string, Table>> {
  const { code, stdout } = await etl(['run', '--json', '-p', folder]);
  const { result, diagnostics } = JSON.parse(stdout) as { result: { tables: Table[] }; diagnostics: unknown };
  expect(code, JSON.stringify(diagnostics)).to.equal(0);
  return Object.fromEntries(result.tables.map((table) => [table.mapping, table]));
}

/** The ledger, the warehouse's account and the tables agree. */
export async function accounted(folder: string): Promise<void> {
  const { code, stdout, stderr } = await etl(['audit', '-p', folder]);
  expect(code, stdout + stderr).to.equal(0);
}

export const minute = (at: number): string => new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();
export const line = (sku: string, price: number | string = 1): Line => ({ sku, price });

export const skus = async (folder: string): Promise<(string | null | undefined)[]> =>
  (await tableOf(folder, 'lines')).map((row) => row['sku']).sort();
