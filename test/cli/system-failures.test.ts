import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemDiagnostic } from '../../engine/cli/system-failure.ts';
import { etl, projectFolder } from '../support/cli.ts';

/** A whole project that the lab can serve. */
const files = {
  'etl.yml': 'kind: project\nname: demo\n',
  'sources/shop.yml': `kind: source
name: shop
baseUrl: https://shop.example
streams:
  orders:
    request: {path: /orders}
    primaryKey: [id]
    lab: {generate: {records: 3, record: {id: {gen: sequence}}}}
`,
  'mappings/orders.yml':
    'kind: mapping\nname: orders\nfrom: shop.orders\nload: {key: [id]}\nproperties:\n  id: {from: id, type: integer}\n',
};

describe('what the system refuses', () => {
  it('is said by etl init when the folder to make is a file', async () => {
    const folder = projectFolder({ shop: '' });
    const { code, stderr } = await etl(['init', join(folder, 'shop')]);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^error\[ETL0905\]: cannot make the folder .*shop: something of that name is there/,
    );
  });

  it('is said by etl init when a part of the path is a file', async () => {
    const folder = projectFolder({ shop: '' });
    const { code, stderr } = await etl(['init', join(folder, 'shop', 'deep')]);
    expect(code).to.equal(1);
    expect(stderr).to.contain('a part of that path is a file, not a folder');
  });

  it('is said by etl run when its artifacts cannot be written', async () => {
    const folder = projectFolder({ ...files, '.etl/runs': '' });
    const { code, stdout } = await etl(['run', '--lab', '--json', '-p', folder]);
    expect(code).to.equal(1);
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: readonly { code: string; summary: string }[];
    };
    expect(diagnostics.map((one) => one.code)).to.deep.equal(['ETL0905']);
    expect(diagnostics[0]?.summary).to.contain(join(folder, '.etl/runs'));
  });

  it('does not keep etl validate from validating', async () => {
    const { code, stdout } = await etl(['validate', '-p', projectFolder({ ...files, '.etl': '' })]);
    expect(code).to.equal(0);
    expect(stdout).to.contain('All fine.');
  });

  it('is told from a bug of ours', () => {
    const refused = Object.assign(new Error('EACCES'), {
      code: 'EACCES',
      syscall: 'open',
      path: '/x/plan.json',
    });
    expect(systemDiagnostic(refused)?.summary).to.equal('cannot open /x/plan.json: permission is denied');
    expect(systemDiagnostic(new TypeError('x is not a function'))).to.equal(undefined);
    expect(systemDiagnostic(Object.assign(new Error('gone'), { code: 'EPIPE', syscall: 'write' }))).to.equal(
      undefined,
    );
  });
});

describe('the project folder', () => {
  it('is asked for when a file is named instead', async () => {
    const folder = projectFolder(files);
    const { code, stderr } = await etl(['validate', '-p', join(folder, 'etl.yml')]);
    expect(code).to.equal(3);
    expect(stderr)
      .to.contain('ETL0001')
      .and.to.contain('is a file')
      .and.to.contain(`the folder instead: ${folder}.`);
  });

  it('gets the schema for editors when it is validated', async () => {
    const folder = projectFolder(files);
    await etl(['validate', '-p', folder]);
    expect(existsSync(join(folder, '.etl/schema.json'))).to.equal(true);
  });
});
