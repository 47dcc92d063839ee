import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../model/ports.ts';
import type { Project } from '../model/project.ts';
import { Refusal, refusalAnswer } from './answer.ts';
import { labError, messageOf } from './complain.ts';
import { control, isControl } from './control.ts';
import { labSources } from './lab-accounts.ts';
import type { LabSource, Reply, Visit } from './lab-source.ts';
import type { Moment } from './limits/counter.ts';
import { openSources } from './open-sources.ts';
import { labBaseUrl } from './reference.ts';
import { send } from './send.ts';
import type { LabStats } from './tally.ts';

export { labSources } from './lab-accounts.ts';
export { labBaseUrl, labReference, labText, labTokenUrl } from './reference.ts';
export type { LabStats } from './tally.ts';

/** How the lab is started. */
export interface LabOptions {
  /** Port on 127.0.0.1; without it, or with 0, any that is free. */
  readonly port?: number;
  /** Measures limits, tokens and delays; without it the machine's clocks do. */
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
  /** What stands for each source's `baseUrl`, by `source` or `source@account`. */
  readonly sources: { readonly [source: string]: string };
  /** What was served since the start, by `source` or `source@account`. */
  stats(): { readonly [source: string]: LabStats };
  /** Ends open connections and frees the port. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** A client may wait longer than Node's five seconds for its next permit, and then meet a closing connection. */
const keepAliveMs = 120_000;

/** The two clocks of a lab, and how it waits. */
interface Time {
  at(): Moment;
  sleep(ms: number): Promise<void>;
  /** For the `Date` header, where the machine's own time will not do. */
  dateMs(at: Moment, skewMs: number): number | undefined;
}

const timeOf = (clock: Clock | undefined): Time =>
  clock === undefined
    ? {
        at: () => ({ steadyMs: performance.now(), epochMs: Date.now() }),
        sleep: (ms) => setTimeout(ms),
        dateMs: ({ epochMs }, skewMs) => (skewMs === 0 ? undefined : epochMs + skewMs),
      }
    : {
        at: () => ({ steadyMs: clock.monotonicUs() / 1000, epochMs: clock.now() }),
        sleep: (ms) => clock.sleep(ms),
        dateMs: ({ epochMs }, skewMs) => epochMs + skewMs,
      };

const nobody = (path: string): Reply => ({
  answer: refusalAnswer(new Refusal(404, 'not_found', `No source is served at ${path}.`)),
});

/** Lets a request arrive, and answers it, as late as the source's conditions say. */
async function serve(source: LabSource, time: Time, gzip: boolean, visit: Omit<Visit, 'at'>): Promise<void> {
  const { request, response } = visit;
  const { conditions } = source;
  const wayMs = conditions.wayMs();
  if (wayMs > 0) await time.sleep(wayMs);
  const at = time.at();
  const { answer, fault } = await source.answer({ ...visit, at });
  request.resume();
  if (conditions.latencyMs > 0) await time.sleep(conditions.latencyMs);
  const acceptEncoding = gzip ? request.headers['accept-encoding']?.toString() : undefined;
  const dateMs = time.dateMs(at, conditions.skewMs);
  return send(response, answer, { acceptEncoding, dateMs, fault, sleep: time.sleep });
}

function handler(sources: readonly LabSource[], labUrl: () => string, { clock, gzip = false }: LabOptions) {
  const time = timeOf(clock);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(`${labUrl()}${request.url?.startsWith('/') ? request.url : '/'}`);
    const source = sources.find((candidate) => candidate.owns(url.pathname));
    if (source !== undefined) return serve(source, time, gzip, { request, response, url });
    const reply = isControl(url.pathname)
      ? await control(sources, request, url, time.at())
      : nobody(url.pathname);
    request.resume();
    return send(response, reply.answer, { fault: reply.fault, sleep: time.sleep });
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
    sources: Object.fromEntries(labSources(project).map((source) => [source.name, labBaseUrl(url, source)])),
    stats: () => Object.fromEntries(sources.map((source) => [source.name, source.stats()])),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
