import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { etl, ordersProject, projectFolder } from '../support/cli.ts';
import { root } from '../support/root.ts';

describe('wrong usage', () => {
  for (const url of ['nonsense', 'ftp://127.0.0.1:8080', '127.0.0.1:8080']) {
    it(`is said of --lab-url ${url}`, async () => {
      const { code, stderr } = await etl([
        'run',
        '--lab-url',
        url,
        '-p',
        ordersProject('https://shop.example'),
      ]);
      expect(code).to.equal(64);
      expect(stderr).to.match(/^error\[ETL0901\]: --lab-url takes the URL that `etl lab` prints/);
      expect(stderr).to.contain(`not \`${url}\``);
    });
  }

  it('names the argument that a command does not take', async () => {
    const { code, stderr } = await etl(['run', 'extra']);
    expect(code).to.equal(64);
    expect(stderr).to.contain('run takes no argument `extra`');
  });

  it('lists the commands when there is no such command', async () => {
    const { code, stderr } = await etl(['rum']);
    expect(code).to.equal(64);
    expect(stderr).to.contain('command rum not found').and.to.contain(' audit, blockers,');
  });
});

describe('the projects that come with Sluice', () => {
  for (const name of readdirSync(join(root, 'projects'))) {
    it(`leave nothing to be said: ${name}`, async () => {
      const { stdout, stderr } = await etl(['validate', '-p', join(root, 'projects', name)]);
      expect(stdout).to.match(/^.*All fine\.\n$/);
      expect(stderr).to.equal('');
    });
  }
});

describe('etl blockers', () => {
  it('is etl blockers list', async () => {
    const folder = ordersProject('https://shop.example');
    const [short, long] = await Promise.all(
      [['blockers'], ['blockers', 'list']].map((words) => etl([...words, '-p', folder])),
    );
    expect(long).to.deep.equal(short);
    expect(long?.code).to.equal(0);
  });
});

describe('etl plan --lab', () => {
  it('needs no reference of the project', async () => {
    const folder = ordersProject('https://shop.example', {
      source: 'auth: {type: bearer, token: "${env:SHOP_TOKEN}"}',
    });
    const needed = async (flags: readonly string[]): Promise<unknown> => {
      const { stdout } = await etl(['plan', '--json', '-p', folder, ...flags]);
      return (JSON.parse(stdout) as { result: { references: unknown } }).result.references;
    };
    expect(await needed([])).to.have.length(1);
    expect(await needed(['--lab'])).to.deep.equal([]);
  });
});

describe('the form of an answer', function () {
  this.timeout(60_000);
  const folder = (): string =>
    projectFolder({ 'etl.yml': 'kind: project\nname: demo\n', 'mappings/x.yml': 'kind: mapping\nname: x\n' });

  it('is annotations of a workflow, with files named from where the command was called', async () => {
    const project = folder();
    const { code, stdout } = await etl(['validate', '--format', 'github', `--project=${project}`]);
    expect(code).to.equal(3);
    expect(stdout).to.contain(`::error file=${project}/mappings/x.yml,line=1,`);
  });

  it('is the same JSON for both ways to ask for it', async () => {
    const project = folder();
    const asked = await Promise.all(
      [['--json'], ['--format', 'json'], ['--format=json']].map((words) =>
        etl(['ls', '-p', project, ...words]),
      ),
    );
    expect(new Set(asked.map(({ stdout }) => stdout)).size).to.equal(1);
    expect(JSON.parse(asked[0]?.stdout ?? '')).to.include({ command: 'ls', exitCode: 3 });
  });

  it('is JUnit with a case for each file, or a comment in Markdown', async () => {
    const project = folder();
    const { stdout: xml } = await etl(['validate', '--format=junit', '-p', project]);
    expect(xml).to.contain('<testsuites name="etl validate" tests="2" failures="1">');
    const { stdout: markdown } = await etl(['plan', '--format', 'markdown', '-p', project]);
    expect(markdown).to.match(/^<!-- etl plan -->\n### ❌ `etl plan`/);
  });
});
