import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ended } from '../../support/ended.ts';
import { seeded } from '../../support/seeded.ts';
import { runAlone } from '../command.ts';
import { type Ground, makeProject, warehouseOf } from '../ground.ts';
import { accountOf } from '../ledger-view.ts';
import { changedOrder, type ShopOrder, shopOrders } from '../shop.ts';
import { judge, type Verdict } from '../trial.ts';
import { warehouseView } from '../warehouse-tables.ts';
import { type Fault, same } from './fault.ts';

const pageRecords = 25;
const shop = { seed: 11, orders: 300, changed: 90, added: 30, priced: true };

interface Page {
  readonly orders: readonly ShopOrder[];
  readonly next: string | undefined;
}

interface Shop {
  readonly url: string;
  close(): Promise<void>;
}

/** A shop whose pages of orders are what a function makes of the query; it has no carts. */
async function serveShop(pageOf: (query: URLSearchParams) => Page): Promise<Shop> {
  const answer = (url: string, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(url, 'http://shop');
    const hasOrders = pathname === '/orders';
    const { orders, next }: Page = hasOrders ? pageOf(searchParams) : { orders: [], next: undefined };
    const body = `{"${pathname.slice(1)}":[${orders.map(({ json }) => json).join(',')}],"next":${JSON.stringify(next ?? null)}}`;
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
  const server = createServer((request, response) => answer(request.url ?? '/', response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const since = (orders: readonly ShopOrder[], query: URLSearchParams): readonly ShopOrder[] => {
  const from = query.get('updated_since');
  return from === null ? orders : orders.filter(({ updatedAt }) => Date.parse(updatedAt) >= Date.parse(from));
};

/** Pages that follow each other in the order of the list. */
const listed =
  (orders: () => readonly ShopOrder[]) =>
  (query: URLSearchParams): Page => {
    const all = since(orders(), query);
    const at = Number(query.get('after') ?? 0);
    const end = at + pageRecords;
    return { orders: all.slice(at, end), next: end < all.length ? String(end) : undefined };
  };

/** Pages by the last record's time and id, as APIs that can be relied upon have them. */
const keyed =
  (orders: () => readonly ShopOrder[]) =>
  (query: URLSearchParams): Page => {
    const keyOf = ({ updatedAt, id }: ShopOrder): string => `${updatedAt} ${id}`;
    const after = query.get('after') ?? '';
    const rest = [...since(orders(), query)]
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      .filter((one) => keyOf(one) > after);
    const page = rest.slice(0, pageRecords);
    const last = page.at(-1);
    return { orders: page, next: rest.length > page.length && last ? keyOf(last) : undefined };
  };

/** A fault of the API's listing: `runs` shops, one after the other, against one that lists the same without a fault. */
const listingFault = (
  name: string,
  make: () => {
    readonly struck: (query: URLSearchParams) => Page;
    /** What there is in the end. */
    readonly final: () => readonly ShopOrder[];
    readonly runs: number;
  },
): Fault => ({
  name,
  async perform(ground) {
    const { struck, final, runs } = make();
    const folder = await makeProject(ground.place, {});
    const clean = await makeProject(ground.place, {});
    try {
      const found: string[] = [];
      const disturbed = await serveShop(struck);
      for (let run = 1; run <= runs; run += 1)
        found.push(...same('exit code', (await runOn(ground, folder, disturbed)).code, 0));
      await disturbed.close();
      const calm = await serveShop(listed(final));
      found.push(...same('exit code', (await runOn(ground, clean, calm)).code, 0));
      await calm.close();
      const verdict = await compared(ground, folder, clean);
      return { ...verdict, name, runs, problems: [...found, ...verdict.problems] };
    } finally {
      await ground.remove(folder);
      await ground.remove(clean);
    }
  },
});

const runOn = ({ place }: Ground, folder: string, { url }: Shop): Promise<Ended> =>
  runAlone(folder, { SHOP_URL: url, ...place.env(folder) });

async function compared({ place }: Ground, folder: string, clean: string): Promise<Verdict> {
  const view = await warehouseView(warehouseOf(clean));
  const { blocked } = await accountOf(place, clean, view);
  const judged = await judge(place, folder, { tables: view.tables, blocked });
  return { ...judged, name: '', kills: 0, runs: 0, refetched: 0, inFlight: 0 };
}

/** Pages of both versions of the shop, some of them twice, in an order of their own. */
function shuffledPages(): (query: URLSearchParams) => Page {
  const { early, late } = shopOrders(shop);
  const all = [...late, ...early];
  const pages: (readonly ShopOrder[])[] = [];
  for (let at = 0; at < all.length; at += pageRecords) pages.push(all.slice(at, at + pageRecords));
  const random = seeded(shop.seed);
  const twice = [...pages, ...pages.filter((_, at) => at % 3 === 0)];
  const order = twice
    .map((page) => ({ page, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ page }) => page);
  return (query) => {
    const at = Number(query.get('after') ?? 0);
    return { orders: order[at] ?? [], next: at + 1 < order.length ? String(at + 1) : undefined };
  };
}

/** A list in which others change records while it is read the first time: some that were read, and some that were not. */
function restlessList() {
  const orders = [...shopOrders(shop).early];
  let pages = 0;
  const change = (): void => {
    pages += 1;
    if (pages > 10) return;
    for (const number of [pages, pages * 25 + 3, 299 - pages])
      orders[number] = changedOrder(number, new Date().toISOString(), pages);
  };
  const pageOf = keyed(() => orders);
  return {
    orders: () => orders,
    pageOf: (query: URLSearchParams): Page => {
      const page = pageOf(query);
      change();
      return page;
    },
  };
}

/** What APIs do to those who read them page by page. */
export const listingFaults: readonly Fault[] = [
  listingFault('pages twice, in another order, and older ones last', () => ({
    struck: shuffledPages(),
    final: () => shopOrders(shop).late,
    runs: 1,
  })),
  listingFault('records changed while they are read', () => {
    const { pageOf, orders } = restlessList();
    return { struck: pageOf, final: orders, runs: 2 };
  }),
];
