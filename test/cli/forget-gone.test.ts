import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { searched, searchedPostgres } from '../support/byte-search.ts';
import { type Api, api, etl, json, projectFolder } from '../support/cli.ts';
import { ownSchema, sharedPostgres } from '../support/postgres.ts';

const pageKey = 'a key for pages, long enough';
const env = { STAGING_URL: '', PAGE_KEY: pageKey };

interface Person {
  readonly id: string;
  readonly at: string;
  readonly name: string;
  readonly age: number | string;
  readonly closed?: boolean;
  readonly pets: readonly { readonly pet: string }[];
}

const minute = (at: number): string => new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();

const person = (id: string, at: number, name: string, pets: readonly string[]): Person => ({
  ...{ id, at: minute(at), name, age: 30 },
  pets: pets.map((pet) => ({ pet })),
});

/** Of whom nothing may be left. */
const secrets = ['p-990017', 'Quillfeather', 'Zq-the-cat', 'Zq-the-dog', 'about-ninety-zq'];
const zephyrine = person('p-990017', 1, 'Quillfeather', ['Zq-the-cat', 'Zq-the-dog']);

const opened: Api[] = [];

/** Persons whom a test may change. */
async function crm(): Promise<Api & { readonly people: Person[] }> {
  const people = [
    zephyrine,
    ...[1, 2, 3, 4].map((at) => person(`p-${at}`, at, `Person ${at}`, [`pet of ${at}`])),
  ];
  const provider = await api((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    const since = searchParams.get('since') ?? '';
    json(response, { people: people.filter(({ at }) => at >= since) });
  });
  opened.push(provider);
  return { ...provider, people };
}

const files = (url: string, more = ''): Record<string, string> => ({
  'etl.yml': `kind: project\nname: demo\n${more}`,
  'sources/crm.yml': `kind: source
name: crm
baseUrl: ${url}
streams:
  people:
    request: {path: /people}
    records: people
    primaryKey: [id]
    subject: id
    cursor: {field: at, from: {query: since}}
    deletes:
      - {by: flag, where: {closed: true}}
      - {by: sweep, every: 1ms, threshold: 80%}
`,
  'mappings/people.yml': `kind: mapping
name: people
from: crm.people
load: {key: [id], deletes: soft}
properties:
  id: {from: id, type: string}
  name: {from: name, type: string}
`,
  'mappings/ages.yml': `kind: mapping
name: ages
from: crm.people
load: {key: [id]}
properties:
  id: {from: id, type: string}
  age: {from: age, type: integer}
`,
  'mappings/pets.yml': `kind: mapping
name: pets
from: crm.people
each: pets
load: {key: [owner, pet], children: replace}
properties:
  owner: {from: $parent.name, type: string}
  pet: {from: pet, type: string}
`,
});

async function rows(folder: string, sql: string): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(join(folder, '.etl/warehouse.duckdb'));
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('etl forget of a person who left before', function () {
  this.timeout(300_000);

  afterEach(() => Promise.all(opened.splice(0).map((provider) => provider.close())));

  const command = async (args: readonly string[], folder: string) => {
    const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], env);
    return { code, stderr, ...JSON.parse(stdout) };
  };

  const run = async (folder: string): Promise<void> => {
    const { code, diagnostics } = await command(['run'], folder);
    expect(code, JSON.stringify(diagnostics)).to.equal(0);
  };

  /** A project in which the person was read, has changed, was flagged as gone, came back, and is gone for a sweep. */
  async function lived(more = '', from = 1): Promise<string> {
    const provider = await crm();
    const folder = projectFolder(files(provider.url, more));
    const lives = [
      { ...zephyrine, age: 'about-ninety-zq' },
      person('p-990017', 11, 'Quillfeather', ['Zq-the-dog']),
      { ...person('p-990017', 12, 'Quillfeather', []), closed: true },
      person('p-990017', 13, 'Quillfeather', ['Zq-the-dog']),
    ];
    for (const life of lives.slice(from - 1)) {
      provider.people[0] = life;
      await run(folder);
    }
    provider.people.shift();
    await run(folder);
    return folder;
  }

  const forget = (folder: string) => command(['forget', '--subject', 'p-990017', '--yes'], folder);

  const account = async (folder: string): Promise<void> => {
    const audited = await command(['audit'], folder);
    expect(audited.diagnostics).to.deep.equal([]);
    expect([audited.code, audited.result.accounted_percent]).to.deep.equal([0, 100]);
  };

  it('leaves nothing of them in sweeps, lists of what is gone, markers, versions and Blockers', async () => {
    const folder = await lived();
    const versions = 'SELECT count(*) FROM _etl_versions_people WHERE _record = ';
    expect(await rows(folder, `${versions}'p-990017'`)).to.deep.equal([['1']]);
    expect(await rows(folder, 'SELECT count(*) FROM people WHERE _deleted_at IS NOT NULL')).to.deep.equal([
      ['1'],
    ]);
    expect(searched(folder, secrets).join()).to.contain('page');

    const done = await forget(folder);
    expect([done.code, done.diagnostics]).to.deep.equal([0, []], done.stderr);
    const found = done.result.streams.map(({ stream }: { stream: string }) => stream);
    expect(found).to.deep.equal(['crm.people', 'crm.people~sweep', 'crm.people~gone']);
    expect(searched(folder, secrets)).to.deep.equal([]);
    expect(await rows(folder, `SELECT count(*) FROM people`)).to.deep.equal([['4']]);
    await account(folder);

    await run(folder);
    await account(folder);
    expect(searched(folder, secrets)).to.deep.equal([]);
  });

  it('keeps them out of later sweeps', async () => {
    const provider = await crm();
    const folder = projectFolder(files(provider.url));
    await run(folder);
    expect((await forget(folder)).code).to.equal(0);
    expect(searched(folder, secrets)).to.deep.equal([]);
    await run(folder);
    await run(folder);
    await account(folder);
    expect(searched(folder, secrets)).to.deep.equal([]);
    expect(await rows(folder, 'SELECT count(*) FROM people')).to.deep.equal([['4']]);
  });

  it('finds markers whose responses were let go, too', async () => {
    const folder = await lived(
      'environments: {dev: {staging: {keep: {pages: 1ms}}}}\n',
      // A Blocker would keep its page.
      2,
    );
    await run(folder);
    const done = await forget(folder);
    expect([done.code, done.diagnostics]).to.deep.equal([0, []], done.stderr);
    expect(searched(folder, secrets)).to.deep.equal([]);
    await account(folder);
  });

  it('does the same with staging on PostgreSQL, and encrypted pages', async function () {
    const url = await sharedPostgres(this);
    const schema = ownSchema(url);
    env.STAGING_URL = url;
    const staging = `staging: {dialect: postgres, url: "\${env:STAGING_URL}", schema: ${schema}}`;
    const folder = await lived(`environments: {dev: {${staging}, pageKey: "\${env:PAGE_KEY}"}}\n`);
    expect(await searchedPostgres(url, schema, secrets, pageKey)).to.not.deep.equal([]);
    expect((await forget(folder)).code).to.equal(0);
    expect(await searchedPostgres(url, schema, secrets, pageKey)).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    await account(folder);
  });

  it('searches streams that no mapping reads any more, also those that were swept once', async () => {
    const folder = await lived();
    const source = join(folder, 'sources/crm.yml');
    writeFileSync(
      source,
      readFileSync(source, 'utf8').replace(
        / {4}deletes:[\s\S]*/,
        '  skus: {request: {path: /skus}, primaryKey: [sku]}\n',
      ),
    );
    for (const name of ['people', 'ages', 'pets']) rmSync(join(folder, `mappings/${name}.yml`));
    writeFileSync(
      join(folder, 'mappings/skus.yml'),
      'kind: mapping\nname: skus\nfrom: crm.skus\nload: {key: [sku]}\nproperties:\n  sku: {from: sku, type: string}\n',
    );
    const drop = ['people', 'ages', 'pets'].flatMap((name) => [name, `_etl_versions_${name}`]);
    for (const table of drop) await rows(folder, `DROP TABLE ${table}`);
    const done = await forget(folder);
    expect(done.code, done.stderr).to.equal(0);
    // Nobody knows the tables of mappings that are gone.
    expect(done.diagnostics.map(({ code }: { code: string }) => code)).to.deep.equal(['ETL0963']);
    expect(done.result.notSearched).to.deep.equal(['crm.skus']);
    expect(searched(folder, secrets)).to.deep.equal([]);
  });
});
