import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { Refusal, refusalAnswer, send } from './answer.ts';
import { labError, messageOf } from './complain.ts';
import { type LabSource, type LabStats, openSources } from './lab-source.ts';
import { labBaseUrl } from './reference.ts';

export type { LabStats } from './lab-source.ts';
export { labBaseUrl, labReference, labText, labTokenUrl } from './reference.ts';

/** How the lab is started. */
export interface LabOptions {
  /** Port on 127.0.0.1; without it, or with 0, any that is free. */
  readonly port?: number;
  /** Measures the declared limits; without it the machine's monotonic clock does. */
  readonly clock?: Clock;
  /**
   * Whether bodies are compressed for clients that accept it. Default false: compressing costs several times what making
   * the records costs, and both ends of it run on this machine.
   */
  readonly gzip?: boolean;
}

/** A lab that runs. */
export interface Lab {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What stands for each source's `baseUrl`, by source. */
  readonly sources: { readonly [source: string]: string };
  /** What was served since the start, by source. */
  stats(): { readonly [source: string]: LabStats };
  /** Ends open connections and frees the port. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** A client may wait longer than Node's five seconds for its next permit, and then meet a closing connection. */
const keepAliveMs = 120_000;

function sourceAt(sources: readonly LabSource[], path: string): LabSource | undefined {
  return sources.find(({ mount }) => path === mount || path.startsWith(`${mount}/`));
}

function handler(sources: readonly LabSource[], labUrl: () => string, options: LabOptions) {
  const { clock, gzip = false } = options;
  const nowMs = clock === undefined ? () => performance.now() : () => clock.monotonicUs() / 1000;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const arrivedMs = nowMs();
    const url = new URL(`${labUrl()}${request.url?.startsWith('/') ? request.url : '/'}`);
    const source = sourceAt(sources, url.pathname);
    const answer =
      source?.answer(request, url, arrivedMs) ??
      refusalAnswer(new Refusal(404, 'not_found', `No source is served at ${url.pathname}.`));
    request.resume();
    await send(response, answer, gzip ? request.headers['accept-encoding']?.toString() : undefined);
  };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((thrown: unknown) => {
    throw labError(
      'cannotListen',
      `the lab cannot listen on ${host}:${port}: ${messageOf(thrown)}`,
      'Choose another port.',
    );
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/**
 * Serves the sources of a project on loopback as they declare themselves: authentication, paging, cursor filter and
 * limits, strictly.
 * @throws TerminalError when a stream has no data or data that does not fit, or the port is taken
 */
export async function startLab(project: Project, options: LabOptions = {}): Promise<Lab> {
  const sources = await openSources(project);
  let url = '';
  const handle = handler(sources, () => url, options);
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    // What cannot be sent has nobody left to be sent to.
    handle(request, response).catch(() => response.destroy());
  });
  url = await listen(server, options.port ?? 0);
  return {
    url,
    sources: Object.fromEntries(project.sources.map((source) => [source.name, labBaseUrl(url, source)])),
    stats: () => Object.fromEntries(sources.map((source) => [source.name, source.stats()])),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
