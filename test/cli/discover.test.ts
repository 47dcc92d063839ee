import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { etl, type Finished, projectFolder, tableOf } from '../support/cli.ts';

const source = `kind: source
name: crm
baseUrl: https://crm.example.com
auth: {type: bearer, token: "\${env:CRM_TOKEN}"}
budget:
  domain: crm
  limits: [{id: main, bucket: {rate: 50/s, burst: 50}}]
streams:
  deals:
    request: {path: /crm/v3/objects/deals}
    records: results
    primaryKey: [id]
    paginate: {type: cursor_token, token: paging.next.after, param: after, size: 2}
    cursor: {field: updatedAt, from: {query: since}}
    describe:
      request: {path: /crm/v3/properties/deals}
      records: results
      id: id
      name: name
      label: label
      type: type
      types: {number: "decimal(18,2)", enumeration: string, bool: boolean}
      multiple: {fieldType: checkbox}
      options: options
      archived: archived
      custom: {hubspotDefined: {ne: true}}
      currency: {where: {showCurrencySymbol: true}, from: properties.currency_code}
      under: properties
`;

const mapping = `kind: mapping
name: deals
from: crm.deals
load: {key: [id]}
use: [generated/crm_deals.yml]
contract: {types: quarantine}
properties:
  id: {from: id, type: string}
  stage: {property: Deal stage, type: string, transform: [labels]}
`;

const option = (value: string, label: string) => ({ value, label });

interface Description {
  readonly id: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

const stage: Description = {
  id: '1',
  name: 'dealstage',
  label: 'Deal stage',
  type: 'enumeration',
  hubspotDefined: true,
  options: [option('won', 'Closed won'), option('new', 'New')],
};
const score: Description = { id: '2', name: 'score', label: 'Score', type: 'number' };
const tags: Description = {
  id: '3',
  name: 'tags',
  label: 'Tags',
  type: 'enumeration',
  fieldType: 'checkbox',
  options: [option('a', 'Alpha'), option('b', 'Beta')],
};

/** A project with a CRM whose descriptions and records a test may change between commands. */
class Crm {
  readonly folder: string;
  readonly #records: string[] = [];

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.folder = projectFolder({
      'etl.yml': 'kind: project\nname: crm\n',
      'sources/crm.yml': source,
      'mappings/deals.yml': mapping,
      ...files,
    });
  }

  describe(...descriptions: readonly Description[]): void {
    this.write('lab/crm/describe/deals.json', JSON.stringify({ results: descriptions }));
  }

  add(id: string, properties: Readonly<Record<string, unknown>>): void {
    const minute = String(this.#records.length).padStart(2, '0');
    this.#records.push(JSON.stringify({ id, updatedAt: `2026-01-01T00:${minute}:00Z`, properties }));
    this.write('lab/crm/deals.ndjson', `${this.#records.join('\n')}\n`);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  etl(...args: readonly string[]): Promise<Finished> {
    return etl([...args, '--project', this.folder]);
  }

  async codes(...args: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await this.etl(...args, '--json');
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { code: string }[] };
    return diagnostics.map(({ code }) => code);
  }

  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.etl(...args);
    expect(code, stdout + stderr).to.equal(0);
    return stdout;
  }

  /** The rows, without what the engine adds. */
  async rows(): Promise<readonly Record<string, string | null>[]> {
    const rows = await tableOf(this.folder, 'deals', ['--lab']);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_'))),
    );
  }

  async blocked(): Promise<readonly string[]> {
    const { stdout } = await this.etl('blockers', '--lab', '--json');
    const { result } = JSON.parse(stdout) as {
      result: { blockers: readonly { record: string; property: string; code: string }[] };
    };
    return result.blockers.map(({ record, property, code }) => `${record} ${property} ${code}`);
  }
}

describe('etl discover', function () {
  this.timeout(240_000);
  it('writes what a provider describes, and nothing when nothing has changed', async () => {
    const crm = new Crm();
    crm.describe(stage, score, tags);
    crm.add('d1', { dealstage: 'won', score: '1.50', tags: 'a; b' });
    expect((await crm.etl('validate')).code).to.equal(3);
    await crm.ok('discover', 'crm', '--lab');
    const [catalog, generated] = [crm.read('catalogs/crm.yml'), crm.read('generated/crm_deals.yml')];
    expect(await crm.ok('discover', 'crm', '--lab')).to.contain('Nothing has changed.');
    expect([crm.read('catalogs/crm.yml'), crm.read('generated/crm_deals.yml')]).to.deep.equal([
      catalog,
      generated,
    ]);
    // The standard property is for the mapping to name.
    expect(generated).not.to.contain('dealstage');
    expect((await crm.etl('discover', 'crm', '--lab', '--check')).code).to.equal(0);
    await crm.ok('validate');
    await crm.ok('run', '--lab');
    expect(await crm.rows()).to.deep.equal([
      { id: 'd1', stage: 'Closed won', score: '1.50', tags: '["a","b"]' },
    ]);
  });

  it('carries a custom property through its life: added, renamed, retyped, archived, and no row is lost', async () => {
    const crm = new Crm();
    crm.describe(stage, score);
    crm.add('d1', { dealstage: 'won', score: '1.50' });
    await crm.ok('discover', 'crm', '--lab');
    await crm.ok('run', '--lab');

    // Added.
    const region = { id: '9', name: 'region', label: 'Region', type: 'enumeration' };
    crm.describe(stage, score, region);
    crm.add('d2', { dealstage: 'new', score: '2.50', region: 'EU' });
    expect((await crm.etl('discover', 'crm', '--lab', '--check')).code).to.equal(5);
    expect(crm.read('catalogs/crm.yml')).not.to.contain('region');
    expect(await crm.codes('discover', 'crm', '--lab')).to.deep.equal(['ETL1041']);
    expect(await crm.ok('plan', '--lab')).to.contain('additive: new column region');
    await crm.ok('run', '--lab');
    expect(await crm.rows()).to.deep.equal([
      { id: 'd1', stage: 'Closed won', score: '1.50', region: null },
      { id: 'd2', stage: 'New', score: '2.50', region: 'EU' },
    ]);

    // Renamed: another name and label, the same id. What is on kept pages stands at its former path.
    const market = { ...region, name: 'market', label: 'Market' };
    crm.describe(stage, score, market);
    crm.add('d3', { dealstage: 'won', score: '3.50', market: 'US' });
    expect(await crm.codes('discover', 'crm', '--lab')).to.deep.equal(['ETL1042']);
    expect(await crm.ok('plan', '--lab')).not.to.contain('new column');
    await crm.ok('run', '--lab');
    expect((await crm.rows()).map(({ region: value }) => value)).to.deep.equal([null, 'EU', 'US']);

    // Retyped: before anybody has looked, a text in a column of numbers is a Blocker.
    crm.describe(stage, { ...score, type: 'enumeration' }, market);
    crm.add('d4', { dealstage: 'won', score: 'high', market: 'US' });
    await crm.ok('run', '--lab');
    expect(await crm.blocked()).to.deep.equal(['d4 score ETL0521']);
    expect(await crm.codes('discover', 'crm', '--lab')).to.deep.equal(['ETL1043']);
    expect(await crm.ok('plan', '--lab')).to.contain(
      'fitted: score is string in the mapping and stays DECIMAL(18,2)',
    );
    await crm.ok('run', '--lab');
    expect(await crm.blocked()).to.deep.equal(['d4 score ETL0529']);
    crm.add('d5', { dealstage: 'won', score: '5.50', market: 'US' });

    // Archived: it is described, and no record has it.
    crm.describe(stage, { ...score, type: 'enumeration' }, { ...market, archived: true });
    crm.add('d6', { dealstage: 'won', score: '6.50' });
    expect(await crm.codes('discover', 'crm', '--lab')).to.deep.equal(['ETL1044']);
    expect(await crm.codes('validate')).to.deep.equal(['ETL0266']);
    await crm.ok('run', '--lab');
    expect((await crm.rows()).map(({ id, score: value, region: place }) => [id, value, place])).to.deep.equal(
      [
        ['d1', '1.50', null],
        ['d2', '2.50', 'EU'],
        ['d3', '3.50', 'US'],
        ['d5', '5.50', 'US'],
        ['d6', '6.50', null],
      ],
    );

    // With a column beside it the blocked row gets in, of the page that is kept.
    crm.write('mappings/deals.yml', mapping.replace('types: quarantine', 'types: evolve'));
    await crm.ok('run', '--lab');
    expect(await crm.blocked()).to.deep.equal([]);
    expect((await crm.rows()).find(({ id }) => id === 'd4')).to.include({
      score__string: 'high',
      region: 'US',
    });
    expect(await crm.ok('audit', '--lab')).to.match(/accounted/i);

    // Whoever wants it gone takes it out; the column stays.
    await crm.ok('discover', 'crm', '--lab', '--prune');
    expect(await crm.codes('validate')).to.deep.equal([]);
    expect(await crm.ok('plan', '--lab')).to.match(/stays: .*region/);
    expect((await crm.etl('discover', 'crm', '--lab', '--check')).code).to.equal(0);
  });
});

describe('what no property reads', () => {
  const crmWith = (unmapped: string): Crm => {
    const crm = new Crm({
      'sources/crm.yml': source.replace(/ {4}describe:[\s\S]*$/, ''),
      'mappings/deals.yml': `kind: mapping
name: deals
from: crm.deals
load: {key: [id]}
unmapped: ${unmapped}
properties:
  id: {from: id, type: string}
  score: {from: properties.score, type: string}
  first: {from: "properties.list[0]", type: string}
`,
    });
    crm.add('d1', { score: '1', region: 'EU', list: ['a', 'b'], big: 12345678901234567890n.toString() });
    crm.add('d2', { score: '2', region: null });
    crm.add('d3', { score: '3', 'deal.stage': 'won', region: 'US' });
    return crm;
  };

  it('is counted by path, and told with the run', async () => {
    const crm = crmWith('report');
    const { code, stderr } = await crm.etl('run', '--lab');
    expect(code).to.equal(0);
    expect(stderr).to.contain(
      "deals: no property reads 5 paths that have values: updatedAt (3), properties.region (2), properties.big (1), properties.list (1), properties['deal.stage'] (1)",
    );
  });

  it('is kept in a column, and leaves it when a property reads it', async () => {
    const crm = crmWith('{keep: _extra}');
    await crm.ok('run', '--lab');
    const extras = async () =>
      (await tableOf(crm.folder, 'deals', ['--lab'])).map((row) => JSON.parse(row['_extra'] ?? 'null'));
    expect(await extras()).to.deep.equal([
      {
        updatedAt: '2026-01-01T00:00:00Z',
        properties: { region: 'EU', list: ['a', 'b'], big: '12345678901234567890' },
      },
      { updatedAt: '2026-01-01T00:01:00Z', properties: { region: null } },
      { updatedAt: '2026-01-01T00:02:00Z', properties: { 'deal.stage': 'won', region: 'US' } },
    ]);
    crm.write(
      'mappings/deals.yml',
      `${crm.read('mappings/deals.yml')}  region: {from: properties.region, type: string}\n`,
    );
    await crm.ok('run', '--lab');
    const [first, second] = await extras();
    expect([first.properties, second]).to.deep.equal([
      { list: ['a', 'b'], big: '12345678901234567890' },
      { updatedAt: '2026-01-01T00:01:00Z' },
    ]);
    expect(await crm.ok('audit', '--lab')).to.match(/accounted/i);
  });
});

describe('etl discover of a source with accounts', () => {
  it('asks each of them, and the catalog has what one of them has', async () => {
    const crm = new Crm({
      'sources/crm.yml': `${source.replace('domain: crm', 'domain: "crm:{account}"')}accounts:\n  berlin: {headers: {X-Portal: b}}\n  paris: {headers: {X-Portal: p}}\n`,
    });
    crm.describe(stage, score);
    crm.add('d1', { dealstage: 'won', score: '1.50' });
    await crm.ok('discover', 'crm', '--lab');
    await crm.ok('run', '--lab');
    expect(await crm.ok('discover', 'crm', '--lab', '--check')).to.contain('crm.deals');
    expect((await crm.rows()).map(({ id, score: value }) => [id, value])).to.deep.equal([
      ['d1', '1.50'],
      ['d1', '1.50'],
    ]);
  });
});

describe('several values in one text', () => {
  it('are rows of a table of their own, beside generated properties of the record', async () => {
    const crm = new Crm({
      'mappings/deals.yml': `kind: mapping
name: deals
from: crm.deals
each: properties.tags
eachSplit: ";"
load: {key: [id, tag]}
use: [generated/crm_deals.yml]
properties:
  id: {from: $parent.id, type: string}
  tag: {from: value, type: string}
  stage: {property: Deal stage, type: string, transform: [labels]}
  "score_*": {from: "$parent.properties.score_*", type: "decimal(18,2)"}
`,
    });
    crm.describe(stage, { ...score, name: 'score_a' }, { ...score, id: '5', name: 'score_b' });
    crm.add('d1', { dealstage: 'won', score_a: '1.5', score_b: '2', tags: 'a; b;;' });
    crm.add('d2', { dealstage: 'new', score_a: '1.5' });
    await crm.ok('discover', 'crm', '--lab');
    await crm.ok('run', '--lab');
    expect(await crm.rows()).to.deep.equal([
      { id: 'd1', tag: 'a', stage: 'Closed won', score_a: '1.50', score_b: '2.00' },
      { id: 'd1', tag: 'b', stage: 'Closed won', score_a: '1.50', score_b: '2.00' },
    ]);
    expect(await crm.ok('audit', '--lab')).to.match(/accounted/i);
  });
});
