import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readProject } from '../../engine/read/read.ts';
import { root } from '../support/root.ts';
import { type Files, withFolder } from '../support/temporary-folder.ts';

const etl = { 'etl.yml': 'kind: project\nname: p\n' };

const read = (files: Files, prepare?: (folder: string) => void) =>
  withFolder({ ...etl, ...files }, (folder) => {
    prepare?.(folder);
    return readProject(folder, root);
  });

const filesOf = async (files: Files, prepare?: (folder: string) => void): Promise<readonly string[]> =>
  (await read(files, prepare)).files.documents.map(({ file }) => file);

const codesOf = async (files: Files): Promise<readonly string[]> =>
  (await read(files)).diagnostics.map(({ code, summary }) => `${code} ${summary}`);

describe('reading a project', () => {
  it('takes files in sorted order, with / in their paths', async () => {
    const found = await filesOf({
      'tests/b.yml': 'x: 1',
      'sources/z.yaml': 'x: 1',
      'sources/a/b.yml': 'x: 1',
    });
    expect(found).to.deep.equal(['etl.yml', 'sources/a/b.yml', 'sources/z.yaml', 'tests/b.yml']);
  });

  it('leaves out files of other tools, hidden folders, node_modules and lab data', async () => {
    const found = await filesOf({
      'compose.yml': 'services: {}',
      'k8s/cron.yml': 'apiVersion: batch/v1\nkind: CronJob\n',
      'broken.yml': 'a: [',
      'big.yml': `# ${'x'.repeat(1024 ** 2)}`,
      '.github/ci.yml': 'kind: source',
      'node_modules/x/a.yml': 'kind: source',
      'sources/lab/a.yml': 'kind: source',
      'sources/readme.md': 'kind: source',
    });
    expect(found).to.deep.equal(['etl.yml']);
  });

  it('takes files of other folders that name their kind', async () => {
    expect(await filesOf({ 'shop/orders.yml': 'kind: mapping' })).to.include('shop/orders.yml');
  });

  it('follows a link to a file, and none to a folder', async () => {
    const found = await filesOf({ 'data/a.txt': 'kind: source' }, (folder) => {
      symlinkSync(join(folder, 'data/a.txt'), join(folder, 'linked.yml'));
      symlinkSync(folder, join(folder, 'circle'));
      symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.yml'));
    });
    expect(found).to.deep.equal(['etl.yml', 'linked.yml']);
  });

  it('hands on schema.json and the templates of every dialect', async () => {
    const { files } = await read({});
    expect(files.schema).to.have.property('definitions');
    expect(Object.keys(files.templates)).to.include('duckdb/merge');
  });

  it('refuses a file that is too large or not UTF-8', async () => {
    const files = {
      'sources/big.yml': 'x'.repeat(1024 ** 2 + 1),
      'sources/latin.yml': Buffer.from([0x61, 0xe4, 0x62]),
    };
    expect(await codesOf(files)).to.deep.equal([
      'ETL0007 sources/big.yml cannot be read: it is larger than 1 MiB',
      'ETL0007 sources/latin.yml cannot be read: it is not UTF-8',
    ]);
  });

  it('keeps a file with an error apart, so that nothing is concluded from its absence', async () => {
    const { files } = await read({ 'sources/a.yml': 'a: [' });
    expect(files.unread).to.deep.equal([{ file: 'sources/a.yml', text: 'a: [' }]);
  });

  it('reports a missing project for a folder that does not exist', async () => {
    const { files, diagnostics } = await readProject(join(root, 'nowhere'), root);
    expect(files.documents).to.deep.equal([]);
    expect(diagnostics.map(({ code }) => code)).to.deep.equal(['ETL0001']);
  });
});
