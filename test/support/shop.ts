import { readFileSync, writeFileSync } from 'node:fs';
import { type Api, api, json } from './cli.ts';

export type Order = Readonly<Record<string, unknown>>;

/** What a stream of `ordersProject` says to be read by its cursor. */
export const byCursor = `    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, lookback: 1m, from: {query: since}}`;

/** An API over a list that a test may change; `size` records a page, in the order of the list. */
export const shopOf = (orders: readonly Order[], size = 2): Promise<Api> =>
  api((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const from = Number(query.get('after') ?? 0);
    const since = Date.parse(query.get('since') ?? '1970-01-01T00:00:00Z');
    const matching = orders.filter((one) => Date.parse(String(one['at'])) >= since);
    json(response, {
      orders: matching.slice(from, from + size),
      next: from + size < matching.length ? String(from + size) : null,
    });
  });

/** So many orders, a minute apart. */
export const ordersOf = (count: number, first = 0): Order[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `o${first + at}`,
    total: first + at,
    at: new Date(Date.UTC(2020, 0, 1, 0, first + at)).toISOString(),
  }));

export const edit = (path: string, from: string | RegExp, to: string): void =>
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
