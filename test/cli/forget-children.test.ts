import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { searched } from '../support/byte-search.ts';
import { api, etl, json, projectFolder, tableOf } from '../support/cli.ts';

const theirs = 990017;
const people = [101, theirs, 102].map((id) => ({
  id,
  name: id === theirs ? 'Quillfeather' : `Person ${id}`,
}));
const secrets = [String(theirs), 'Quillfeather'];

/** People with posts, of which each page has one, and posts with likes. */
async function club() {
  const asked: string[] = [];
  const failing = new Set<string>();
  const served = await api((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push(`${url.pathname}${url.search}`);
    if (url.pathname === '/people') return json(response, { people });
    const [, , id = '', what = ''] = url.pathname.split('/');
    const after = Number(url.searchParams.get('after') ?? 0);
    if (failing.has(`${what} ${id} ${after}`)) return json(response, { error: 'no' }, 400);
    const at = people.findIndex((one) => String(one.id) === id);
    if (what === 'likes') return json(response, { likes: [{ id: `like of ${id}` }] });
    // What is between them does not say whose it is.
    json(response, { [what]: [{ id: `${what}-${at}-${after}` }], next: after === 0 ? '1' : null });
  });
  return { ...served, asked, failing };
}

const listing = (name: string, more: string): string => `  ${name}:
    request: {path: "/people/{parent.id}/${name}"}
    parent: {stream: people, parallel: 1}
    records: ${name}
    paginate: {type: cursor_token, token: next, param: after}
${more}`;

const mapping = (name: string, more = ''): Record<string, string> => ({
  [`mappings/${name}.yml`]: `kind: mapping\nname: ${name}\nfrom: club.${name}\nload: {key: [id]}\nproperties:\n  id: {from: id, type: string}\n${more}`,
});

const project = (url: string): string =>
  projectFolder({
    'etl.yml': 'kind: project\nname: club\nenvironments: {dev: {}}\n',
    'sources/club.yml': `kind: source
name: club
baseUrl: ${url}
attempts: 1
streams:
  people:
    request: {path: /people}
    records: people
    primaryKey: [id]
    subject: id
${listing('posts', '    primaryKey: [id]\n')}${listing('visits', '    primaryKey: [_parent.id, id]\n    subject: _parent.id\n')}${listing('notes', '    primaryKey: [id]\n')}  likes:
    request: {path: "/posts/{parent.id}/likes", query: {of: "{parent._parent.id}"}}
    parent: {stream: posts}
    records: likes
    primaryKey: [id]
`,
    ...mapping('people'),
    ...mapping('posts'),
    ...mapping('visits', '  person: {from: _parent.id, type: integer}\n'),
    ...mapping('notes'),
    ...mapping('likes'),
  });

describe('etl forget, of somebody whom other streams are read for', function () {
  this.timeout(120_000);

  const run = async (folder: string, ...args: readonly string[]) => {
    const { code, stdout, stderr } = await etl([...args, '--json', '-p', folder]);
    return { code, stderr, ...JSON.parse(stdout) };
  };
  const idsOf = async (folder: string, table: string) =>
    (await tableOf(folder, table)).map(({ id }) => String(id)).sort();

  it('leaves no byte of them in requests, records, windows, Blockers and recordings', async () => {
    const source = await club();
    // Where the last stream stops, its window is open at their second page.
    source.failing.add(`notes ${theirs} 1`);
    const folder = project(source.url);
    const first = await run(folder, 'run');
    expect(first.code).to.equal(1);
    await run(folder, 'record', 'club', '--from-ledger');
    const before = searched(folder, secrets);
    expect(before.length).to.be.greaterThan(8);
    expect(await idsOf(folder, 'posts')).to.have.length(6);

    const done = await run(folder, 'forget', '--subject', String(theirs), '--yes');
    expect(done.code, done.stderr + JSON.stringify(done.diagnostics)).to.equal(0);
    expect(done.diagnostics).to.deep.equal([]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    // Posts do not say whose they are: their records stay, and what is read for them as well.
    expect(await idsOf(folder, 'posts')).to.have.length(6);
    expect(await idsOf(folder, 'likes')).to.have.length(6);
    expect(await idsOf(folder, 'visits')).to.deep.equal([
      'visits-0-0',
      'visits-0-1',
      'visits-2-0',
      'visits-2-1',
    ]);

    source.asked.length = 0;
    const again = await run(folder, 'run');
    await source.close();
    expect(again.code, JSON.stringify(again.diagnostics)).to.equal(0);
    expect(source.asked.filter((one) => one.startsWith('/people/102/notes'))).to.not.deep.equal([]);
    expect(source.asked.filter((one) => one.includes(String(theirs)))).to.deep.equal([]);
    expect(await idsOf(folder, 'notes')).to.deep.equal([
      'notes-0-0',
      'notes-0-1',
      'notes-1-0',
      'notes-2-0',
      'notes-2-1',
    ]);
    expect(searched(folder, secrets)).to.deep.equal([]);
    expect((await run(folder, 'audit')).code).to.equal(0);
  });

  it('says where a key or a column is made of them, and of no subject', async () => {
    const source = await club();
    const folder = project(source.url);
    const file = join(folder, 'sources/club.yml');
    const declared = readFileSync(file, 'utf8');
    writeFileSync(file, declared.replace('    subject: _parent.id\n', ''));
    await run(folder, 'run');
    const done = await run(folder, 'forget', '--subject', String(theirs), '--yes');
    expect(done.diagnostics.map(({ code }: { code: string }) => code)).to.deep.equal(['ETL0966']);
    expect(done.diagnostics[0].summary).to.contain('club.visits goes on saying whom of club.people');
    expect(await idsOf(folder, 'visits')).to.have.length(6);
    writeFileSync(file, declared);
    await run(folder, 'run');
    const erased = await run(folder, 'forget', '--subject', String(theirs), '--yes');
    await source.close();
    expect(erased.code, JSON.stringify(erased.diagnostics)).to.equal(0);
    expect(searched(folder, secrets)).to.deep.equal([]);
  });
});
