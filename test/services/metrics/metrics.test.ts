import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Diagnostic } from '../../../engine/model/diagnostic.ts';
import { TerminalError } from '../../../engine/model/errors.ts';
import type { MetricsPlan } from '../../../engine/model/plan.ts';
import type { Metrics } from '../../../engine/model/ports.ts';
import { instruments, publicName } from '../../../engine/services/metrics/instruments.ts';
import { openMetrics } from '../../../engine/services/metrics/open-metrics.ts';

interface Exported {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] };
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly unit: string;
        readonly sum?: { readonly dataPoints: readonly { readonly asDouble: number }[] };
        readonly histogram?: { readonly dataPoints: readonly { readonly count: number }[] };
      }[];
    }[];
  }[];
}

/** A collector on loopback that answers as it is told. */
async function collector(status: number): Promise<{ url: string; got: Exported[]; server: Server }> {
  const got: Exported[] = [];
  const server = createServer(async (request, response) => {
    got.push(JSON.parse(await bodyOf(request)) as Exported);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`, got, server };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const open = (plan: MetricsPlan, said: Diagnostic[] = []): Promise<Metrics> =>
  openMetrics({
    plan,
    about: { 'service.version': '1.2.3' },
    complain: (diagnostic) => void said.push(diagnostic),
  });

async function scraped(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
  expect(response.status).to.equal(200);
  return response.text();
}

describe('metrics for Prometheus', () => {
  it('are served with the names, labels and units that are declared', async () => {
    const port = await freePort();
    const metrics = await open({ prometheus: { host: '127.0.0.1', port } });
    try {
      metrics.add('permits', 2, { domain: 'shop', limit: 'rest', stream: 'shop.orders' });
      metrics.add('permits', 1, { domain: 'shop', limit: 'rest', stream: 'shop.orders' });
      metrics.record('wait_seconds', 0.3, { domain: 'shop', stream: 'shop.orders', bound_by: 'rest' });
      metrics.set('rate_factor', 0.7, { domain: 'shop', limit: 'rest' });
      metrics.set('rate_factor', 0.75, { domain: 'shop', limit: 'rest' });
      const page = await scraped(port);
      expect(page).to.contain('sluice_permits_total{domain="shop",limit="rest",stream="shop.orders"} 3\n');
      expect(page).to.contain('# HELP sluice_permits_total Permits granted.\n');
      expect(page).to.contain('# TYPE sluice_wait_seconds histogram\n');
      expect(page).to.match(/sluice_wait_seconds_bucket\{[^}]*bound_by="rest"[^}]*le="0.25"\} 0\n/);
      expect(page).to.match(/sluice_wait_seconds_bucket\{[^}]*bound_by="rest"[^}]*le="0.5"\} 1\n/);
      expect(page).to.contain('sluice_rate_factor{domain="shop",limit="rest"} 0.75\n');
      expect(page).to.match(/target_info\{[^}]*service_version="1.2.3"/);
    } finally {
      await metrics.close();
    }
    await fetch(`http://127.0.0.1:${port}/metrics`).then(
      () => expect.fail('the endpoint is gone after the run'),
      () => {},
    );
  });

  it('take everything that is declared, and nothing else', async () => {
    const port = await freePort();
    const metrics = await open({ prometheus: { host: '127.0.0.1', port } });
    try {
      const call = { counter: 'add', histogram: 'record', gauge: 'set' } as const;
      for (const { name, kind, labels } of instruments)
        metrics[call[kind]](name, 1, Object.fromEntries(labels.map((label) => [label, 'x'])));
      const page = await scraped(port);
      for (const instrument of instruments)
        expect(page).to.contain(`\n# HELP ${publicName(instrument)} ${instrument.help}\n`.slice(1));
      expect(() => metrics.add('permit', 1, {})).to.throw('has the counter permit');
      expect(() => metrics.set('permits', 1, {})).to.throw('has the gauge permits');
      expect(() => metrics.add('permits', 1, { request: '17' })).to.throw('permits has the label request');
    } finally {
      await metrics.close();
    }
  });

  it('do not start when the port is taken', async () => {
    const port = await freePort();
    const first = await open({ prometheus: { host: '127.0.0.1', port } });
    try {
      const error = await open({ prometheus: { host: '127.0.0.1', port } }).then(
        () => expect.fail('the port was taken'),
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(TerminalError);
      const { code, summary } = (error as TerminalError).diagnostic;
      expect(code).to.equal('ETL0907');
      expect(summary).to.equal(
        `metrics cannot be served on 127.0.0.1:${port}: another process listens there`,
      );
    } finally {
      await first.close();
    }
  });
});

describe('metrics for a collector', () => {
  it('are sent at the end, however long the interval is', async () => {
    const { url, got, server } = await collector(200);
    try {
      const metrics = await open({ otlp: { url, everyMs: 3_600_000 } });
      metrics.add('pages', 4, { stream: 'shop.orders' });
      metrics.record('store_seconds', 0.002, { domain: 'shop' });
      expect(got).to.have.length(0);
      await metrics.close();
      const [sent] = got[0]?.resourceMetrics ?? [];
      const named = sent?.resource.attributes.map(({ key, value }) => `${key}=${value.stringValue}`);
      expect(named).to.include.members(['service.name=sluice', 'service.version=1.2.3']);
      const found = sent?.scopeMetrics.flatMap(({ metrics: all }) => all) ?? [];
      const pages = found.find(({ name }) => name === 'sluice_pages_total');
      expect(pages?.sum?.dataPoints.map(({ asDouble }) => asDouble)).to.deep.equal([4]);
      expect(pages?.unit).to.equal('{page}');
      const trips = found.find(({ name }) => name === 'sluice_store_seconds');
      expect(trips?.histogram?.dataPoints.map(({ count }) => Number(count))).to.deep.equal([1]);
    } finally {
      server.close();
    }
  });

  it('are sent while the run goes on', async () => {
    const { url, got, server } = await collector(200);
    try {
      const metrics = await open({ otlp: { url, everyMs: 50 } });
      metrics.add('pages', 1, { stream: 'shop.orders' });
      for (let tries = 0; got.length < 2 && tries < 200; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(got.length).to.be.above(1);
      await metrics.close();
    } finally {
      server.close();
    }
  });

  it('are missed with one warning, and the run goes on, when the collector refuses them', async () => {
    const { url, got, server } = await collector(400);
    const said: Diagnostic[] = [];
    try {
      const secret = url.replace('http://', 'http://user:hidden@').concat('?token=hidden');
      const metrics = await open({ otlp: { url: secret, everyMs: 50 } }, said);
      metrics.add('pages', 1, { stream: 'shop.orders' });
      for (let tries = 0; got.length < 3 && tries < 200; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await metrics.close();
    } finally {
      server.close();
    }
    expect(said.map(({ code, severity }) => [code, severity])).to.deep.equal([['ETL0908', 'warning']]);
    expect(JSON.stringify(said)).not.to.contain('hidden');
  });

  it('do not hold up the end when the collector is not there', async () => {
    const said: Diagnostic[] = [];
    const metrics = await open(
      { otlp: { url: `http://127.0.0.1:${await freePort()}/v1/metrics`, everyMs: 3_600_000 } },
      said,
    );
    metrics.add('pages', 1, { stream: 'shop.orders' });
    const before = performance.now();
    await metrics.close();
    expect(performance.now() - before).to.be.below(8000);
    expect(said.map(({ code }) => code)).to.deep.equal(['ETL0908']);
  });
});
