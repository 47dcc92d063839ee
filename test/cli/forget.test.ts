import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { withForgetServices } from '../../engine/cli/forget-services.ts';
import { planned } from '../../engine/cli/planned.ts';
import { check } from '../../engine/engine.ts';
import { findSubject, forgetSubject } from '../../engine/operations/forget.ts';
import { unpacked } from '../../engine/services/cache/packed.ts';
import { systemClock } from '../../engine/services/clock.ts';
import { openStaging } from '../../engine/services/staging/staging.ts';
import { searched, searchedPostgres } from '../support/byte-search.ts';
import { type Api, etl, projectFolder } from '../support/cli.ts';
import { crm, env, project, secrets } from '../support/persons.ts';
import { ownSchema, sharedPostgres } from '../support/postgres.ts';
import { ownRedis } from '../support/redis.ts';
import { root } from '../support/root.ts';

const tables = ['people', 'birthdays', 'orders', 'lines', 'skus'];

type Row = Readonly<Record<string, unknown>>;

/** All tables of the warehouse, without what says when and from where a row came. */
async function contents(folder: string): Promise<Record<string, readonly string[]>> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  const found: Record<string, readonly string[]> = {};
  for (const table of tables) {
    const reader = await connection.runAndReadAll(
      `SELECT * EXCLUDE (_run, _loaded_at, _page, _hash) FROM main.${table} ORDER BY ALL`,
    );
    found[table] = reader.getRowsJson().map((row) => JSON.stringify(row));
  }
  connection.closeSync();
  instance.closeSync();
  return found;
}

const isTheirs = (row: string): boolean =>
  secrets.some((secret) => row.includes(secret)) || /"o[25]"/.test(row);

describe('etl forget', function () {
  this.timeout(300_000);
  let provider: Api;

  before(async () => {
    provider = await crm();
  });

  after(() => provider.close());

  const run = async (args: readonly string[], folder: string) => {
    const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
    return { code, stderr, ...JSON.parse(stdout) };
  };

  /** A project of which one run has been made. */
  const begun = async (more = ''): Promise<string> => {
    const folder = projectFolder(project(provider.url, more));
    const first = await run(['run'], folder);
    expect(first.result.blocked).to.have.length(1);
    return folder;
  };

  it('leaves no byte of a person in any file, and everybody else as they were', async () => {
    const folder = await begun();
    const before = await contents(folder);
    expect(searched(folder, secrets).length).to.be.greaterThan(5);

    const dry = await run(['forget', '--subject', '990017', '--dry-run'], folder);
    expect(dry.code).to.equal(0);
    expect(dry.result).to.deep.equal({
      streams: [
        { stream: 'crm.people', pages: 1, records: 1 },
        { stream: 'crm.orders', pages: 2, records: 2 },
      ],
      ...{ recordings: [], expected: [], places: [] },
      notSearched: ['crm.skus'],
    });
    expect(await contents(folder)).to.deep.equal(before);

    const done = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.diagnostics).to.deep.equal([]);
    expect(done.result.streams).to.deep.equal([
      { stream: 'crm.people', pages: 1, records: 1, loaded: 1 },
      { stream: 'crm.orders', pages: 2, records: 2, loaded: 6 },
    ]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    const after = await contents(folder);
    for (const table of tables) {
      expect(after[table], table).to.deep.equal(before[table]?.filter((row) => !isTheirs(row)));
    }

    const audited = await run(['audit'], folder);
    expect(audited.diagnostics).to.deep.equal([]);
    expect([audited.code, audited.result.accounted_percent]).to.deep.equal([0, 100]);

    const again = await run(['run'], folder);
    expect(again.code).to.equal(0);
    const streams = again.result.streams.map((one: Row) => [one['stream'], one['forgotten']]);
    expect(streams).to.deep.equal([
      ['crm.people', 1],
      ['crm.orders', 2],
      ['crm.skus', undefined],
    ]);
    const filtered = again.result.tables.map((one: Row) => [one['mapping'], one['filtered']]);
    expect(Object.fromEntries(filtered)).to.include({
      people: 1,
      birthdays: 1,
      orders: 2,
      lines: 2,
      skus: 0,
    });
    expect(searched(folder, secrets)).to.deep.equal([]);
    expect(await contents(folder)).to.deep.equal(after);

    const listed = await run(['forget', '--list'], folder);
    expect(
      listed.result.map(({ stream, status, counts }: Row) => ({ stream, status, counts })),
    ).to.deep.equal([
      {
        stream: 'crm.orders',
        status: 'done',
        counts: { pages: 2, records: 2, rows: 6, blockers: 0, loaded: 6 },
      },
      {
        stream: 'crm.people',
        status: 'done',
        counts: { pages: 1, records: 1, rows: 1, blockers: 1, loaded: 1 },
      },
    ]);

    expect((await run(['audit', '--source'], folder)).diagnostics).to.deep.equal([]);
    expect((await run(['forget', '--lift', '990017'], folder)).result).to.deep.equal({ tombstones: 2 });
    await run(['run'], folder);
    expect(await contents(folder)).to.deep.equal(before);
    expect((await run(['audit'], folder)).diagnostics).to.deep.equal([]);
  });

  it('does the same with staging on PostgreSQL, and encrypted pages', async function () {
    const url = await sharedPostgres(this);
    const schema = ownSchema(url);
    const staging = `staging: {dialect: postgres, url: "\${env:STAGING_URL}", schema: ${schema}}`;
    env.STAGING_URL = url;
    const folder = await begun(`environments: {dev: {${staging}, pageKey: "\${env:PII_KEY}"}}\n`);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.not.deep.equal([]);
    const done = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect(done.code, done.stderr).to.equal(0);
    expect(done.result.streams.map(({ loaded }: Row) => loaded)).to.deep.equal([1, 6]);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    const again = await run(['run'], folder);
    expect(again.result.streams.map((one: Row) => one['forgotten'])).to.deep.equal([1, 2, undefined]);
    expect(await searchedPostgres(url, schema, secrets, env.PII_KEY)).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
  });

  it('drops what Redis has cached about a person, and asks for nothing about them any more', async function () {
    const redis = await ownRedis(this);
    const client = new Redis(redis.url);
    env.REDIS_URL = redis.url;
    const cached = () => cachedIn(client);
    try {
      const files = project(provider.url, 'environments: {dev: {redis: {url: "${env:REDIS_URL}"}}}\n');
      const lookups = `    cache: {ttl: 1h}
    lookups:
      customer: {path: "/customers/{customer.id}", cache: {ttl: 1h}}
  skus:`;
      const source = (files['sources/crm.yml'] ?? '').replace('  skus:', lookups);
      const folder = projectFolder({ ...files, 'sources/crm.yml': source });
      await run(['run'], folder);
      // Pages with persons are cached in the process alone, what they refer to in Redis.
      expect(await cached())
        .to.include('vip-since-zq')
        .and.not.include('Quillfeather');
      const done = await run(['forget', '--subject', '990017', '--yes'], folder);
      expect(done.code, done.stderr).to.equal(0);
      expect(await cached()).to.equal('');
      const asked = provider.asked.length;
      await run(['run'], folder);
      expect(await cached())
        .to.include('vip-since-101')
        .and.not.include('zq');
      expect(provider.asked.slice(asked)).to.include('/customers/101').and.not.include('/customers/990017');
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  it('finishes what was begun, wherever it ended', async () => {
    const original = await begun('environments: {dev: {staging: {rows: false}}}\n');
    const before = await contents(original);
    process.env['PII_KEY'] = env.PII_KEY;
    for (let calls = 1; ; calls += 2) {
      const folder = projectFolder({});
      cpSync(original, folder, { recursive: true });
      const ended = await forgetIn(folder, calls);
      await forgetIn(folder, Number.POSITIVE_INFINITY);
      expect(searched(folder, secrets), `ended at call ${calls}`).to.deep.equal([]);
      const after = await contents(folder);
      for (const table of tables)
        expect(after[table], table).to.deep.equal(before[table]?.filter((row) => !isTheirs(row)));
      if (ended === 'done') break;
    }
  });

  it('takes a person out of recordings, and names the lines that people wrote', async () => {
    const folder = await begun();
    await run(['record', 'crm', '--from-ledger'], folder);
    const tests = 'kind: test\nname: people\nmapping: people\ncases:\n  - name: a full name\n    records:\n';
    const record =
      '      - {id: 990017, name: Zéphyrine Quillfeather}\n      - {id: 102, name: Person 102}\n';
    const rows = '    rows:\n      - {id: 990017}\n      - {id: 102}\n';
    mkdirSync(join(folder, 'tests'));
    writeFileSync(join(folder, 'tests/people.yml'), tests + record + rows);
    const written = await run(['test', '--update'], folder);
    expect(written.code, JSON.stringify(written.result.tests)).to.equal(0);
    expect(written.result.written).to.have.length(5);
    const recorded = join(folder, 'recordings');
    expect(searched(recorded, secrets).length).to.be.greaterThan(8);

    const files = {
      recordings: [
        { file: 'recordings/crm.people/0002.yml', records: 1 },
        { file: 'recordings/crm.orders/0001.yml', records: 1 },
        { file: 'recordings/crm.orders/0003.yml', records: 1 },
      ].sort((a, b) => (a.file < b.file ? -1 : 1)),
      expected: ['crm.orders/expected/lines', 'crm.orders/expected/orders']
        .concat(['crm.people/expected/birthdays', 'crm.people/expected/people'])
        .map((file) => `recordings/${file}.yml`),
      places: [
        { file: 'tests/people.yml', line: 7, what: 'a record of the case "a full name"' },
        { file: 'tests/people.yml', line: 10, what: 'names them' },
      ],
    };
    const before = readFileSync(join(recorded, 'crm.people/0002.yml'), 'utf8');
    const dry = await run(['forget', '--subject', '990017', '--dry-run'], folder);
    expect(dry.result).to.deep.include(files);
    expect(readFileSync(join(recorded, 'crm.people/0002.yml'), 'utf8')).to.equal(before);

    const { stdout } = await etl(['forget', '--subject', '990017', '--yes', '-p', folder], env);
    expect(stdout).to.contain('And 3 recorded records in 3 files of recordings/: `etl test --update`');
    expect(stdout).to.contain('tests/people.yml:7: a record of the case "a full name"');
    expect(stdout).to.contain('the history of git');
    expect(searched(recorded, secrets)).to.deep.equal([]);

    writeFileSync(join(folder, 'tests/people.yml'), (tests + record + rows).replaceAll(/.*990017.*\n/g, ''));
    const again = await run(['test', '--update'], folder);
    expect(again.code, JSON.stringify(again.result.tests)).to.equal(0);
    expect(again.diagnostics).to.deep.equal([]);
    expect(again.result.written.toSorted()).to.deep.equal(files.expected);
    const people = readFileSync(join(recorded, 'crm.people/expected/people.yml'), 'utf8');
    expect(people).to.contain('rows: 4').and.contain('filtered: 1').and.contain('blocked: 0');
    expect(searched(folder, secrets)).to.deep.equal([]);
  });

  it('says what it needs', async () => {
    const folder = await begun();
    const asked = await run(['forget', '--subject', '990017'], folder);
    expect([asked.code, asked.diagnostics[0].summary]).to.deep.equal([
      64,
      'nobody can be asked here: --yes erases, --dry-run only looks',
    ]);
    expect((await run(['forget'], folder)).code).to.equal(64);
    const staging = openStaging({
      storage: join(folder, '.etl/staging.sqlite'),
      environment: 'dev',
      clock: systemClock,
    });
    await staging.state.locks.take({ name: 'extract:crm.skus', run: 'another', what: 'reading crm.skus' });
    const held = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect([held.code, held.diagnostics[0].code]).to.deep.equal([4, 'ETL0630']);
    await staging.state.locks.release(['extract:crm.skus']);
    await staging.close();
    expect((await run(['forget', '--lift', '990017'], folder)).result).to.deep.equal({ tombstones: 0 });
    const changed = readFileSync(join(folder, 'mappings/orders.yml'), 'utf8').replace('street: {', 'road: {');
    writeFileSync(join(folder, 'mappings/orders.yml'), changed);
    const refused = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect([refused.code, refused.diagnostics[0].code]).to.deep.equal([4, 'ETL0962']);
    const source = readFileSync(join(folder, 'sources/crm.yml'), 'utf8').replaceAll(/^ +subject: .*\n/gm, '');
    writeFileSync(join(folder, 'sources/crm.yml'), source);
    const nobody = await run(['forget', '--subject', '990017', '--yes'], folder);
    expect([nobody.code, nobody.diagnostics[0].code]).to.deep.equal([3, 'ETL0961']);
  });
});

/** All replies that a Redis has cached. */
async function cachedIn(client: Redis): Promise<string> {
  const groups = await Promise.all((await client.keys('*:replies')).map((key) => client.hgetallBuffer(key)));
  // The empty field is a count.
  const kept = groups.flatMap((group) => Object.entries(group).filter(([field]) => field !== ''));
  const replies = await Promise.all(kept.map(([, bytes]) => unpacked(bytes)));
  return replies.map(({ response }) => Buffer.from(response.body).toString()).join();
}

/** Forgets in this process; the call of that number to a database, a cache or a file fails after it was done. */
async function forgetIn(folder: string, failing: number): Promise<'done' | 'failed'> {
  const checked = await check(folder, root);
  if (checked.project === undefined) throw new Error('the project is valid');
  const work = await planned({ ...checked, project: checked.project }, false);
  let calls = 0;
  const breaking = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          const result: unknown = await member.apply(target, given);
          calls += 1;
          if (calls === failing) throw new Error('killed');
          return result;
        };
      },
    });
  try {
    await work.staging.migrate();
    return await withForgetServices(work, '990017', async (services) => {
      const found = await findSubject(services);
      const { forgetting, warehouse, cache, files } = services;
      const broken = {
        ...services,
        forgetting: breaking(forgetting),
        warehouse: breaking(warehouse),
        cache: breaking(cache),
        files: breaking(files),
      };
      return forgetSubject(found, { salt: 'salt', by: 'test' }, broken).then(
        () => 'done',
        () => 'failed',
      );
    });
  } finally {
    await work.staging.close();
    await work.warehouse.close();
  }
}
