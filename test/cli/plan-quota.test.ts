import { expect } from 'chai';
import type { PlanEstimate } from '../../engine/model/estimate.ts';
import { type Api, api, etl, json, ordersProject, tableOf } from '../support/cli.ts';
import { inHalfADay } from '../support/quota.ts';
import { edit } from '../support/shop.ts';

/** A listing of `pages` pages of two orders each, which tells how many there are. */
const listing = (pages: number): Promise<Api> =>
  api((request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
    const orders = [1, 2].map((one) => ({ id: `${page}-${one}`, total: 1 }));
    json(response, { total: 2 * pages, orders: page > pages ? [] : orders });
  });

const paginate =
  '    paginate: {type: page, param: page, size: 2, sizeParam: per_page, total: total, orderedBy: [id]}';
const { reset } = inHalfADay();

/** Without headroom, so that a quota is as it is declared. */
const quota = (limit: number): string =>
  `budget: {headroom: 0%, limits: [{id: daily, fixed: {limit: ${limit}, per: day, zone: UTC, reset: "${reset}"}}]}`;

describe('a quota that a run does not fit', function () {
  this.timeout(120_000);

  it('splits it: what fits is read and loaded, the next run goes on there, and none starts without a page', async () => {
    const provider = await listing(5);
    try {
      const folder = ordersProject(provider.url, { source: quota(3), stream: paginate });
      const first = await etl(['run', '--json', '-p', folder]);
      expect(first.code).to.equal(0, first.stdout);
      const { result, diagnostics } = JSON.parse(first.stdout);
      expect(result.streams[0]).to.include({ pages: 3, requests: 3, status: 'succeeded' });
      expect(diagnostics.map(({ code }: { code: string }) => code)).to.include('ETL0331');
      expect(await tableOf(folder, 'orders')).to.have.length(6);

      const planned = await etl(['plan', '-p', folder]);
      expect(planned.stdout).to.match(
        /Quota daily, 3 per day \(UTC\): 0 left until \d{4}-\d\d-\d\d \d\d:00 UTC, about 3 needed\./,
      );
      expect(planned.stdout).to.contain('Not all of it fits: a run reads 0 pages of shop.orders');
      const asked = provider.asked.length;
      const second = await etl(['run', '-q', '-p', folder]);
      expect(second.code).to.equal(4);
      expect(second.stderr).to.contain('error[ETL0332]: the quota `daily` is used up until');
      expect(provider.asked).to.have.length(asked);
      expect((await etl(['run', '-q', '--from-ledger', '-p', folder])).code).to.equal(0);
    } finally {
      await provider.close();
    }
  });

  it('lets what fits alone, and goes on with what was left open', async () => {
    const provider = await listing(5);
    try {
      const folder = ordersProject(provider.url, { source: quota(4), stream: paginate });
      await etl(['run', '-q', '-p', folder]);
      edit(`${folder}/sources/shop.yml`, 'limit: 4', 'limit: 40');
      const { stdout } = await etl(['plan', '--json', '-p', folder]);
      const { quotas } = (JSON.parse(stdout) as { result: { estimate: PlanEstimate } }).result.estimate;
      expect(quotas[0]).to.include({ needed: 2, id: 'daily' });
      expect(quotas[0]).not.to.have.property('split');
      const rest = await etl(['run', '--json', '-p', folder]);
      expect(JSON.parse(rest.stdout).result.streams[0]).to.include({ requests: 2 });
      expect(await tableOf(folder, 'orders')).to.have.length(10);
    } finally {
      await provider.close();
    }
  });

  it('never takes a listing that was cut short for a whole one', async () => {
    const provider = await listing(3);
    try {
      const folder = ordersProject(provider.url, { source: quota(4), stream: paginate });
      edit(`${folder}/mappings/orders.yml`, 'load: {key: [id]}', 'load: {key: [id], strategy: replace}');
      expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
      expect(await tableOf(folder, 'orders')).to.have.length(6);
      // One page is left: the second listing is cut short, and says nothing of the records behind it.
      expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
      expect(await tableOf(folder, 'orders')).to.have.length(6);
    } finally {
      await provider.close();
    }
  });
});
