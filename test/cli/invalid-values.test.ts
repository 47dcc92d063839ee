import { expect } from 'chai';
import { api, etl, json, ordersProject, tableOf } from '../support/cli.ts';

interface Reported {
  readonly result: {
    readonly tables: readonly {
      readonly blocked: number;
      readonly nulled: number;
      readonly inserted: number;
    }[];
  };
}

async function run(
  onInvalid: string,
): Promise<{ code: number | null; stderr: string; report: Reported; rows: Record<string, string | null>[] }> {
  const orders = [
    { id: 'A', total: '1.50' },
    { id: 'B', total: '12,50' },
    { id: 'C', total: 2 },
  ];
  const provider = await api((_, response) => json(response, { orders }));
  const folder = ordersProject(provider.url, { mapping: `onInvalid: ${onInvalid}` });
  const { code, stdout } = await etl(['run', '--json', '--project', folder]);
  const { stderr } = await etl(['run', '-q', '--project', folder]);
  await provider.close();
  return { code, stderr, report: JSON.parse(stdout) as Reported, rows: await tableOf(folder, 'orders') };
}

describe('a value that does not fit its type', function () {
  this.timeout(30_000);

  it('fails the run with `fail`, naming stream, page, record, property and value, and loads nothing', async () => {
    const { code, stderr, rows } = await run('fail');
    expect(code).to.equal(1);
    for (const part of ['shop.orders', 'page', 'B', 'total', '12,50', 'decimal(18,2)'])
      expect(stderr).to.contain(part);
    expect(rows).to.deep.equal([]);
  });

  it('is kept aside and counted with `block`; the other rows are loaded', async () => {
    const { code, report, rows } = await run('block');
    expect(code).to.equal(0);
    expect(report.result.tables[0]).to.include({ blocked: 1, nulled: 0, inserted: 2 });
    expect(rows.map((row) => row['id'])).to.deep.equal(['A', 'C']);
  });

  it('is NULL and counted with `set_null`', async () => {
    const { code, report, rows } = await run('set_null');
    expect(code).to.equal(0);
    expect(report.result.tables[0]).to.include({ blocked: 0, nulled: 1, inserted: 3 });
    expect(rows.map((row) => row['total'])).to.deep.equal(['1.50', null, '2.00']);
  });
});
