import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { ApiRequest, ApiResponse } from '../../engine/model/batch.ts';
import { type ExplainedError, TerminalError, TransientError } from '../../engine/model/errors.ts';
import type { TimeoutsPlan } from '../../engine/model/plan.ts';
import type { HttpClient } from '../../engine/model/ports.ts';
import { undiciHttpClient } from '../../engine/services/undici-http-client.ts';
import { type Api, api, type Handler, json } from '../support/cli.ts';
import { loopbackCertificate } from '../support/loopback-certificate.ts';

const timeouts: TimeoutsPlan = { connectMs: 2000, headersMs: 2000, bodyMs: 2000, totalMs: 5000 };
const bytesMax = 1_000_000;

const clients: HttpClient[] = [];
const servers: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function client(options: Parameters<typeof undiciHttpClient>[0] = {}): HttpClient {
  const made = undiciHttpClient(options);
  clients.push(made);
  return made;
}

async function provider(handler: Handler): Promise<Api> {
  const made = await api(handler);
  servers.push(made);
  return made;
}

const listening = async (server: Server | Http2SecureServer): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** A server that speaks bytes. */
async function raw(talk: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    talk(socket);
  });
  const port = await listening(server);
  servers.push({
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  });
  return `http://127.0.0.1:${port}/orders`;
}

/** An HTTP/2 server; the client trusts its certificate. */
async function http2(talk: (stream: ServerHttp2Stream, asked: number) => void): Promise<{
  readonly url: string;
  readonly sessions: () => number;
}> {
  const server = createSecureServer({ ...loopbackCertificate, allowHTTP1: true });
  const sessions: { destroy(): void }[] = [];
  let asked = 0;
  server.on('session', (session) => sessions.push(session.on('error', () => {})));
  server.on('stream', (stream) => {
    asked += 1;
    talk(
      stream.on('error', () => {}),
      asked,
    );
  });
  const port = await listening(server);
  servers.push({
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  });
  return { url: `https://127.0.0.1:${port}/orders`, sessions: () => sessions.length };
}

const get = (url: string): ApiRequest => ({ method: 'GET', url, headers: {} });

const textOf = ({ body }: ApiResponse): string => Buffer.from(body).toString();

const ask = (
  url: string,
  more: Partial<TimeoutsPlan> = {},
  by: HttpClient = client(),
): Promise<ApiResponse> =>
  by.send(get(url), { timeouts: { ...timeouts, ...more }, maxResponseBytes: bytesMax });

async function failure(work: Promise<ApiResponse>): Promise<ExplainedError> {
  const result = await work.then(
    () => undefined,
    (error: ExplainedError) => error,
  );
  expect(result, 'the request fails').to.be.an('error');
  return result as ExplainedError;
}

const said = ({ diagnostic }: ExplainedError): string => [diagnostic.summary, ...diagnostic.help].join('\n');

describe('the HTTP client', () => {
  it('gives status, headers and body, and sends a body of its own', async () => {
    const { url } = await provider((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => {
        body += data;
      });
      request.on('end', () => {
        json(response, { method: request.method, type: request.headers['content-type'], body }, 201);
      });
    });
    const response = await client().send(
      { method: 'POST', url, headers: { 'Content-Type': 'text/plain' }, body: 'a=1' },
      { timeouts, maxResponseBytes: bytesMax },
    );
    expect(response.status).to.equal(201);
    expect(response.headers['content-type']).to.equal('application/json');
    expect(JSON.parse(textOf(response))).to.deep.equal({ method: 'POST', type: 'text/plain', body: 'a=1' });
  });

  it('lets a request say another Accept than its own, however it is written', async () => {
    const { url } = await provider((request, response) => json(response, request.headers.accept));
    const response = await client().send(
      { method: 'GET', url, headers: { ACCEPT: 'application/vnd.shop+json' } },
      { timeouts, maxResponseBytes: bytesMax },
    );
    expect(textOf(response)).to.equal('"application/vnd.shop+json"');
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    const { url } = await provider((request, response) => {
      ports.add(request.socket.remotePort);
      json(response, []);
    });
    const one = client();
    for (let sent = 0; sent < 10; sent += 1) await ask(url, {}, one);
    // The second request may begin while the first connection is being put back.
    expect(ports.size).to.be.at.most(2);
  });

  it('does not notice that a server has closed an idle connection', async () => {
    const ports = new Set<number | undefined>();
    let idle: (() => void) | undefined;
    const { url } = await provider((request, response) => {
      ports.add(request.socket.remotePort);
      idle = () => request.socket.end();
      json(response, []);
    });
    const one = client();
    await ask(url, {}, one);
    idle?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await ask(url, {}, one)).status).to.equal(200);
    expect(ports.size).to.equal(2);
  });

  it('calls it passing when a connection is closed just as it is used again, and goes on with another', async () => {
    let asked = 0;
    const { url } = await provider((request, response) => {
      asked += 1;
      if (asked === 2) request.socket.destroy();
      else json(response, []);
    });
    const one = client();
    await ask(url, {}, one);
    const error = await failure(ask(url, {}, one));
    expect(error).to.be.instanceOf(TransientError);
    expect(said(error)).to.contain('while waiting for the reply');
    expect((await ask(url, {}, one)).status).to.equal(200);
  });

  it('ends a request whose signal is aborted, with its reason, and leaves nothing behind', async () => {
    const { url } = await provider(() => {});
    const stop = new AbortController();
    const reason = new Error('stopped');
    const options = { timeouts, maxResponseBytes: bytesMax };
    const sent = client().send(get(url), options, stop.signal);
    setTimeout(() => stop.abort(reason), 20);
    expect(await failure(sent)).to.equal(reason);
    expect(await failure(client().send(get(url), options, stop.signal))).to.equal(reason);
  });
});

describe('a body that the HTTP client reads', () => {
  const answering = async (body: Buffer, headers: Record<string, string>): Promise<string> =>
    (await provider((_, response) => response.writeHead(200, headers).end(body))).url;

  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    it(`is unpacked when it comes as ${encoding}`, async () => {
      const url = await answering(compress('{"a":1}'), { 'content-encoding': encoding });
      expect(textOf(await ask(url))).to.equal('{"a":1}');
    });
  }

  it('is asked for only in encodings that can be unpacked', async () => {
    const { url } = await provider((request, response) => json(response, request.headers['accept-encoding']));
    expect(textOf(await ask(url))).to.equal('"gzip, br, deflate"');
  });

  it('may be tried again when its compression is damaged or cut', async () => {
    const whole = gzipSync(Buffer.alloc(5000, 'orders'));
    const bent = Buffer.from(whole);
    bent.fill(0xff, 20, 40);
    for (const body of [bent, whole.subarray(0, whole.length - 12)]) {
      const error = await failure(ask(await answering(body, { 'content-encoding': 'gzip' })));
      expect(error).to.be.instanceOf(TransientError);
      expect(error.diagnostic.code).to.equal('ETL0412');
    }
  });

  it('is not unpacked beyond the bound: a bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).to.be.below(bytesMax);
    const error = await failure(ask(await answering(bomb, { 'content-encoding': 'gzip' })));
    expect(error).to.be.instanceOf(TerminalError);
    expect(said(error)).to.contain('larger than 1,000,000 bytes').and.to.contain('`maxResponseBytes`');
  });

  it('lets other work go on while it is unpacked', async () => {
    const zipped = gzipSync(Buffer.alloc(60_000_000, 'orders'));
    const url = await answering(zipped, { 'content-encoding': 'gzip' });
    const startedMs = performance.now();
    gunzipSync(zipped);
    const inOneGoMs = performance.now() - startedMs;
    let longestMs = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    const { body } = await client().send(get(url), { timeouts, maxResponseBytes: 64_000_000 });
    clearInterval(beat);
    expect(body.length).to.equal(60_000_000);
    // Whatever else the machine does meanwhile holds up both.
    expect(longestMs).to.be.below(Math.max(60, inOneGoMs * 0.8));
  });

  it('is not read beyond the bound, announced or not', async () => {
    let sent = 0;
    const { url } = await provider((request, response) => {
      if (request.url === '/announced') {
        response.writeHead(200, { 'content-length': '90000000' }).write('x');
        return;
      }
      response.writeHead(200);
      const more = (): void => {
        sent += 100_000;
        if (!response.destroyed) response.write(Buffer.alloc(100_000), () => setImmediate(more));
      };
      more();
    });
    for (const path of ['/announced', '/endless']) {
      const error = await failure(ask(url + path));
      expect(error.diagnostic.code, path).to.equal('ETL0409');
    }
    expect(sent).to.be.below(30_000_000);
  });

  it('is a fault when it is shorter than announced', async () => {
    const url = await raw((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"orders":['));
    });
    const error = await failure(ask(url));
    expect(error).to.be.instanceOf(TransientError);
    expect(said(error)).to.contain('cannot be reached').and.to.contain('while reading the body');
  });

  it('is a fault when the connection is reset in the middle', async () => {
    const url = await raw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"orders":[', () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        );
      });
    });
    const error = await failure(ask(url));
    expect(error).to.be.instanceOf(TransientError);
    expect(said(error)).to.contain('while reading the body');
  });
});

describe('a reply that says that nothing has changed', () => {
  it('is whole without the body whose length it names', async () => {
    const { url } = await provider((_, response) =>
      response.writeHead(304, { 'content-length': '1000', etag: '"1"' }).end(),
    );
    const { status, body } = await ask(url);
    expect([status, body.length]).to.deep.equal([304, 0]);
  });
});

describe('a server that is slow', () => {
  it('is given up when it accepts and never answers', async () => {
    const url = await raw(() => {});
    const error = await failure(ask(url, { headersMs: 100 }));
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0441');
    expect(said(error))
      .to.contain('nothing came for 100 ms while waiting for the reply')
      .and.to.contain('`timeouts.headers`');
  });

  it('is given up when its answer stops', async () => {
    const url = await raw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{'));
    });
    const error = await failure(ask(url, { bodyMs: 100 }));
    expect(said(error)).to.contain('while reading the body').and.to.contain('`timeouts.body`');
  });

  it('is given up when it dribbles bytes for longer than the time for all', async () => {
    const url = await raw((socket) => {
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'));
    });
    const error = await failure(ask(url, { bodyMs: 200, totalMs: 300 }));
    expect(error).to.be.instanceOf(TransientError);
    expect(said(error))
      .to.contain('longer than 300 ms in all')
      .and.to.contain('while reading the body')
      .and.to.contain('`timeouts.total`');
  });

  it('is given up when it cannot be connected to in time', async () => {
    const url = await raw(() => {});
    const error = await failure(ask(url.replace('http:', 'https:'), { connectMs: 100 }));
    expect(error).to.be.instanceOf(TransientError);
    expect(said(error)).to.contain('while connecting').and.to.contain('`timeouts.connect`');
  });
});

describe('a server that is not there', () => {
  it('is named, with the reason', async () => {
    const { url, close } = await api(() => {});
    await close();
    const error = await failure(ask(url));
    expect(error).to.be.instanceOf(TransientError);
    expect(error.diagnostic.code).to.equal('ETL0403');
    expect(said(error)).to.contain('connection refused').and.to.contain('while connecting');
  });

  it('is given up at once when its certificate is not trusted', async () => {
    const { url } = await http2((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
    const error = await failure(ask(url));
    expect(error).to.be.instanceOf(TerminalError);
    expect(error.diagnostic.code).to.equal('ETL0442');
  });

  it('is never sent a header with a line break', async () => {
    const { url, asked } = await provider((_, response) => json(response, []));
    const sent = client().send(
      { method: 'GET', url, headers: { 'x-key': 'a\nb' } },
      { timeouts, maxResponseBytes: bytesMax },
    );
    expect((await failure(sent)).diagnostic.code).to.equal('ETL0420');
    expect(asked).to.deep.equal([]);
  });
});

describe('a server that speaks HTTP/2', () => {
  const trusting = (): HttpClient => client({ ca: loopbackCertificate.cert });
  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end('{"orders":[]}');
  };

  it('is spoken to in HTTP/2, over connections that are used again', async () => {
    const { url, sessions } = await http2(answer);
    const one = trusting();
    for (let sent = 0; sent < 5; sent += 1) {
      const response = await ask(url, {}, one);
      expect([response.status, textOf(response)]).to.deep.equal([200, '{"orders":[]}']);
      expect(Object.keys(response.headers)).to.include('content-type').and.not.include(':status');
    }
    expect(sessions()).to.equal(1);
  });

  it('may be asked again after it resets a stream, before or in the body', async () => {
    const { url } = await http2((stream, asked) => {
      if (asked === 1) stream.close(2);
      else if (asked === 2) {
        stream.respond({ ':status': 200, 'content-length': 1000 });
        stream.write('{"orders":[');
        setTimeout(() => stream.close(2), 20);
      } else answer(stream);
    });
    const one = trusting();
    for (const phase of ['waiting for the reply', 'reading the body']) {
      const error = await failure(ask(url, {}, one));
      expect(error, phase).to.be.instanceOf(TransientError);
      expect(said(error)).to.contain(phase);
    }
    expect((await ask(url, {}, one)).status).to.equal(200);
  });

  it('may be asked again after it ends a body before its announced length', async () => {
    const { url } = await http2((stream) => {
      stream.respond({ ':status': 200, 'content-length': 1000 });
      stream.write('{"orders":[');
      stream.close(0);
    });
    const error = await failure(ask(url, {}, trusting()));
    expect(error).to.be.instanceOf(TransientError);
    // Newer Node sees it before the body is counted, and says that the stream was reset.
    expect(error.diagnostic.code).to.be.oneOf(['ETL0443', 'ETL0403']);
  });

  it('may be asked again after it says goodbye', async () => {
    const { url, sessions } = await http2((stream, asked) => {
      if (asked === 1) {
        stream.session?.goaway(0, 0);
        stream.session?.destroy();
      } else answer(stream);
    });
    const one = trusting();
    expect(await failure(ask(url, {}, one))).to.be.instanceOf(TransientError);
    expect((await ask(url, {}, one)).status).to.equal(200);
    expect(sessions()).to.equal(2);
  });

  it('is held to the same times', async () => {
    const { url } = await http2((stream, asked) => {
      if (asked === 1) return;
      stream.respond({ ':status': 200 });
      if (asked === 2) return;
      const drip = setInterval(() => stream.write('x'), 20);
      stream.on('close', () => clearInterval(drip));
    });
    const one = trusting();
    for (const [limits, setting] of [
      [{ headersMs: 100 }, '`timeouts.headers`'],
      [{ bodyMs: 100 }, '`timeouts.body`'],
      [{ totalMs: 200 }, '`timeouts.total`'],
    ] as const) {
      expect(said(await failure(ask(url, limits, one)))).to.contain(setting);
    }
  });
});
