import { expect } from 'chai';
import { type Api, api, etl, json, projectFolder } from '../support/cli.ts';
import { statementsOf } from '../support/warehouse-statements.ts';
import { type OpenUnderTest, settingsText, type WarehouseUnderTest } from './warehouse-bench.ts';

interface Person {
  readonly id: number;
  readonly at: string;
  readonly name: string;
  readonly lines: readonly { readonly sku: string; readonly text: string }[];
}

const subject = 990_017;
const secrets = [String(subject), 'Quillfeather', 'engraved-for-zq'];

const person = (id: number, version: number): Person => {
  const isSubject = id === subject;
  return {
    id,
    at: `2026-01-01T00:0${version}:00.000000Z`,
    name: `${isSubject ? 'Quillfeather' : `Person ${id}`} ${version}`,
    // A line of the first version is none of the second.
    lines: [{ sku: `sku-${version}`, text: isSubject ? 'engraved-for-zq' : 'plain' }],
  };
};

const listed = (version: number): readonly Person[] => [101, subject, 102].map((id) => person(id, version));

/** The tables that hold somebody, and those beside them. */
const tables = ['histories', 'lines', 'versions', '_etl_versions_histories', '_etl_versions_lines'];

const project = (url: string, { settings, schema }: WarehouseUnderTest): Record<string, string> => ({
  'etl.yml': `kind: project\nname: demo\n${settingsText(settings)}\n`,
  'sources/crm.yml': `kind: source
name: crm
baseUrl: ${url}
streams:
  people:
    request: {path: /people}
    records: people
    primaryKey: [id]
    subject: id
    cursor: {field: at, lookback: 1m, from: {query: since}}
    deletes: [{by: flag, where: {gone: true}}]
`,
  'mappings/histories.yml': `kind: mapping
name: histories
from: crm.people
to: {schema: ${schema}}
load: {strategy: scd2, key: [id]}
properties:
  id: {from: id, type: integer}
  name: {from: name, type: string}
`,
  'mappings/lines.yml': `kind: mapping
name: lines
from: crm.people
to: {schema: ${schema}}
each: lines
load: {strategy: scd2, key: [person, sku], children: replace}
properties:
  person: {from: $parent.id, type: integer}
  sku: {from: sku, type: string}
  text: {from: text, type: string}
`,
  'mappings/versions.yml': `kind: mapping
name: versions
from: crm.people
to: {schema: ${schema}}
load: {strategy: append, key: [id]}
properties:
  id: {from: id, type: integer}
  name: {from: name, type: string}
`,
});

/** Every row of every table, as a text. */
async function contents(under: WarehouseUnderTest): Promise<readonly string[]> {
  const warehouse = under.open(statementsOf(under.settings));
  const texts: string[] = [];
  for (const table of tables)
    for (const row of (await warehouse.sample(under.schema, table, 1000)).rows)
      texts.push(`${table}: ${JSON.stringify(row)}`);
  await warehouse.close();
  return texts.sort();
}

const isTheirs = (row: string): boolean => secrets.some((secret) => row.includes(secret));

/** What is left of somebody in tables that keep what was. */
export function warehouseForgetContract(name: string, open: OpenUnderTest): void {
  describe(`a person who is forgotten in ${name}`, function () {
    this.timeout(180_000);
    let provider: Api;
    let version = 1;

    before(async () => {
      provider = await api((_, response) => json(response, { people: listed(version) }));
    });

    after(() => provider.close());

    it('has no version left in tables of scd2 and append, nor beside them, and nobody else loses one', async () => {
      const under = await open();
      const folder = projectFolder(project(provider.url, under));
      const run = async (...args: string[]) => {
        const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder], under.environment);
        expect(code, stdout + stderr).to.equal(0);
        return JSON.parse(stdout);
      };
      await run('run');
      version = 2;
      await run('run');
      const before = await contents(under);
      // Of each person two versions in two tables and two lines; beside them as many versions, and what was said of lines.
      for (const table of tables)
        expect(before.filter((row) => row.startsWith(table) && isTheirs(row)).length, table).to.be.at.least(
          2,
        );

      const { result } = await run('forget', '--subject', String(subject), '--yes');
      expect(result.streams).to.have.length(1);
      expect(result.streams[0]).to.include({ stream: 'crm.people', loaded: 6 });
      const after = await contents(under);
      expect(after.filter(isTheirs)).to.deep.equal([]);
      expect(after).to.deep.equal(before.filter((row) => !isTheirs(row)));

      await run('run');
      expect(await contents(under)).to.deep.equal(after);
      await run('audit');
    });
  });
}
