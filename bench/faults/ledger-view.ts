import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { StagingPlace } from './staging-place.ts';
import type { WarehouseView } from './warehouse-tables.ts';

/** A listing that is not read to its end. */
export interface OpenWindow {
  /** As the ledger calls it: `carts~sweep` is the sweep of `carts`. */
  readonly stream: string;
  /** The request that must come next. */
  readonly next: string;
  /** Requests of the pages that are kept: none of them may be asked for again. */
  readonly kept: ReadonlySet<string>;
}

const pathOf = (request: string): string => {
  const url = new URL((JSON.parse(request) as { readonly url: string }).url, 'http://lab');
  return url.pathname + url.search;
};

/** What staging says of its streams. */
export async function openWindows(place: StagingPlace, folder: string): Promise<readonly OpenWindow[]> {
  const [positions = [], pages = []] = await place.read(folder, [
    'SELECT stream, "window" AS open FROM positions',
    'SELECT stream, request FROM pages ORDER BY id DESC',
  ]);
  return positions.flatMap(({ stream, open }): readonly OpenWindow[] => {
    if (typeof open !== 'string') return [];
    const window = JSON.parse(open) as { readonly pages: number; readonly next: { readonly url: string } };
    const own = pages.filter((page) => page['stream'] === stream).slice(0, window.pages);
    return [
      {
        stream: String(stream),
        next: pathOf(JSON.stringify(window.next)),
        kept: new Set(own.map(({ request }) => pathOf(String(request)))),
      },
    ];
  });
}

export interface Account {
  /** What kept pages hold: records, and elements of them. */
  readonly units: number;
  /** Of those, the ones that are rows, gone, left out or blocked, and whose rows the warehouse counts in its loads. */
  readonly accounted: number;
  readonly problems: string[];
  /** What is kept aside, without its page: record, property and reason. */
  readonly blocked: ReadonlySet<string>;
}

/** Mappings by the streams that they are made of. */
const mappingsOf: { readonly [stream: string]: readonly string[] } = {
  orders: ['orders', 'order_lines'],
  carts: ['carts', 'cart_items'],
};

/** Names of a project's mappings. */
export const mappingsIn = (folder: string): readonly string[] =>
  readdirSync(join(folder, 'mappings')).map((file) => basename(file, '.yml'));

const ledgerQueries = [
  'SELECT id, stream, body FROM pages ORDER BY id',
  'SELECT mapping, page, rows, deduplicated, tombstones, filtered, blocked FROM page_rows',
  'SELECT id, mapping, rows, held, hash FROM loads',
  'SELECT mapping, loaded_through FROM mappings',
  "SELECT mapping, record, property, reason, status FROM blockers WHERE kind = 'record'",
];
const stagedQuery = (mapping: string): string =>
  `SELECT _page AS page, count(*) AS rows FROM stg_${mapping} WHERE _op IS NULL GROUP BY _page`;

type Row = Readonly<Record<string, unknown>>;

interface ListedCart {
  readonly gone: boolean;
  readonly items: readonly unknown[];
}

/** Units of each mapping in a page, counted in what was received. A record that is gone is one of each. */
function unitsOf(stream: string, body: unknown): { readonly [mapping: string]: number } {
  const received = JSON.parse(gunzipSync(body as Uint8Array).toString());
  if (Array.isArray(received)) return { carts: received.length, cart_items: received.length };
  if (stream.startsWith('carts')) {
    const carts: readonly ListedCart[] = received.carts;
    const items = carts.reduce((sum, cart) => sum + (cart.gone ? 1 : cart.items.length), 0);
    return { carts: carts.length, cart_items: items };
  }
  const orders: readonly { readonly lines: readonly unknown[] }[] = received.orders;
  return { orders: orders.length, order_lines: orders.reduce((sum, { lines }) => sum + lines.length, 0) };
}

/** Compares what was received with what the ledger says came of it, and that with the warehouse's own account. */
export async function accountOf(
  place: StagingPlace,
  folder: string,
  { loads: theirs }: WarehouseView,
): Promise<Account> {
  const names = mappingsIn(folder).filter((name) => Object.values(mappingsOf).flat().includes(name));
  const [pages = [], pageRows = [], loads = [], mappings = [], aside = [], ...tables] = await place.read(
    folder,
    [...ledgerQueries, ...names.map(stagedQuery)],
  );
  const staged = Object.fromEntries(names.map((name, at) => [name, byPage(tables[at] ?? [])]));
  const counted = pages.flatMap((page) => accountsOfPage(page, pageRows, staged));
  const unloaded = names.flatMap((mapping) => unloadedOf(mapping, pageRows, loads, mappings));
  const wrong = [...unloaded, ...strangers(loads, theirs)];
  const units = sum(counted, 'units');
  const known = sum(counted, 'known');
  return {
    units,
    // What is wrong beyond single pages leaves at least one unit in doubt.
    accounted: wrong.length === 0 ? known : Math.min(known, units - 1),
    problems: [...counted.flatMap(({ problem }) => problem ?? []), ...wrong],
    blocked: new Set(
      aside.map((row) =>
        JSON.stringify([row['mapping'], row['record'], row['property'], row['reason'], row['status']]),
      ),
    ),
  };
}

interface PageAccount extends Row {
  readonly units: number;
  readonly known: number;
  readonly problem?: string;
}

/** What stands for units of a page besides rows. */
const otherUnits = ['deduplicated', 'tombstones', 'filtered', 'blocked'] as const;

/** What became of a page's units, by mapping: all of them are rows, gone, left out or blocked, or it is a problem. */
function accountsOfPage(
  { id, stream, body }: Row,
  pageRows: readonly Row[],
  staged: { readonly [mapping: string]: ReadonlyMap<number, number> },
): readonly PageAccount[] {
  const page = Number(id);
  return Object.entries(unitsOf(String(stream), body)).map(([mapping, units]) => {
    const noted = pageRows.find((row) => row['mapping'] === mapping && Number(row['page']) === page);
    const rows = staged[mapping]?.get(page) ?? 0;
    const known = otherUnits.reduce((total, name) => total + Number(noted?.[name] ?? 0), rows);
    if (known === units && Number(noted?.['rows'] ?? 0) === rows) return { units, known };
    return { units, known: 0, problem: `page ${page} of ${mapping}: ${known} of ${units} units are known` };
  });
}

const byPage = (rows: readonly Row[]): ReadonlyMap<number, number> =>
  new Map(rows.map(({ page, rows }) => [Number(page), Number(rows)]));

const sum = (rows: readonly Row[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

/** Every staged row is in a load, and no page waits. */
function unloadedOf(
  mapping: string,
  pageRows: readonly Row[],
  loads: readonly Row[],
  mappings: readonly Row[],
): readonly string[] {
  const own = (rows: readonly Row[]): Row[] => rows.filter((row) => row['mapping'] === mapping);
  const rows = sum(own(pageRows), 'rows');
  // What was loaded of a staging database that is gone has no hash: its pages are read, and loaded, again.
  const here = own(loads).filter(({ hash }) => hash !== '');
  const loaded = sum(here, 'rows') + sum(here, 'held');
  const last = own(pageRows).reduce((most, { page }) => Math.max(most, Number(page)), 0);
  const through = Number(own(mappings)[0]?.['loaded_through'] ?? 0);
  return [
    ...(rows === loaded ? [] : [`${mapping}: ${rows} rows are staged and ${loaded} loaded or held`]),
    ...(through === last ? [] : [`${mapping}: loaded through page ${through} of ${last}`]),
  ];
}

/** Loads that only one side knows, or that do not add up. */
function strangers(ours: readonly Row[], theirs: readonly Row[]): readonly string[] {
  const known = new Set(ours.map(({ id }) => String(id)));
  // A unit without rows reaches the warehouse only when it says what is gone.
  const expected = ours.filter(({ rows }) => Number(rows) > 0).map(({ id }) => String(id));
  const found = new Set(theirs.map(({ unit }) => String(unit)));
  const wrong = theirs.filter(
    (load) =>
      sum([load], 'staged') !==
      ['inserted', 'updated', 'unchanged', 'superseded'].reduce(
        (total, name) => total + sum([load], name),
        0,
      ),
  );
  return [
    ...[...found].filter((unit) => !known.has(unit)).map((unit) => `staging does not know the load ${unit}`),
    ...expected.filter((unit) => !found.has(unit)).map((unit) => `the warehouse does not know ${unit}`),
    ...wrong.map(({ unit }) => `the counts of ${unit} do not add up`),
    ...(found.size === theirs.length ? [] : ['a load is in _etl_loads twice']),
  ];
}
