import { expect } from 'chai';
import {
  type Api,
  api,
  etl,
  json,
  ordersProject,
  projectFolder,
  type Running,
  start,
  tableOf,
} from '../support/cli.ts';

/** An API of pages with one order each, which answers no further than somebody lets it. */
async function heldApi(pages: number) {
  let open = false;
  const waiting: (() => void)[] = [];
  let announce = (): void => {};
  const asked = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const provider = await api((request, response) => {
    const url = new URL(request.url ?? '', 'http://shop');
    const after = Number(url.searchParams.get('after') ?? 0);
    const answer = (): void =>
      json(response, {
        orders: [{ id: String(after + 1), total: '1.50' }],
        ...(after + 1 < pages && { next: String(after + 1) }),
      });
    if (open || after === 0) return answer();
    announce();
    waiting.push(answer);
  });
  return {
    provider,
    /** Somebody has asked for the second page. */
    asked,
    letGo: () => {
      open = true;
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

const locksOf = async (folder: string): Promise<readonly { name: string; run: string; free: boolean }[]> =>
  JSON.parse((await etl(['state', 'unlock', '--json', '-p', folder])).stdout).result.locks;

/** Ends a process at once, and waits until it is gone. */
async function killed({ child, finished }: Running): Promise<void> {
  child.kill('SIGKILL');
  await finished;
}

describe('two runs at once', function () {
  this.timeout(60_000);

  it('refuses the second one while the first reads, and names who, since when, what and what to do', async () => {
    const { provider, asked, letGo } = await heldApi(3);
    try {
      const folder = ordersProject(provider.url);
      const first = start(['run', '-p', folder]);
      await asked;
      const second = await etl(['run', '-p', folder]);
      expect(second.code).to.equal(4);
      expect(second.stderr).to.match(
        /^error\[ETL0630\]: another run is reading shop\.orders: \d{8}-\d{6}-\w{6} \(\S+ on \S+, process \d+\)\n/m,
      );
      expect(second.stderr).to.contain(`process ${first.child.pid})`);
      expect(second.stderr).to.match(
        /held the lock `extract:shop\.orders` since \S+ \S+ UTC \(.*\), and renews it until /,
      );
      expect(second.stderr).to.contain('etl state unlock extract:shop.orders');
      letGo();
      expect((await first.finished).code).to.equal(0);
      expect(await tableOf(folder, 'orders')).to.have.length(3);
      expect(await locksOf(folder)).to.deep.equal([]);
    } finally {
      await provider.close();
    }
  });

  it('fails the step of a stream that another run reads, and does the rest', async () => {
    const { provider, asked, letGo } = await heldApi(2);
    const free = await api((_, response) => json(response, [{ id: 'f1' }]));
    try {
      const folder = twoStreams(provider, free);
      const first = start(['run', '-p', folder, '--quiet']);
      await asked;
      // The stream that the first run has read already is locked as well, until it is done with reading.
      await etl(['state', 'unlock', 'extract:other.items', '-p', folder]);
      const second = await etl(['run', '-p', folder, '--quiet']);
      expect(second.code).to.equal(1);
      expect(second.stderr)
        .to.contain('another run is reading shop.orders')
        .and.to.contain('In step: extract shop.orders.');
      expect(await tableOf(folder, 'items')).to.have.length(1);
      letGo();
      await first.finished;
    } finally {
      await Promise.all([provider.close(), free.close()]);
    }
  });

  it('lets the run after a kill -9 begin at once', async () => {
    const { provider, asked, letGo } = await heldApi(3);
    try {
      const folder = ordersProject(provider.url);
      const first = start(['run', '-p', folder]);
      await asked;
      await killed(first);
      const [left] = await locksOf(folder);
      expect(left).to.include({ name: 'extract:shop.orders', free: true });
      letGo();
      const second = await etl(['run', '-p', folder]);
      expect(second.code).to.equal(0, second.stderr);
      expect(await tableOf(folder, 'orders')).to.have.length(3);
      const { stdout } = await etl(['state', '-p', folder]);
      expect(stdout)
        .to.match(/ killed$/m)
        .and.to.match(/ succeeded$/m);
    } finally {
      await provider.close();
    }
  });

  it('stops a run whose lock was taken away before its next commit', async () => {
    const { provider, asked, letGo } = await heldApi(3);
    try {
      const folder = ordersProject(provider.url);
      const first = start(['run', '-p', folder]);
      await asked;
      const unlocked = await etl(['state', 'unlock', 'extract:shop.orders', '-p', folder]);
      expect(unlocked.stdout)
        .to.contain('extract:shop.orders is free. Run ')
        .and.to.contain('stops before its next commit');
      letGo();
      const { code, stderr } = await first.finished;
      expect(code).to.equal(1);
      expect(stderr).to.contain('error[ETL0631]: the lock extract:shop.orders was lost');
      expect((await etl(['run', '-p', folder])).code).to.equal(0);
      expect(await tableOf(folder, 'orders')).to.have.length(3);
    } finally {
      await provider.close();
    }
  });
});

const twoStreams = (orders: Api, items: Api): string => {
  const source = (name: string, url: string, stream: string): string =>
    `kind: source\nname: ${name}\nbaseUrl: ${url}\nstreams:\n  ${stream}\n`;
  const mapping = (name: string, from: string): string =>
    `kind: mapping\nname: ${name}\nfrom: ${from}\nload: {key: [id]}\nproperties: {id: {from: id, type: string}}\n`;
  return projectFolder({
    'etl.yml': 'kind: project\nname: demo\n',
    'sources/shop.yml': source(
      'shop',
      orders.url,
      'orders: {request: {path: /orders}, records: orders, primaryKey: [id], paginate: {type: cursor_token, token: next, param: after}}',
    ),
    'sources/other.yml': source('other', items.url, 'items: {request: {path: /items}, primaryKey: [id]}'),
    'mappings/orders.yml': mapping('orders', 'shop.orders'),
    'mappings/items.yml': mapping('items', 'other.items'),
  });
};
