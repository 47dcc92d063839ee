import { expect } from 'chai';
import {
  type Api,
  api,
  etl,
  type Finished,
  type FinishedAlone,
  type Handler,
  json,
  ordersProject,
  projectFolder,
  start,
  tableOf,
} from '../support/cli.ts';

type Perform<T> = (args: readonly string[]) => Promise<T>;

/** A process of its own tells how much memory it took. */
const measured: Perform<FinishedAlone> = (args) => start(args).finished;

/** Runs a project against an API and says how it ended. */
async function run<T extends Finished = Finished>(
  handler: Handler,
  more: Parameters<typeof ordersProject>[1] = {},
  perform: Perform<T | Finished> = etl,
): Promise<T & { readonly folder: string; readonly provider: Api }> {
  const provider = await api(handler);
  const folder = ordersProject(provider.url, more);
  const finished = (await perform(['run', '--quiet', '--project', folder])) as T;
  await provider.close();
  return { ...finished, folder, provider };
}

describe('bad input of an API', function () {
  this.timeout(60_000);

  it('names a host that does not answer, and loads nothing', async () => {
    const provider = await api(() => {});
    await provider.close();
    const folder = ordersProject(provider.url);
    const { code, stderr } = await etl(['run', '--quiet', '--project', folder]);
    expect(code).to.equal(1);
    expect(stderr)
      .to.contain('error[ETL0403]')
      .and.to.contain('connection refused')
      .and.to.contain('extract shop.orders');
    expect(await tableOf(folder, 'orders')).to.deep.equal([]);
  });

  it('reports a 401 once, without trying again', async () => {
    const { code, stderr, provider } = await run((_, response) =>
      json(response, { error: 'bad token' }, 401),
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0404]').and.to.contain('bad token');
    expect(provider.asked).to.have.length(1);
  });

  it('never repeats a 403', async () => {
    const { code, stderr, provider } = await run((_, response) => json(response, {}, 403));
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0410]');
    expect(provider.asked).to.have.length(1);
  });

  it('recognises an HTML page with status 200', async () => {
    const { code, stderr, folder } = await run((_, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><html><title>Sign in</title></html>');
    });
    expect(code).to.equal(1);
    expect(stderr).to.contain('HTML').and.to.contain('shop.orders');
    expect(await tableOf(folder, 'orders')).to.deep.equal([]);
  });

  it('asks again for JSON that is cut short, and then says so', async () => {
    const { code, stderr, provider, folder } = await run((_, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"orders":[{"id":"1","total":1},{"id":"2","to');
    });
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/error\[ETL05\d\d\]/)
      .and.to.contain('shop.orders');
    expect(provider.asked).to.have.length(2);
    expect(await tableOf(folder, 'orders')).to.deep.equal([]);
  });

  it('survives one connection that is cut in mid-body', async () => {
    let cut = false;
    const { code, folder } = await run((_, response) => {
      if (cut) return json(response, { orders: [{ id: '1', total: 1 }] });
      cut = true;
      response.writeHead(200, { 'content-length': '1000' }).write('{"orders":[');
      setImmediate(() => response.destroy());
    });
    expect(code).to.equal(0);
    expect(await tableOf(folder, 'orders')).to.have.length(1);
  });

  it('stops at a next token that never changes, and keeps the pages before', async () => {
    const { code, stderr, provider } = await run((_, response) =>
      json(response, { orders: [{ id: '1', total: 1 }], next: 'same' }),
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0405]').and.to.contain('does not end');
    expect(provider.asked.length).to.be.at.most(3);
  });

  it('refuses a next link to another host, which is never asked', async () => {
    const other = await api((_, response) => json(response, { orders: [] }));
    const stream = '    paginate: {type: next_url, path: next}';
    const { code, stderr } = await run(
      (_, response) => json(response, { orders: [{ id: '1' }], next: `${other.url}/orders` }),
      { stream },
    );
    await other.close();
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0407]').and.to.contain(other.url);
    expect(other.asked).to.deep.equal([]);
  });

  it('refuses a redirect to another host', async () => {
    const { code, stderr } = await run((_, response) => {
      response.writeHead(302, { location: 'https://elsewhere.example/orders' }).end();
    });
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0415]').and.to.contain('elsewhere.example');
  });

  it('refuses a response of 300 MB without reading it into memory', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const { code, stderr, peakMb } = await run(
      (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        let left = 300;
        const pour = (): void => {
          while (left > 0 && !request.destroyed) {
            left -= 1;
            if (!response.write(chunk)) return void response.once('drain', pour);
          }
          response.end();
        };
        pour();
      },
      { source: 'maxResponseBytes: 8MiB' },
      measured,
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0409]').and.to.contain('8,388,608 bytes');
    expect(peakMb).to.be.below(300);
  });

  it('refuses a small response that unpacks to a huge one', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '));
    const { code, stderr } = await run(
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      },
      { source: 'maxResponseBytes: 8MiB' },
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain('error[ETL0409]');
  });

  it('waits as long as a 429 asks, and goes on', async () => {
    let asked = 0;
    const started = Date.now();
    const { code, folder } = await run((_, response) => {
      asked += 1;
      if (asked > 1) return json(response, { orders: [{ id: '1', total: 1 }] });
      response.writeHead(429, { 'retry-after': '1.2' }).end('<html>slow down</html>');
    });
    expect(code).to.equal(0);
    expect(Date.now() - started).to.be.at.least(1200);
    expect(await tableOf(folder, 'orders')).to.have.length(1);
  });

  it('warns when an API ignores the filter of an incremental run', async () => {
    const records = [
      { id: '1', at: '2026-01-01T00:00:00Z' },
      { id: '2', at: '2026-02-01T00:00:00Z' },
    ];
    const provider = await api((_, response) => json(response, { orders: records }));
    const folder = ordersProject(provider.url, { stream: '    cursor: {field: at, from: {query: sinze}}' });
    expect((await etl(['run', '-q', '-p', folder])).code).to.equal(0);
    const second = await etl(['run', '-q', '-p', folder]);
    await provider.close();
    expect(second.code).to.equal(0);
    expect(second.stderr).to.contain('warning[ETL0416]').and.to.contain('sinze');
  });
});

describe('bad input of a user', function () {
  this.timeout(30_000);

  it('names every missing variable with its place, before anything is asked', async () => {
    const provider = await api((_, response) => json(response, { orders: [] }));
    const folder = ordersProject(provider.url, {
      source: 'auth: {type: bearer, token: "${env:SLUICE_TEST_UNSET}"}',
    });
    const { code, stderr } = await etl(['run', '-q', '-p', folder]);
    await provider.close();
    expect(code).to.equal(3);
    expect(stderr)
      .to.contain('error[ETL0401]')
      .and.to.contain('SLUICE_TEST_UNSET')
      .and.to.contain('sources/shop.yml:5:');
    expect(provider.asked).to.deep.equal([]);
  });

  it('validates without the variable', async () => {
    const folder = ordersProject('https://api.example', {
      source: 'auth: {type: bearer, token: "${env:SLUICE_TEST_UNSET}"}',
    });
    expect((await etl(['validate', '-p', folder])).code).to.equal(0);
  });

  it('gives exit code 3 for broken YAML, with the place', async () => {
    const folder = projectFolder({ 'etl.yml': 'kind: project\nname: [broken\n' });
    const { code, stderr } = await etl(['run', '-p', folder]);
    expect(code).to.equal(3);
    expect(stderr).to.contain('error[ETL0002]').and.to.contain('etl.yml:');
  });

  it('gives exit code 64 for a command or a flag that does not exist', async () => {
    for (const args of [['rum'], ['run', '--labb'], ['lab', '--port', 'x']]) {
      const { code, stderr } = await etl(args);
      expect(code, args.join(' ')).to.equal(64);
      expect(stderr).to.contain('error[ETL0901]');
    }
  });

  it('prints one JSON object, also when it fails', async () => {
    const { code, stdout } = await etl(['validate', '--json', '-p', '/nonexistent/project']);
    const envelope = JSON.parse(stdout) as { exitCode: number; diagnostics: { code: string }[] };
    expect(code).to.equal(3);
    expect(envelope.exitCode).to.equal(3);
    expect(envelope.diagnostics.map((one) => one.code)).to.deep.equal(['ETL0001']);
  });

  it('does not overwrite what is there with init', async () => {
    const folder = projectFolder({ 'etl.yml': 'mine' });
    const { code, stderr } = await etl(['init', folder]);
    expect(code).to.equal(4);
    expect(stderr).to.contain('error[ETL0904]');
  });
});
