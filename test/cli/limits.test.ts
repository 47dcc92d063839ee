import { expect } from 'chai';
import { type Api, api, etl, json, ordersProject, start } from '../support/cli.ts';
import { inHalfADay } from '../support/quota.ts';
import { ownRedis } from '../support/redis.ts';

const { reset } = inHalfADay();

const budget = `budget:
  patience: 1m
  limits:
    - {id: rest, bucket: {rate: 100/s, burst: 40}}
    - {id: day, fixed: {limit: 1000, per: day, zone: UTC, reset: "${reset}"}}
    - {id: search, spacing: 1/s, when: {path: "/search*"}}
`;

/** A provider that answers each page with one order. */
const shop = (pages = 1): Promise<Api> =>
  api((request, response) => {
    const after = Number(new URL(request.url ?? '', 'http://shop').searchParams.get('after') ?? 0);
    const next = after + 1 < pages ? { next: String(after + 1) } : {};
    json(response, { orders: [{ id: after + 1 }], ...next });
  });

/** Each case starts the command several times. */
const timeoutMs = 60_000;

interface Printed {
  readonly command: string;
  readonly result: {
    readonly shared: boolean;
    readonly budgets: readonly {
      readonly domain: string;
      readonly limits: readonly { readonly id: string; readonly fill: number }[];
      readonly freezes: readonly { readonly cause: string; readonly reason: string }[];
    }[];
  };
}

describe('etl limits', function () {
  this.timeout(timeoutMs);

  it('shows what the last run has left behind, and says that it is not shared', async () => {
    const provider = await shop(20);
    try {
      const folder = ordersProject(provider.url, { source: budget });
      const before = await etl(['limits', '-p', folder]);
      expect(before.code).to.equal(0);
      expect(before.stdout).to.match(/^ {2}day +1000 per day \(UTC\) +░{10} 0 %/m);
      expect(before.stdout).to.contain('Nobody waits.').and.to.contain('a budget is each process’s own');
      expect((await etl(['run', '-p', folder])).code).to.equal(0);
      const after = JSON.parse((await etl(['limits', '--json', '-p', folder])).stdout) as Printed;
      expect(after.command).to.equal('limits');
      expect(after.result.shared).to.equal(false);
      const day = after.result.budgets[0]?.limits.find(({ id }) => id === 'day');
      expect(day?.fill).to.be.within(20 / 950 - 0.001, 20 / 950 + 0.002);
    } finally {
      await provider.close();
    }
  });

  it('goes on with --watch until it is interrupted', async () => {
    const folder = ordersProject('https://shop.example', { source: budget });
    const { child, finished } = start(['limits', '--watch', '-p', folder]);
    child.stdout?.on('data', () => child.kill('SIGINT'));
    const { code, stdout } = await finished;
    expect(code).to.equal(0);
    expect(stdout).to.match(/^\d{4}-\d\d-\d\dT.*Z\nbudget /);
    expect(stdout).not.to.contain(String.fromCharCode(27));
  });

  it('writes Markdown for a report', async () => {
    const folder = ordersProject('https://shop.example', { source: budget });
    const { stdout } = await etl(['limits', '--format', 'markdown', '-p', folder]);
    expect(stdout).to.match(/^<!-- etl limits -->\n[\s\S]*\n\| budget \| declared \|.*\n\|---\|---\|/);
  });

  it('names the word that is none of its own', async () => {
    const { code, stderr } = await etl(['limits', 'freez']);
    expect(code).to.equal(64);
    expect(stderr).to.contain('there is no `limits freez`: after limits comes explain, freeze, thaw');
  });
});

describe('etl limits explain', function () {
  this.timeout(timeoutMs);

  it('says which limits bind a stream, and which decides', async () => {
    const folder = ordersProject('https://shop.example', { source: budget });
    const { code, stdout } = await etl(['limits', 'explain', 'shop.orders', '-p', folder]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^shop\.orders: GET \/orders, budget shop\n/);
    expect(stdout).to.match(/^rest +100\/s, burst 40 +95 % +95\/s +34 +1 +5,700 +5,700/m);
    expect(stdout).to.contain('Not bound by search.');
    expect(stdout).to.contain('In the long run at most 0.66 requests per minute: `day` decides.');
    expect(stdout).to.contain('The next request can leave now.');
  });

  for (const [name, guess] of [
    ['shop.ordres', 'did you mean `shop.orders`?'],
    ['orders', 'The project has: shop.orders.'],
  ] as const)
    it(`knows no stream ${name}`, async () => {
      const folder = ordersProject('https://shop.example', { source: budget });
      const { code, stderr } = await etl(['limits', 'explain', name, '-p', folder]);
      expect(code).to.equal(3);
      expect(stderr).to.contain(`error[ETL0906]: there is no stream ${name} that a mapping reads`);
      expect(stderr).to.contain(guess);
    });
});

describe('etl limits freeze', function () {
  this.timeout(timeoutMs);

  it('keeps the next run from sending anything, until a thaw', async () => {
    const provider = await shop();
    try {
      const folder = ordersProject(provider.url, { source: budget });
      const frozen = await etl(['limits', 'freeze', 'shop', '--reason', 'maintenance', '-p', folder]);
      expect(frozen.code).to.equal(0);
      expect(frozen.stdout).to.match(/^shop is frozen until somebody thaws it: maintenance\n/);
      expect((await etl(['limits', '-p', folder])).stdout).to.contain(
        'somebody thaws it (manual: maintenance)',
      );
      const refused = await etl(['run', '-p', folder]);
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.contain('the budget shop is frozen until somebody thaws it (manual)');
      expect(refused.stderr).to.contain('Why: maintenance');
      expect(provider.asked).to.deep.equal([]);
      const thawed = await etl(['limits', 'thaw', 'shop', '-p', folder]);
      expect(thawed.stdout).to.match(
        /^Ended: shop, frozen until somebody thaws it \(manual: maintenance\)\./,
      );
      expect((await etl(['run', '-p', folder])).code).to.equal(0);
      expect(provider.asked).to.have.length(1);
    } finally {
      await provider.close();
    }
  });

  it('of one limit lets through what the limit does not bind', async () => {
    const provider = await shop();
    try {
      const folder = ordersProject(provider.url, { source: budget });
      const { stdout } = await etl([
        ...['limits', 'freeze', 'shop', '--limit', 'search', '--for', '2h'],
        ...['--reason', 'asked by their support', '-p', folder],
      ]);
      expect(stdout).to.match(/^search of shop is frozen for 2 h 00 min, until /);
      expect((await etl(['run', '-p', folder])).code).to.equal(0);
      const thawed = await etl(['limits', 'thaw', 'shop', '--limit', 'rest', '-p', folder]);
      expect(thawed.stdout).to.equal('rest of shop is not frozen: nothing has changed.\n');
      const { result } = JSON.parse((await etl(['limits', '--json', '-p', folder])).stdout) as Printed;
      expect(result.budgets[0]?.freezes.map(({ reason }) => reason)).to.deep.equal([
        'asked by their support',
      ]);
    } finally {
      await provider.close();
    }
  });

  it('wants a budget and a limit that are there, a duration and a reason', async () => {
    const folder = ordersProject('https://shop.example', { source: budget });
    const failed = async (...args: string[]) => {
      const { code, stderr } = await etl(['limits', 'freeze', ...args, '-p', folder]);
      return `${code} ${stderr}`;
    };
    expect(await failed('shpo', '--reason', 'x')).to.match(
      /^3 error\[ETL0906\]: there is no budget or source shpo: did you mean `shop`\?/,
    );
    expect(await failed('shop', '--limit', 'dya', '--reason', 'x')).to.match(
      /^3 error\[ETL0906\]: there is no limit dya in the budget shop: did you mean `day`\?/,
    );
    expect(await failed('shop', '--for', 'soon', '--reason', 'x')).to.match(
      /^64 error\[ETL0901\]: --for takes a duration such as 30s, 10m or 2h, not `soon`/,
    );
    expect(await failed('shop')).to.match(/^64 error\[ETL0901\]: Missing required flag reason/);
  });
});

interface Sent {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: Points;
        readonly gauge?: Points;
      }[];
    }[];
  }[];
}

interface Points {
  readonly dataPoints: readonly { readonly asDouble: number }[];
}

/** Each counter and gauge that a collector was sent, summed over its labels. */
const valuesOf = (body: string): Readonly<Record<string, number | undefined>> =>
  Object.fromEntries(
    (JSON.parse(body) as Sent).resourceMetrics
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .map(({ name, sum, gauge }) => [
        name,
        (sum ?? gauge)?.dataPoints.reduce((total, { asDouble }) => total + asDouble, 0),
      ]),
  );

describe('etl run with metrics', function () {
  this.timeout(timeoutMs);

  it('does not start when they cannot be served, and asks nothing', async () => {
    const provider = await shop();
    try {
      const port = new URL(provider.url).port;
      const folder = ordersProject(provider.url, { environment: `metrics: {prometheus: {port: ${port}}}` });
      const { code, stderr } = await etl(['run', '-p', folder]);
      expect(code).to.equal(1);
      expect(stderr).to.contain(`error[ETL0907]: metrics cannot be served on 127.0.0.1:${port}`);
      expect(provider.asked).to.deep.equal([]);
    } finally {
      await provider.close();
    }
  });

  it('sends them to a collector before it ends, when it fails, too', async () => {
    const bodies: string[] = [];
    const collector = await api((request, response) => {
      request.on('data', (data: Buffer) => bodies.push(data.toString('utf8')));
      request.on('end', () => json(response, {}));
    });
    const provider = await api((request, response) =>
      request.url === '/orders'
        ? json(response, { orders: [{ id: 1 }, { id: 2 }], next: '2' })
        : json(response, { error: 'gone' }, 410),
    );
    try {
      const folder = ordersProject(provider.url, {
        source: budget,
        environment: `metrics: {otlp: {url: "${collector.url}/v1/metrics", every: 1h}}`,
      });
      expect((await etl(['run', '-p', folder])).code).to.equal(1);
      const sums = valuesOf(bodies.join(''));
      expect(sums['sluice_permits_total']).to.equal(2);
      expect(sums['sluice_pages_total']).to.equal(1);
      expect(sums['sluice_rows_total']).to.equal(2);
      expect(sums['sluice_utilisation']).to.be.above(0);
    } finally {
      await provider.close();
      await collector.close();
    }
  });
});

describe('a budget that processes share', function () {
  this.timeout(timeoutMs);

  it('shows who waits in another process, and a freeze reaches it at once', async function () {
    const redis = await ownRedis(this);
    const provider = await shop(1000);
    const folder = ordersProject(provider.url, {
      source: 'budget:\n  limits:\n    - {id: slow, spacing: 1/s}\n',
      environment: 'redis: {url: "${env:REDIS}", prefix: test}',
    });
    const env = { REDIS: redis.url };
    const run = start(['run', '-p', folder], env);
    try {
      const waits = async (): Promise<string> => (await etl(['limits', '-p', folder], env)).stdout;
      let seen = '';
      for (let tries = 0; !/^shop\.orders/m.test(seen) && tries < 500; tries += 1) seen = await waits();
      expect(seen).to.match(/^shop\.orders \(shop\): waiting for slow$/m);
      expect(seen).not.to.contain('each process’s own');
      const frozen = await etl(['limits', 'freeze', 'shop', '--reason', 'maintenance', '-p', folder], env);
      expect(frozen.stdout).not.to.contain('the next run');
      const asked = provider.asked.length;
      const { code, stderr } = await run.finished;
      expect(code).to.equal(1);
      expect(stderr).to.contain('frozen until somebody thaws it').and.to.contain('Why: maintenance');
      // What was under way when the freeze came may still have arrived.
      expect(provider.asked.length).to.be.at.most(asked + 1);
      const thawed = await etl(['limits', 'thaw', 'shop', '--json', '-p', folder], env);
      expect((JSON.parse(thawed.stdout) as { result: { count: number } }).result.count).to.equal(1);
    } finally {
      run.child.kill('SIGKILL');
      await run.finished;
      await provider.close();
      await redis.stop();
    }
  });

  it('is said to be out of reach while Redis is down', async () => {
    const folder = ordersProject('https://shop.example', {
      source: budget,
      environment: 'redis: {url: "${env:REDIS}", prefix: test}',
    });
    for (const command of [['limits'], ['limits', 'explain', 'shop.orders'], ['limits', 'thaw', 'shop']]) {
      const { code, stderr } = await etl([...command, '-p', folder], { REDIS: 'redis://127.0.0.1:1' });
      expect(`${code} ${stderr}`).to.match(/^1 error\[ETL0\d+\]: .*Redis/);
    }
  });
});
