import { type Api, api, etl, type Finished, json, projectFolder } from './cli.ts';

export interface Order {
  readonly id: string;
  readonly at: string;
  readonly total: string;
}

export interface Shops extends Api {
  /** Orders by account, which is the first part of the path. */
  readonly orders: { [account: string]: Order[] };
  /** Accounts whose token is refused, or that fail behind so many records. */
  readonly broken: Map<string, number>;
}

export const pageSize = 2;

const changedSince = (orders: readonly Order[], { searchParams }: URL): readonly Order[] =>
  orders.filter(({ at }) => at >= (searchParams.get('since') ?? ''));

/** An API over the lists of several accounts, that tests may change. Like a real one it lists what changed since. */
export async function shopsOf(orders: Shops['orders']): Promise<Shops> {
  const broken = new Map<string, number>();
  const provider = await api((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const account = url.pathname.split('/')[1] ?? '';
    const from = Number(url.searchParams.get('after') ?? 0);
    const isGood = request.headers.authorization === `Bearer of ${account}`;
    const end = broken.get(account) ?? Number.POSITIVE_INFINITY;
    if (!isGood || from >= end) return json(response, {}, 401);
    const listed = changedSince(orders[account] ?? [], url);
    const next = from + pageSize < listed.length ? String(from + pageSize) : null;
    json(response, { orders: listed.slice(from, from + pageSize), next });
  });
  return { ...provider, orders, broken };
}

export interface More {
  readonly etl?: string;
  readonly stream?: string;
  readonly load?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export const cursor = '    cursor: {field: at, from: {query: since}}\n';

export const project = (
  { url }: Shops,
  { etl: more = '', stream = cursor, load = '', files = {} }: More,
): string =>
  projectFolder({
    'etl.yml': `kind: project\nname: demo\n${more}`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: "${url}/\${var:shop}"
auth: {type: bearer, token: "\${env:TOKEN}"}
accounts:
  default: {vars: {shop: main}}
  berlin: {vars: {shop: berlin}, auth: {token: "\${env:BERLIN_TOKEN}"}}
  paris: {vars: {shop: paris}, auth: {token: "\${env:PARIS_TOKEN}"}}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
${stream}`,
    'mappings/orders.yml': `kind: mapping
name: orders
from: shop.orders
load: {key: [id]${load}}
properties:
  id: {from: id, type: string}
  total: {from: total, type: "decimal(18,2)"}
`,
    ...files,
  });

export const secrets = { TOKEN: 'of main', BERLIN_TOKEN: 'of berlin', PARIS_TOKEN: 'of paris' };

export const run = (folder: string, ...args: readonly string[]): Promise<Finished> =>
  etl(['run', '-q', ...args, '-p', folder], secrets);

export const order = (id: string, total = '1.00', at = '2026-01-01T00:00:00Z'): Order => ({ id, total, at });

/** Rows of the table, as `account id total`. */
export async function rowsIn(folder: string): Promise<readonly string[]> {
  const { stdout } = await etl([
    'preview',
    'orders',
    '--warehouse',
    '--json',
    '--limit',
    '100',
    '-p',
    folder,
  ]);
  const { columns, rows } = (
    JSON.parse(stdout) as { result: { columns: string[]; rows: (string | null)[][] } }
  ).result;
  const [account = 0, id = 0, total = 0] = ['_account', 'id', 'total'].map((name) => columns.indexOf(name));
  return rows.map((row) => `${row[account]} ${row[id]} ${row[total]}`).sort();
}

export const three = () => ({
  main: [order('1'), order('2')],
  berlin: [order('1', '2.00'), order('2', '2.00'), order('3', '2.00')],
  paris: [order('1', '3.00'), order('2', '3.00')],
});
