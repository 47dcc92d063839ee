import { expect } from 'chai';
import { type Lab, startLab } from '../../engine/lab/lab.ts';
import { checkProject } from '../support/check-project.ts';
import { etl, type Finished, projectFolder } from '../support/cli.ts';

const names = Array.from({ length: 40 }, (_, at) => `s${String(at + 1).padStart(2, '0')}`);

const accounts = names
  .map((name) => `  ${name}: {vars: {shop: ${name}}, auth: {value: "\${env:${name.toUpperCase()}_TOKEN}"}}`)
  .join('\n');

const stream = (name: string): string => `  ${name}:
    request: {path: /${name}.json}
    records: ${name}
    primaryKey: [id]
    paginate: {type: link_header, size: 2}
    cursor: {field: at, from: {query: since}}
`;

const mapping = (name: string): string => `kind: mapping
name: ${name}
from: shop.${name}
load: {key: [id]}
properties:
  id: {from: id, type: string}
  total: {from: total, type: integer}
`;

const record = (id: number, total: number): string =>
  JSON.stringify({ id: String(id), total, at: `2026-01-0${id}T00:00:00Z` });

/** Forty shops that have records of the same keys; the second has others of its own. */
const files = (more: { readonly source?: string; readonly mapping?: string } = {}) => ({
  'etl.yml': 'kind: project\nname: demo\n',
  'sources/shop.yml': `kind: source
name: shop
baseUrl: "https://\${var:shop}.example.com/api"
auth: {type: api_key, header: X-Token, value: "\${env:TOKEN}"}
budget: {limits: [{id: rest, bucket: {rate: 50/s, burst: 5}}]}
accounts:
${accounts}
streams:
${stream('orders')}${stream('customers')}${more.source ?? ''}`,
  'mappings/orders.yml': mapping('orders') + (more.mapping ?? ''),
  'mappings/customers.yml': mapping('customers'),
  'lab/shop/orders.ndjson': `${[1, 2, 3].map((id) => record(id, id)).join('\n')}\n`,
  'lab/shop/customers.ndjson': `${record(1, 1)}\n`,
  'lab/shop/s02/orders.ndjson': `${[1, 2, 3, 4].map((id) => record(id, 100 * id)).join('\n')}\n`,
});

/** A project with its lab, and the command on it. */
interface World {
  readonly folder: string;
  readonly lab: Lab;
  run(...args: readonly string[]): Promise<Finished>;
  json<T>(...args: readonly string[]): Promise<T>;
  /** Of the lab itself. */
  ask(path: string, method: string, body?: unknown): Promise<void>;
}

async function world(content: Record<string, string>): Promise<World> {
  const folder = projectFolder(content);
  const { project, diagnostics } = await checkProject(folder);
  expect(diagnostics).to.deep.equal([]);
  const lab = await startLab(project!);
  return {
    folder,
    lab,
    run: (...args) => etl([...args, '-p', folder]),
    json: async <T>(...args: readonly string[]) =>
      (JSON.parse((await etl([...args, '--json', '-p', folder])).stdout) as { result: T }).result,
    ask: async (path, method, body) => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      expect((await fetch(`${lab.url}/_lab/${path}`, init)).status).to.equal(200);
    },
  };
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Rows of a table by account, as `id=total`. */
async function rowsOf({ json }: World, name: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { columns, rows } = await json<Table>('preview', name, '--warehouse', '--lab', '--limit', '1000');
  const [account, id, total] = ['_account', 'id', 'total'].map((column) => columns.indexOf(column));
  const found = new Map<string, string[]>();
  for (const row of rows) {
    const of = row[account ?? 0] ?? '';
    found.set(of, [...(found.get(of) ?? []), `${row[id ?? 0]}=${row[total ?? 0]}`].sort());
  }
  return found;
}

interface Report {
  readonly status: string;
  readonly streams: readonly {
    readonly stream: string;
    readonly status: string;
    readonly received: number;
  }[];
  readonly tables: readonly {
    readonly mapping: string;
    readonly status: string;
    readonly inserted: number;
  }[];
  readonly openBlockers: number;
}

const run = ({ run: etl, lab }: World, ...args: readonly string[]): Promise<Finished> =>
  etl('run', '-q', '--json', '--lab-url', lab.url, ...args);

const reportOf = ({ stdout }: Finished): Report => (JSON.parse(stdout) as { result: Report }).result;

describe('a source with forty accounts', function () {
  this.timeout(180_000);
  let shops: World;

  before(async () => {
    shops = await world(files());
  });

  after(() => shops.lab.close());

  it('loads the others when one token is revoked, with one Blocker and exit code 1', async () => {
    await shops.ask('shop@s07/faults', 'POST', { kind: 'revoke' });
    const finished = await run(shops);
    expect(finished.code, finished.stderr).to.equal(1);
    const report = reportOf(finished);
    expect(report.tables.map(({ mapping: of, status }) => [of, status])).to.deep.equal([
      ['customers', 'succeeded'],
      ['orders', 'succeeded'],
    ]);
    const bad = report.streams.filter(({ status }) => status !== 'succeeded').map((one) => one.stream);
    expect(bad).to.have.members(['shop.orders@s07', 'shop.customers@s07']);
    expect(report.openBlockers).to.equal(1);
    const { blockers } = await shops.json<{ blockers: readonly Record<string, unknown>[] }>(
      ...['blockers', '--lab', '--account', 's07'],
    );
    expect(blockers).to.have.length(1);
    expect(blockers[0]).to.include({ kind: 'auth', code: 'ETL0404', account: 's07' });
  });

  it('keeps rows of the same key apart, and takes data of an account’s own', async () => {
    const rows = await rowsOf(shops, 'orders');
    expect([...rows.keys()].sort()).to.deep.equal(names.filter((name) => name !== 's07'));
    expect(rows.get('s01')).to.deep.equal(['1=1', '2=2', '3=3']);
    expect(rows.get('s02')).to.deep.equal(['1=100', '2=200', '3=300', '4=400']);
  });

  it('has positions, freshness and budgets of each', async () => {
    const { streams, freshness } = await shops.json<{
      streams: readonly { stream: string; account: string; fetched: { cursor?: string } }[];
      freshness: readonly { stream: string; account: string; asOf?: string }[];
    }>('state', 'show', 'shop.orders', '--lab');
    expect(streams.map(({ account }) => account)).to.deep.equal(names);
    const cursors = new Map(streams.map(({ account, fetched }) => [account, fetched.cursor]));
    expect(cursors.get('s01')).to.equal('2026-01-03T00:00:00.000000Z');
    expect(cursors.get('s02')).to.equal('2026-01-04T00:00:00.000000Z');
    expect(cursors.get('s07')).to.equal(undefined);
    const fresh = freshness.filter(({ asOf }) => asOf !== undefined).map(({ account }) => account);
    expect(fresh).to.deep.equal(names.filter((name) => name !== 's07'));
    const { budgets } = await shops.json<{ budgets: readonly { domain: string }[] }>('limits', '--lab');
    expect(budgets.map(({ domain }) => domain)).to.deep.equal(names.map((name) => `shop@${name}`));
  });

  it('never asked more of an account than its limit lets through, nor with another’s token', () => {
    const stats = shops.lab.stats();
    expect(Object.keys(stats)).to.deep.equal(names.map((name) => `shop@${name}`));
    for (const [name, { statuses }] of Object.entries(stats))
      expect(Object.keys(statuses), name).to.deep.equal([name === 'shop@s07' ? '401' : '200']);
  });

  it('catches up that shop alone once its token is good again', async () => {
    await shops.ask('shop@s07/faults', 'DELETE');
    await shops.ask('stats', 'DELETE');
    const finished = await run(shops);
    expect(finished.code, finished.stderr).to.equal(0);
    const report = reportOf(finished);
    expect(report.openBlockers).to.equal(0);
    expect(report.tables.map(({ inserted }) => inserted)).to.deep.equal([1, 3]);
    const pages = Object.entries(shops.lab.stats()).map(([name, { records }]) => [name, records] as const);
    // What the cursor says is asked for once more; the listing was read whole for one account.
    expect(pages.filter(([, records]) => records > 2).map(([name]) => name)).to.deep.equal(['shop@s07']);
    expect((await rowsOf(shops, 'orders')).get('s07')).to.deep.equal(['1=1', '2=2', '3=3']);
  });

  it('reads one account, or one stream of it, when that is selected', async () => {
    const one = await run(shops, '--select', 'shop@s03+');
    expect(reportOf(one).streams.map((each) => each.stream)).to.deep.equal([
      'shop.orders@s03',
      'shop.customers@s03',
    ]);
    const two = await run(shops, '--select', 'shop.orders@s04+', '--exclude', 'customers');
    expect(reportOf(two).streams.map((each) => each.stream)).to.deep.equal(['shop.orders@s04']);
    const others = await run(shops, '--select', 'shop.orders+', '--exclude', 'shop.orders@s0*');
    expect(reportOf(others).streams).to.have.length(31);
  });

  it('forgets one account’s position, and asks which where several are meant', async () => {
    const which = await shops.run('state', 'set', 'shop.orders', '--lab', '--cursor', '2026-01-01T00:00:00Z');
    expect(which.code).to.equal(3);
    expect(which.stderr).to.contain('shop.orders is read for 40 accounts: say which one');
    expect((await shops.run('state', 'reset', 'shop.orders@s05', '--lab', '--pages')).code).to.equal(0);
    const report = reportOf(await run(shops));
    const received = report.streams.filter((one) => one.stream.startsWith('shop.orders') && one.received > 2);
    expect(received.map((one) => one.stream)).to.deep.equal(['shop.orders@s05']);
    const audit = await shops.run('audit', '--lab');
    expect(audit.code, audit.stderr).to.equal(0);
  });

  it('is the same as its source, read again account by account', async () => {
    const { code, stderr } = await shops.run(
      'audit',
      '--source',
      '--lab',
      'shop.orders@s02',
      'shop.orders@s03',
    );
    expect(code, stderr).to.equal(0);
  });
});
