import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import type { ParityReport, TableParity } from '../../engine/model/parity.ts';
import { type Api, api, etl, type Finished, json, projectFolder } from '../support/cli.ts';
import { ownSchema, queryPostgres, sharedPostgres } from '../support/postgres.ts';

const orders = Array.from({ length: 30 }, (_, at) => ({
  id: at,
  note: ['', null, 'Ab', '1.0', 'a|b'][at % 5],
  email: `p${at}@example.com`,
  placed: `2026-03-01T10:${String(at).padStart(2, '0')}:00+02:00`,
  at: new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString(),
}));

const shop = (): Promise<Api> =>
  api((request, response) => {
    const since = new URL(request.url ?? '', 'http://x').searchParams.get('since') ?? '';
    json(response, { orders: orders.filter(({ at }) => at >= since), next: null });
  });

const environments = `environments:
  dev: {warehouse: {type: duckdb, path: dev.duckdb}, staging: {storage: dev.sqlite}}
  production: {warehouse: {type: duckdb, path: production.duckdb}, staging: {storage: production.sqlite}}
`;

const projectOf = (url: string, more: Readonly<Record<string, string>> = {}): string =>
  projectFolder({
    'etl.yml': `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\n${environments}`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
streams:
  orders:
    request: {path: /orders}
    records: orders
    primaryKey: [id]
    paginate: {type: cursor_token, token: next, param: after}
    cursor: {field: at, from: {query: since}}
`,
    'mappings/orders.yml': `kind: mapping
name: orders
from: shop.orders
load: {key: [id]}
properties:
  id: {from: id, type: integer}
  note: {from: note, type: string}
  email: {from: email, type: string, pii: hmac}
  placed: {from: placed, type: timestamp}
`,
    ...more,
  });

/** Changes a warehouse past the engine. */
async function change(folder: string, environment: string, ...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, `${environment}.duckdb`));
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

const keys = { PII_KEY: 'k' };
const parity = (folder: string, ...args: readonly string[]): Promise<Finished> =>
  etl(['parity', '-p', folder, ...args], keys);

const reportOf = ({ stdout }: Finished): ParityReport => JSON.parse(stdout).result;
const tableIn = (finished: Finished): TableParity => reportOf(finished).tables[0] as TableParity;
const codesIn = ({ stdout }: Finished): readonly string[] =>
  JSON.parse(stdout).diagnostics.map(({ code }: { code: string }) => code);

async function loaded(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const provider = await shop();
  const folder = projectOf(provider.url, more);
  for (const environment of ['dev', 'production']) {
    const { code, stderr } = await etl(['run', '-p', folder, '-e', environment], keys);
    expect(code, stderr).to.equal(0);
  }
  await provider.close();
  return folder;
}

const again = ['--against', 'production', '--json'] as const;

describe('etl parity --against', function () {
  this.timeout(120_000);

  it('is green for equal tables, and names what was planted: exit 0, then 5', async () => {
    const folder = await loaded();
    const same = await parity(folder, '--against', 'production');
    expect(same.code, same.stderr).to.equal(0);
    expect(same.stdout).to.contain('Match: dev and production, 30 rows.');
    expect(same.stderr).to.equal('');
    await change(
      folder,
      'production',
      `UPDATE orders SET note = 'AB' WHERE id = 2`,
      `UPDATE orders SET placed = TIMESTAMPTZ '2026-03-01 10:04:00+00' WHERE id = 4`,
      'DELETE FROM orders WHERE id = 7',
      `UPDATE orders SET email = 'someone@example.com' WHERE id = 9`,
    );
    const red = await parity(folder, ...again);
    expect(red.code).to.equal(5);
    const table = tableIn(red);
    expect(table.verdict).to.equal('mismatch');
    expect(table.differences).to.deep.equal({ missing: 1, extra: 0, changed: 3 });
    expect(table.columns).to.deep.equal({ note: 1, placed: 1, email: 1 });
    expect(table.samples.map(({ key }) => key['id']).sort()).to.deep.equal(['2', '4', '7', '9']);
    expect(table.read.rows).to.equal(7);
    // Personal values are shown as hashes only.
    expect(red.stdout).not.to.contain('someone@example.com');
    expect(red.stdout).to.match(/"column": "email",\s+"left": "hmac:[0-9a-f]{16}"/);
    expect(codesIn(red)).to.deep.equal(['ETL0770']);
    const few = await parity(folder, '--samples', '1', ...again);
    expect(tableIn(few).samples).to.have.length(1);
    expect(tableIn(few).differences.changed).to.equal(3);
  });

  it('is red over columns: their type, and what may be NULL', async () => {
    const folder = await loaded();
    await change(
      folder,
      'production',
      'ALTER TABLE orders ALTER COLUMN id TYPE BIGINT',
      'ALTER TABLE orders ALTER COLUMN placed SET NOT NULL',
    );
    const red = await parity(folder, ...again);
    expect(red.code).to.equal(5);
    expect(tableIn(red).schema).to.deep.equal([
      { column: 'id', kind: 'type', left: 'integer', right: 'decimal(18,0)' },
      { column: 'placed', kind: 'nullability', left: 'NULL allowed', right: 'NOT NULL' },
    ]);
    expect(tableIn(red).differences).to.deep.equal({ missing: 0, extra: 0, changed: 0 });
    expect(codesIn(red)).to.deep.equal(['ETL0771']);
  });

  it('takes differences that a baseline has, and fails over others', async () => {
    const folder = await loaded();
    const baseline = join(folder, 'parity-baseline.json');
    await change(folder, 'production', `UPDATE orders SET note = 'x' WHERE id = 2`);
    const lacking = await parity(folder, '--against', 'production', '--baseline', baseline);
    expect(lacking.code).to.equal(3);
    expect(lacking.stderr).to.contain('ETL0773');
    const accepted = await parity(folder, '--baseline', baseline, '--accept', ...again);
    expect(accepted.code).to.equal(0);
    const kept = JSON.parse(readFileSync(baseline, 'utf8'));
    expect(kept).to.deep.include({ format: 1, environment: 'dev', against: 'production' });
    expect(kept.tables.orders).to.have.length(1);
    const known = await parity(folder, '--baseline', baseline, ...again);
    expect(known.code).to.equal(0);
    expect(tableIn(known)).to.include({ verdict: 'mismatch', known: 1, fresh: 0 });
    // The same cell differs further, and another one.
    await change(folder, 'production', `UPDATE orders SET note = 'y' WHERE id IN (2, 3)`);
    const fresh = await parity(folder, '--baseline', baseline, ...again);
    expect(fresh.code).to.equal(5);
    expect(tableIn(fresh)).to.include({ known: 0, fresh: 2 });
    const other = await parity(folder, '--env', 'production', '--against', 'dev', '--baseline', baseline);
    expect(other.code).to.equal(3);
    expect(other.stderr).to.contain('it is about dev against production');
  });

  it('leaves out what is excluded, until it expires', async () => {
    const exclusion = (expires: string, column = 'column: note, '): string =>
      `kind: parity\nexclude:\n  - {mapping: orders, ${column}reason: masked, owner: ada, expires: ${expires}}\n`;
    const folder = await loaded({ 'parity.yml': exclusion('2999-12-31') });
    await change(folder, 'production', `UPDATE orders SET note = 'x' WHERE id = 2`);
    const green = await parity(folder, ...again);
    expect(green.code, green.stdout).to.equal(0);
    expect(tableIn(green).excluded[0]).to.include({ column: 'note', owner: 'ada', reason: 'masked' });
    writeFileSync(join(folder, 'parity.yml'), exclusion('2999-12-31', ''));
    const whole = await parity(folder, ...again);
    expect(whole.code).to.equal(0);
    expect(reportOf(whole).verdict).to.equal('excluded');
    writeFileSync(join(folder, 'parity.yml'), exclusion('2026-01-01', ''));
    await change(folder, 'production', 'UPDATE orders SET note = NULL');
    const expired = await parity(folder, ...again);
    expect(expired.code).to.equal(5);
    expect(codesIn(expired)).to.deep.equal(['ETL0775', 'ETL0770']);
    writeFileSync(join(folder, 'parity.yml'), exclusion('2999-02-30', 'column: id, '));
    const wrong = await parity(folder, ...again);
    expect(wrong.code).to.equal(3);
    expect(codesIn(wrong)).to.deep.equal(['ETL0776', 'ETL0776']);
  });

  it('is inconclusive without a table, or with a key that is there twice: exit 6', async () => {
    const folder = await loaded();
    await change(folder, 'production', 'INSERT INTO orders SELECT * FROM orders WHERE id < 3');
    const doubled = await parity(folder, ...again);
    expect(doubled.code).to.equal(6);
    expect(tableIn(doubled).reason).to.contain('has 3 rows more than keys (_account, id)');
    await change(folder, 'production', 'DROP TABLE orders');
    const absent = await parity(folder, ...again);
    expect(absent.code).to.equal(6);
    expect(codesIn(absent)).to.deep.equal(['ETL0772']);
    const accepted = await parity(folder, '--baseline', join(folder, 'b.json'), '--accept', ...again);
    expect(accepted.code).to.equal(4);
    expect(codesIn(accepted)).to.deep.equal(['ETL0774']);
    expect(existsSync(join(folder, 'b.json'))).to.equal(false);
  });

  it('leaves out rows behind the lag, and writes evidence', async () => {
    const folder = await loaded();
    await change(folder, 'production', 'DELETE FROM orders WHERE id >= 28');
    expect((await parity(folder, ...again)).code).to.equal(5);
    const out = join(folder, 'evidence.json');
    const lagged = await parity(folder, '--lag', '1m', '--out', out, ...again);
    expect(lagged.code, lagged.stdout).to.equal(0);
    expect(tableIn(lagged).watermark).to.equal('2026-01-01T00:26:00.000000Z');
    const evidence = JSON.parse(readFileSync(out, 'utf8'));
    expect(evidence.hash).to.match(/^[0-9a-f]{64}$/);
    expect(evidence.report).to.deep.equal(reportOf(lagged));
    expect(evidence.report.plans.left).to.match(/^[0-9a-f]{64}$/);
  });

  it('compares environments in different databases, and is inconclusive where one is out of reach', async function () {
    const url = await sharedPostgres(this);
    const schema = ownSchema(url);
    const folder = projectOf('https://shop.example', {
      'etl.yml': `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\nenvironments:\n  dev: {warehouse: {path: dev.duckdb}, staging: {storage: dev.sqlite}}\n  production: {staging: {storage: production.sqlite}, warehouse: {type: postgres, url: "\${env:PG}", schema: ${schema}}}\n`,
    });
    const provider = await shop();
    const source = readFileSync(join(folder, 'sources/shop.yml'), 'utf8');
    writeFileSync(join(folder, 'sources/shop.yml'), source.replace('https://shop.example', provider.url));
    const env = { ...keys, PG: url };
    for (const environment of ['dev', 'production'])
      expect((await etl(['run', '-p', folder, '-e', environment], env)).code).to.equal(0);
    await provider.close();
    const green = await etl(['parity', '-p', folder, ...again], env);
    expect(green.code, green.stdout).to.equal(0);
    expect(tableIn(green).read).to.include({ keys: 0, rows: 0 });
    await queryPostgres(url, `UPDATE "${schema}".orders SET note = '1.00' WHERE note = '1.0' AND id = 3`);
    const red = await etl(['parity', '-p', folder, ...again], env);
    expect(red.code).to.equal(5);
    expect(tableIn(red).samples[0]).to.deep.include({
      key: { _account: 'default', id: '3' },
      columns: [{ column: 'note', left: '1.0', right: '1.00' }],
    });
    const away = await etl(['parity', '-p', folder, ...again], {
      ...keys,
      PG: 'postgres://nobody@127.0.0.1:1/none',
    });
    expect(away.code, away.stdout).to.equal(6);
    expect(tableIn(away).reason).to.contain('production could not be read');
  });

  it('says what is wrong with its flags', async () => {
    const folder = projectOf('https://shop.example');
    for (const [args, words] of [
      [['--against', 'dev'], 'the environment that is compared with it'],
      [['--lag', 'soon'], '--lag takes a duration'],
      [['--accept'], '--baseline'],
    ] as const) {
      const { code, stderr } = await parity(folder, ...args);
      expect(code, stderr).to.equal(64);
      expect(stderr).to.contain(words);
    }
    expect((await parity(folder, '--against', 'nowhere')).code).to.equal(3);
  });
});

describe('etl parity of staging and warehouse', function () {
  this.timeout(120_000);

  it('is green after a run, red after a change, and inconclusive before the first', async () => {
    const provider = await shop();
    const folder = projectOf(provider.url);
    const never = await parity(folder, '--json');
    expect(never.code, never.stdout).to.equal(6);
    expect(tableIn(never).reason).to.contain('run it first');
    expect((await etl(['run', '-p', folder], keys)).code).to.equal(0);
    await provider.close();
    const green = await parity(folder, '--json');
    expect(green.code, green.stdout).to.equal(0);
    expect(tableIn(green)).to.deep.include({ rows: { left: 30, right: 30 }, verdict: 'match' });
    expect(tableIn(green).read).to.include({ keys: 0, rows: 0 });
    await change(
      folder,
      'dev',
      `UPDATE orders SET note = '' WHERE id = 1`,
      'DELETE FROM orders WHERE id = 3',
    );
    const red = await parity(folder, '--json');
    expect(red.code).to.equal(5);
    expect(tableIn(red).differences).to.deep.equal({ missing: 1, extra: 0, changed: 1 });
    expect(tableIn(red).columns).to.deep.equal({ note: 1 });
    await change(folder, 'dev', 'ALTER TABLE orders ALTER COLUMN placed TYPE VARCHAR');
    const retyped = await parity(folder, '--json');
    expect(retyped.code).to.equal(5);
    expect(tableIn(retyped).schema).to.deep.equal([
      { column: 'placed', kind: 'type', left: 'timestamp', right: 'string' },
    ]);
  });

  it('compares staging on PostgreSQL with a warehouse on PostgreSQL', async function () {
    const url = await sharedPostgres(this);
    const provider = await shop();
    const [staging, warehouse] = [ownSchema(url), ownSchema(url)];
    const folder = projectOf(provider.url, {
      'etl.yml': `kind: project\nname: demo\npii: {key: "\${env:PII_KEY}"}\nenvironments: {dev: {staging: {dialect: postgres, url: "\${env:PG}", schema: ${staging}}, warehouse: {type: postgres, url: "\${env:PG}", schema: ${warehouse}}}}\n`,
    });
    const env = { ...keys, PG: url };
    const run = await etl(['run', '-p', folder], env);
    expect(run.code, run.stderr).to.equal(0);
    await provider.close();
    const green = await etl(['parity', '-p', folder, '--json'], env);
    expect(green.code, green.stdout).to.equal(0);
    await queryPostgres(url, `UPDATE "${warehouse}".orders SET note = 'a' WHERE id = 4`);
    const red = await etl(['parity', '-p', folder, '--json'], env);
    expect(red.code).to.equal(5);
    expect(tableIn(red).samples[0]?.key).to.deep.equal({ _account: 'default', id: '4' });
  });
});
