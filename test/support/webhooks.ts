import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What one place has received, by its path. */
export interface Received {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A server on loopback that takes what alerts send, as their receivers do. */
export async function webhooks() {
  const received: Received[] = [];
  /** By path: how it answers in turn; a path without any takes what it is sent. */
  const refusals = new Map<string, number[]>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? '';
      const status = refusals.get(path)?.shift() ?? 202;
      if (status === 202) received.push({ path, body: JSON.parse(body) as Received['body'] });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    refusals,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
