import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { etl, type Finished, projectFolder, tableOf } from '../support/cli.ts';

const mapping = `kind: mapping
name: accounts
from: crm.accounts
load: {key: [id]}
use: [generated/crm_accounts.yml]
contract: {types: quarantine}
properties:
  id: {from: Id, type: string}
`;

interface Field {
  readonly name: string;
  readonly [key: string]: unknown;
}

const text = (name: string): Field => ({
  name,
  label: name.replace('__c', ''),
  type: 'string',
  custom: true,
});
const amount = (name: string): Field => ({ ...text(name), type: 'currency', precision: 18, scale: 2 });
const id: Field = { name: 'Id', label: 'Account ID', type: 'id', custom: false };

interface Told {
  readonly code: string;
  readonly summary: string;
  readonly help: readonly string[];
  readonly place?: { readonly file: string; readonly text: string };
}

/** An org whose fields and accounts a test changes between commands. As the real one, it refuses a field that it does not have. */
class Org {
  readonly folder = projectFolder({
    'etl.yml': 'kind: project\nname: crm\n',
    'sources/crm.yml': 'kind: source\nname: crm\nconnector: salesforce\nvars: {instance: acme}\n',
    'mappings/accounts.yml': mapping,
  });
  readonly #accounts: string[] = [];

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), content);
  }

  fields(...fields: readonly Field[]): void {
    this.write('lab/crm/describe/accounts.json', JSON.stringify({ fields: [id, ...fields] }));
  }

  add(account: string, values: Readonly<Record<string, unknown>>): void {
    const minute = String(this.#accounts.length).padStart(2, '0');
    const record = {
      Id: account,
      SystemModstamp: `2026-01-01T00:${minute}:00Z`,
      IsDeleted: false,
      ...values,
    };
    this.#accounts.push(JSON.stringify(record));
    this.write('lab/crm/accounts.ndjson', `${this.#accounts.join('\n')}\n`);
  }

  etl(...args: readonly string[]): Promise<Finished> {
    return etl([...args, '--project', this.folder]);
  }

  async told(...args: readonly string[]): Promise<readonly Told[]> {
    const { stdout } = await this.etl(...args, '--json');
    return (JSON.parse(stdout) as { diagnostics: readonly Told[] }).diagnostics;
  }

  async codes(...args: readonly string[]): Promise<readonly string[]> {
    return (await this.told(...args)).map(({ code }) => code);
  }

  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.etl(...args);
    expect(code, stdout + stderr).to.equal(0);
    return stdout;
  }

  async rows(...columns: readonly string[]): Promise<readonly (readonly unknown[])[]> {
    const rows = await tableOf(this.folder, 'accounts', ['--lab']);
    return rows.map((row) => columns.map((column) => row[column]));
  }
}

describe('etl discover of Salesforce', function () {
  this.timeout(240_000);

  it('names a field that is gone where it stands, and after `etl discover` the run goes on without it', async () => {
    const org = new Org();
    org.fields(text('Region__c'), amount('Limit__c'));
    org.add('a1', { Region__c: 'EU', Limit__c: '10.50' });
    await org.ok('discover', 'crm', 'accounts', '--lab');
    await org.ok('run', '--lab');

    org.fields(amount('Limit__c'));
    org.add('a2', { Limit__c: '20.50' });
    const failed = await org.etl('run', '--lab');
    expect(failed.code).to.equal(1);
    const shown = failed.stdout + failed.stderr;
    const line = readFileSync(join(org.folder, 'generated/crm_accounts.yml'), 'utf8')
      .split('\n')
      .findIndex((one) => one.includes('from: Region__c'));
    expect(shown).to.contain('crm.accounts asks for `Region__c`, which the API does not have');
    expect(shown).to.match(new RegExp(`generated/crm_accounts\\.yml:${line + 1}\\b`));
    expect(shown).to.contain('`etl discover crm`');
    const [told] = (await org.told('run', '--lab')).filter(({ code }) => code === 'ETL0440');
    expect(told?.place?.text).to.contain('from: Region__c');
    // Nothing of the table was touched.
    expect(await org.rows('id', 'region_c')).to.deep.equal([['a1', 'EU']]);

    expect(await org.codes('discover', 'crm', 'accounts', '--lab')).to.deep.equal(['ETL1045']);
    expect(await org.codes('validate')).to.deep.equal(['ETL0266']);
    await org.ok('run', '--lab');
    expect(await org.rows('id', 'region_c', 'limit_c')).to.deep.equal([
      ['a1', 'EU', '10.50'],
      ['a2', null, '20.50'],
    ]);
    expect(await org.ok('audit', '--lab')).to.match(/accounted/i);

    // It comes back, and gets its column.
    org.fields(text('Region__c'), amount('Limit__c'));
    org.add('a3', { Region__c: 'US', Limit__c: '30.50' });
    expect(await org.codes('discover', 'crm', 'accounts', '--lab')).to.deep.equal(['ETL1046']);
    await org.ok('run', '--lab');
    expect(await org.rows('id', 'region_c')).to.deep.equal([
      ['a1', 'EU'],
      ['a2', null],
      ['a3', 'US'],
    ]);
  });

  it('carries a field through its life, and no row is lost', async () => {
    const org = new Org();
    org.fields(amount('Limit__c'));
    org.add('a1', { Limit__c: '10.50' });
    await org.ok('discover', 'crm', 'accounts', '--lab');
    await org.ok('run', '--lab');

    // Added.
    org.fields(amount('Limit__c'), text('Region__c'));
    org.add('a2', { Limit__c: '20.50', Region__c: 'EU' });
    expect(await org.codes('discover', 'crm', 'accounts', '--lab')).to.deep.equal(['ETL1041']);
    await org.ok('run', '--lab');

    // Renamed: Salesforce describes no id, so that it is one that is gone and one that is new. The former column keeps its values.
    org.fields(amount('Limit__c'), text('Market__c'));
    org.add('a3', { Limit__c: '30.50', Market__c: 'US' });
    expect(await org.codes('run', '--lab')).to.include('ETL0440');
    expect(await org.codes('discover', 'crm', 'accounts', '--lab')).to.have.members(['ETL1041', 'ETL1045']);
    await org.ok('run', '--lab');
    expect(await org.rows('id', 'region_c', 'market_c')).to.deep.equal([
      ['a1', null, null],
      ['a2', 'EU', null],
      ['a3', null, 'US'],
    ]);

    // Retyped: what does not fit is a Blocker before and after it is known, until the contract gives it a column beside the old one.
    org.fields(text('Limit__c'), text('Market__c'));
    org.add('a4', { Limit__c: 'much', Market__c: 'US' });
    await org.ok('run', '--lab');
    expect(await org.codes('discover', 'crm', 'accounts', '--lab')).to.deep.equal(['ETL1043']);
    org.write('mappings/accounts.yml', mapping.replace('quarantine', 'evolve'));
    await org.ok('run', '--lab');
    expect(await org.rows('id', 'limit_c', 'limit_c__string', 'market_c')).to.deep.include([
      'a4',
      null,
      'much',
      'US',
    ]);
    expect(await org.ok('audit', '--lab')).to.match(/accounted/i);
    expect((await org.rows('id')).flat()).to.deep.equal(['a1', 'a2', 'a3', 'a4']);
  });

  it('points to the line of a mapping that reads a field which is gone, and leaves it out once the catalog says so', async () => {
    const org = new Org();
    org.fields(text('Region__c'));
    org.write('mappings/accounts.yml', `${mapping}  place: {property: Region, type: string}\n`);
    org.add('a1', { Region__c: 'EU' });
    await org.ok('discover', 'crm', 'accounts', '--lab');
    await org.ok('run', '--lab');
    org.fields();
    org.add('a2', {});
    const [told] = (await org.told('run', '--lab')).filter(({ code }) => code === 'ETL0440');
    expect(told?.place?.file).to.equal('mappings/accounts.yml');
    await org.ok('discover', 'crm', 'accounts', '--lab');
    await org.ok('run', '--lab');
    expect(await org.rows('id', 'place')).to.deep.equal([
      ['a1', 'EU'],
      ['a2', null],
    ]);
  });
});
