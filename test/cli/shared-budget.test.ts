import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { api, etl, projectFolder } from '../support/cli.ts';
import { type OwnRedis, ownRedis } from '../support/redis.ts';

const pagesEach = 40;

/** A provider that refuses what a bucket of 50/s and 10 at once does not hold. */
async function strictApi() {
  let [level, atMs] = [0, performance.now()];
  const counts = { admitted: 0, refused: 0 };
  const server = await api((request, response) => {
    const nowMs = performance.now();
    level = Math.max(0, level - ((nowMs - atMs) * 50) / 1000);
    atMs = nowMs;
    if (level + 1 > 10) {
      counts.refused += 1;
      response.writeHead(429, { 'retry-after': '1' }).end('{}');
      return;
    }
    level += 1;
    counts.admitted += 1;
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
    const records = Array.from({ length: page > pagesEach ? 0 : 5 }, (_, n) => ({ id: page * 10 + n }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(records));
  });
  return { ...server, counts };
}

const project = (url: string, budget = ''): string =>
  projectFolder({
    'etl.yml': `kind: project
name: shared
environments:
  dev:
    redis: {url: "\${env:TEST_REDIS}"}
    staging: {storage: "\${env:TEST_FOLDER}/staging.sqlite"}
    warehouse: {path: "\${env:TEST_FOLDER}/warehouse.duckdb"}
`,
    'sources/shop.yml': `kind: source
name: shop
baseUrl: ${url}
budget: {${budget}limits: [{id: rest, bucket: {rate: 50/s, burst: 10}}]}
streams:
  orders: {request: {path: /orders}, primaryKey: [id], paginate: {type: page, param: page, orderedBy: [id]}}
`,
    'mappings/orders.yml':
      'kind: mapping\nname: orders\nfrom: shop.orders\nload: {key: [id]}\nproperties:\n  id: {from: id, type: integer}\n',
  });

describe('two runs at once that share a budget through Redis', function () {
  this.timeout(60_000);
  let redis: OwnRedis;
  before(async function () {
    redis = await ownRedis(this);
  });
  after(() => redis?.stop());

  it('are refused nothing, and each has its databases where its environment says', async () => {
    const provider = await strictApi();
    const folder = project(provider.url);
    try {
      const runs = await Promise.all(
        ['one', 'two'].map((name) =>
          etl(['run', '-p', folder], { TEST_REDIS: redis.url, TEST_FOLDER: join(folder, name) }),
        ),
      );
      expect(runs.map(({ code }) => code)).to.deep.equal([0, 0], runs[0]?.stderr);
      expect(provider.counts).to.deep.equal({ admitted: 2 * (pagesEach + 1), refused: 0 });
      for (const name of ['one', 'two'])
        expect(existsSync(join(folder, name, 'staging.sqlite'))).to.equal(true);
    } finally {
      await provider.close();
    }
  });

  it('send nothing while Redis is away, and stop where the budget says so', async () => {
    const provider = await strictApi();
    const folder = project(provider.url, 'on_store_down: stop, ');
    try {
      const { code, stderr, stdout } = await etl(['run', '-p', folder], {
        TEST_REDIS: 'redis://127.0.0.1:1',
        TEST_FOLDER: join(folder, 'one'),
      });
      expect(code).to.equal(1);
      expect(`${stderr}${stdout}`).to.contain('ETL0452').and.to.contain('ECONNREFUSED');
      expect(provider.counts.admitted).to.equal(0);
    } finally {
      await provider.close();
    }
  });
});
