import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, json, ordersProject, start } from '../support/cli.ts';

const orders = [
  { id: 'o1', total: 9.5, buyer: { email: 'ann@example.com', note: 'ring twice' } },
  { id: 'o2', total: 'twelve', buyer: { email: 'bob@example.com', note: '' } },
  { id: 'o3', total: '3.00', buyer: null },
];

const fixture = (total: string): string => `kind: test
name: by_hand
mapping: orders
cases:
  - name: a total
    records: [{id: a, total: 1}]
    rows: [{id: a, total: "${total}"}] # by hand
`;

describe('etl test', () => {
  it('makes a fixture of kept records, without what is private, that passes and is not overwritten', async () => {
    const shop = await api((_, response) => json(response, { orders }));
    const folder = ordersProject(shop.url, {
      source: 'redact: [buyer.note]',
      stream: '    paginate: {type: none}',
      properties: '  email: {from: buyer.email, type: string, pii: hmac}',
      project: 'pii: {key: "${env:PII_KEY}"}\n',
    });
    const env = { PII_KEY: 'of the test' };
    try {
      expect((await etl(['run', '--project', folder], env)).code).to.equal(0);
    } finally {
      await shop.close();
    }
    const create = ['test', '--create', 'orders', '--project', folder];
    const { code, stdout, stderr } = await etl([...create, '--record', 'o1', '--record', 'o2']);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('made tests/orders.yml with 2 cases');
    const text = readFileSync(join(folder, 'tests/orders.yml'), 'utf8');
    expect(text).to.match(/^ {6}- \{id: o1, total: "9\.50", email: [0-9a-f]{64}\}$/m);
    expect(text).to.contain('blocked: [{property: total}]');
    for (const secret of ['ann@', 'bob@', 'ring twice']) expect(text).to.not.contain(secret);
    const again = await etl(create);
    expect(again.code).to.equal(4);
    expect(again.stderr).to.contain('error[ETL0988]: tests/orders.yml is there already');
    const missing = await etl([...create, '--name', 'more', '--record', 'o9']);
    expect(missing.code).to.equal(3);
    expect(missing.stderr).to.contain('error[ETL0989]: no page of shop.orders has the record o9');
    expect((await etl(['test', '--project', folder])).stdout).to.contain('2 of 2 cases passed.');
  });

  it('accepts what it finds, and says what is not covered', async () => {
    const folder = ordersProject('http://127.0.0.1:1');
    const file = join(folder, 'tests/by_hand.yml');
    mkdirSync(join(folder, 'tests'));
    writeFileSync(file, fixture('2.00'));
    const failed = await etl(['test', '--project', folder]);
    expect(failed.code).to.equal(5);
    expect(failed.stdout).to.contain("row 1, total: expected '2.00', found 1.00 (decimal(18,2))");
    const updated = await etl(['test', '--update', '--coverage', '--min', '100', '--project', folder]);
    expect(updated.stdout).to.contain('wrote tests/by_hand.yml').and.contain('coverage: 3 of 5 points, 60 %');
    expect(updated.stdout).to.contain('not seen: total: onInvalid block');
    expect(updated.code).to.equal(5);
    expect(updated.stderr).to.contain('error[ETL0990]');
    expect(readFileSync(file, 'utf8')).to.equal(fixture('1.00'));
  });

  it('tests again when a file changes, also after a mistake, until it is told to stop', async () => {
    const folder = ordersProject('http://127.0.0.1:1');
    const mapping = join(folder, 'mappings/orders.yml');
    mkdirSync(join(folder, 'tests'));
    writeFileSync(join(folder, 'tests/by_hand.yml'), fixture('1.00'));
    const { child, finished } = start(['test', '--watch', '--project', folder]);
    const saying = (stream: 'stdout' | 'stderr', text: string): Promise<void> =>
      new Promise((resolve) => {
        let said = '';
        child[stream]?.on('data', (data: Buffer) => {
          said += data;
          if (said.includes(text)) resolve();
        });
      });
    await Promise.all([
      saying('stdout', '1 of 1 cases passed.'),
      saying('stderr', 'watching; Ctrl-C ends it'),
    ]);
    const before = readFileSync(mapping, 'utf8');
    const broken = saying('stderr', 'error[ETL01');
    writeFileSync(mapping, before.replace('type: string', 'type: strin'));
    await broken;
    const differs = saying('stdout', '0 of 1 cases passed.');
    writeFileSync(
      mapping,
      before.replace('decimal(18,2)', 'decimal(18,3)').replace('from: total', 'from: id'),
    );
    await differs;
    child.kill('SIGINT');
    const { code, stderr } = await finished;
    expect(code).to.equal(130);
    expect(stderr).to.not.contain('ETL0902');
  });
});
