import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { audit, runAlone, startRun } from '../../bench/faults/command.ts';
import { warehouseOf } from '../../bench/faults/ground.ts';
import { sqlitePlace } from '../../bench/faults/staging-place.ts';
import { difference, type Tables, warehouseView } from '../../bench/faults/warehouse-tables.ts';
import { type Api, api, json, projectFolder } from '../support/cli.ts';

const accounts = ['berlin', 'paris', 'rome'] as const;
const pageSize = 2;

interface Item {
  readonly id: string;
  readonly at: string;
  readonly text: string;
}

const items = (account: string, ids: readonly number[], month: string): readonly Item[] =>
  ids.map((id) => ({
    id: `${id}`,
    at: `2026-${month}-0${id}T00:00:00Z`,
    text: `${id} of ${account} in ${month}`,
  }));

/** What each shop has before the first run, and before the second one: some are gone, some have changed, some are new. */
const listed = (account: string, isLate: boolean): readonly Item[] =>
  isLate
    ? [...items(account, [4, 6], '01'), ...items(account, [3, 5, 7, 8], '02')]
    : items(account, [1, 2, 3, 4, 5, 6], '01');

interface Shops extends Api {
  isLate: boolean;
}

/** Three shops under one address; each takes its own token. */
async function shops(): Promise<Shops> {
  const state = { isLate: false };
  const served = await api((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const account = pathname.split('/')[1] ?? '';
    if (request.headers.authorization !== `Bearer of ${account}`) return json(response, {}, 401);
    const since = searchParams.get('since') ?? '';
    const all = listed(account, state.isLate).filter(({ at }) => at >= since);
    const from = Number(searchParams.get('after') ?? 0);
    const next = from + pageSize < all.length ? String(from + pageSize) : null;
    json(response, { list: all.slice(from, from + pageSize), next });
  });
  return Object.assign(state, served);
}

const stream = (name: string, more: string): string =>
  `  ${name}:\n    request: {path: "/{account}/${name}"}\n    records: list\n    primaryKey: [id]\n    paginate: {type: cursor_token, token: next, param: after}\n${more}`;

const mapping = (name: string, load: string): string =>
  `kind: mapping\nname: ${name}\nfrom: shop.${name}\nload: {key: [id]${load}}\nproperties:\n  id: {from: id, type: string}\n  text: {from: text, type: string}\n`;

const project = ({ url }: Shops): string =>
  projectFolder({
    'etl.yml':
      'kind: project\nname: demo\nenvironments:\n  dev:\n    staging: {storage: .etl/staging/staging.sqlite}\n    warehouse: {path: .etl/warehouse/warehouse.duckdb}\n',
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
auth: {type: bearer, token: "\${env:NO_TOKEN}"}
accounts:
${accounts.map((one) => `  ${one}: {auth: {token: "\${env:${one.toUpperCase()}_TOKEN}"}}\n`).join('')}streams:
${stream('orders', '    cursor: {field: at, from: {query: since}}\n')}${stream('standing', '')}`,
    'mappings/orders.yml': mapping('orders', ''),
    'mappings/standing.yml': mapping('standing', ', strategy: replace, threshold: 100%'),
  });

const env = Object.fromEntries(accounts.map((one) => [`${one.toUpperCase()}_TOKEN`, `of ${one}`]));

const tablesOf = async (folder: string): Promise<Tables> => (await warehouseView(warehouseOf(folder))).tables;

/** Requests of the pages that are kept of listings which were not read to their end, by account. */
async function keptOfOpen(folder: string): Promise<readonly string[]> {
  const [positions = [], pages = []] = await sqlitePlace.read(folder, [
    'SELECT account, stream, "window" AS open FROM positions',
    'SELECT account, stream, request FROM pages ORDER BY id DESC',
  ]);
  return positions.flatMap(({ account, stream: name, open }) => {
    if (typeof open !== 'string') return [];
    return pages
      .filter((page) => page['account'] === account && page['stream'] === name)
      .slice(0, (JSON.parse(open) as { readonly pages: number }).pages)
      .map(({ request }) => {
        const { pathname, search } = new URL((JSON.parse(String(request)) as { url: string }).url);
        return pathname + search;
      });
  });
}

/** Rows of the replaced table, by account. */
const standingOf = (tables: Tables, account: string): readonly string[] =>
  [...(tables.get('standing') ?? new Map<string, number>()).keys()]
    .filter((row) => (JSON.parse(row) as { readonly _account?: string })._account === account)
    .sort();

describe('a project over three accounts that is killed', function () {
  this.timeout(300_000);
  let served: Shops;
  let between: string;
  let first: Tables;
  let second: Tables;

  /** What a run that nobody disturbs makes. */
  const refer = async (folder: string): Promise<Tables> => {
    const { code, stdout, stderr } = await runAlone(folder, env);
    expect(code, stdout + stderr).to.equal(0);
    return tablesOf(folder);
  };

  before(async () => {
    served = await shops();
    const folder = project(served);
    first = await refer(folder);
    between = project(served);
    cpSync(join(folder, '.etl'), join(between, '.etl'), { recursive: true });
    served.isLate = true;
    second = await refer(folder);
  });

  after(() => served.close());

  /** Kills a run, looks at what it has left, and lets the next one finish. */
  async function trial(isLate: boolean, killAt: string): Promise<void> {
    served.isLate = isLate;
    const folder = project(served);
    if (isLate) cpSync(join(between, '.etl'), join(folder, '.etl'), { recursive: true });
    const ended = await startRun(folder, env, { killAt }).ended;
    expect(ended.signal, ended.stderr).to.equal('SIGKILL');
    const seen: readonly Tables[] = [isLate ? first : new Map(), isLate ? second : first];
    const kept = await keptOfOpen(folder);
    // Readers see of each account one listing or the other.
    const left = await tablesOf(folder);
    for (const account of accounts)
      expect(
        seen.map((tables) => standingOf(tables, account)),
        `${account} after ${killAt}`,
      ).to.deep.include(standingOf(left, account));
    const asked = served.asked.length;
    const again = await runAlone(folder, env);
    expect(again.code, again.stdout + again.stderr).to.equal(0);
    expect(difference(await tablesOf(folder), isLate ? second : first), killAt).to.deep.equal({
      ...{ lost: 0, doubled: 0, examples: [] },
    });
    const twice = served.asked.slice(asked).filter((path) => kept.includes(path));
    expect(twice, `asked again after ${killAt}`).to.deep.equal([]);
    expect(await audit(folder, env)).to.include({ status: 'accounted', accounted_percent: 100 });
  }

  const boundaries: readonly (readonly ['first' | 'second', string])[] = [
    ['first', 'staging.commit ended 5'],
    ['first', 'warehouse: COMMIT begins 1'],
    ['second', 'staging: INSERT INTO open_listings ended 2'],
    ['second', 'staging.commit ended 5'],
    ['second', 'staging: INSERT INTO page_rows ended 9'],
    ['second', 'staging: DELETE FROM open_listings begins 2'],
    ['second', 'staging: DELETE FROM open_listings ended 2'],
    ['second', 'warehouse: COMMIT ended 2'],
    ['second', 'staging.markLoaded begins 2'],
  ];
  for (const [run, killAt] of boundaries)
    it(`when ${killAt} in its ${run} run is whole after the next one`, () => trial(run === 'second', killAt));
});
