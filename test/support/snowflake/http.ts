import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The token of the header. */
  readonly token: string;
  readonly body: Buffer;
}

/** An answer, or the end of the connection. */
export type Reply = { readonly status?: number; readonly json: object } | 'drop';

export interface Listening {
  readonly server: Server;
  readonly url: string;
}

const bodyMaxBytes = 512 * 1024 * 1024;
const unzip = promisify(gunzip);

/** A server on loopback that hands whole requests on. */
export async function listen(
  port: number,
  answer: (request: Request) => Promise<Reply>,
  isCut: (request: IncomingMessage) => boolean,
): Promise<Listening> {
  const server = createServer(async (incoming, response) => {
    try {
      const request = await read(incoming, isCut(incoming));
      const reply = request === 'drop' ? request : await answer(request);
      send(reply, incoming, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function read(incoming: IncomingMessage, isCut: boolean): Promise<Request | 'drop'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (isCut) return 'drop';
    if (bytes > bodyMaxBytes) throw new Error('the body is too long');
  }
  const raw = Buffer.concat(chunks);
  const body = incoming.headers['content-encoding'] === 'gzip' && raw.length > 0 ? await unzip(raw) : raw;
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const token = /^Snowflake Token="([^"]*)"/.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
  const { method = 'GET', headers } = incoming;
  return { method, path: url.pathname, query: url.searchParams, headers, token, body };
}

function send(reply: Reply, incoming: IncomingMessage, response: ServerResponse): void {
  if (reply === 'drop') {
    incoming.socket.destroy();
    return;
  }
  const text = Buffer.from(JSON.stringify(reply.json));
  response
    .writeHead(reply.status ?? 200, { 'content-type': 'application/json', 'content-length': text.length })
    .end(text);
}
