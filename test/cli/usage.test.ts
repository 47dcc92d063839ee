import { expect } from 'chai';
import { etl, ordersProject } from '../support/cli.ts';

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
