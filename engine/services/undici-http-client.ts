import { Agent, request as send } from 'undici';
import type { ApiRequest, ApiResponse } from '../model/batch.ts';
import type { Download, HttpClient, HttpOptions } from '../model/ports.ts';
import { acceptedEncodings, readBody, wholeBody } from './http-body.ts';
import { explainedFailure, type Phase } from './http-failure.ts';

/** To one origin. */
const connectionsMax = 32;

export interface UndiciOptions {
  /** Certificate authority besides those of the system, PEM. */
  readonly ca?: string;
}

/**
 * The HTTP client on undici: keep-alive, HTTP/2 where the server offers it, a bounded body, and no redirects (they are
 * answers like any other).
 */
export function undiciHttpClient({ ca }: UndiciOptions = {}): HttpClient & { readonly download: Download } {
  // An agent has one timeout for connecting. Few projects have more than one.
  const agents = new Map<number, Agent>();
  const agentOf = (connectMs: number): Agent => {
    const made =
      agents.get(connectMs) ??
      new Agent({
        allowH2: true,
        connections: connectionsMax,
        connect: { timeout: connectMs, ...(ca !== undefined && { ca }) },
      });
    agents.set(connectMs, made);
    return made;
  };
  return {
    send: (request, options, signal) =>
      exchange(agentOf(options.timeouts.connectMs), request, options, reading(options), signal),
    download: (request, options, keep, signal) => {
      const plain = {
        ...request,
        headers: { 'accept-encoding': 'identity', accept: '*/*', ...request.headers },
      };
      const read = keeping(keep, reading(options));
      return exchange(agentOf(options.timeouts.connectMs), plain, options, read, signal);
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.close()));
    },
  };
}

type Received = Parameters<typeof readBody>[0];
type Headers = ApiResponse['headers'];

/** What becomes of a body; `shown` is its URL, for messages. */
type Reading = (received: Received, headers: Headers, shown: string) => ReturnType<typeof readBody>;

const reading =
  ({ maxResponseBytes }: HttpOptions): Reading =>
  (received, headers, shown) =>
    readBody(received, headers, maxResponseBytes, shown);

/** The body of a good answer is kept elsewhere; every other one is read. */
const keeping =
  (keep: Parameters<Download>[2], otherwise: Reading): Reading =>
  async (received, headers, shown) => {
    if (received.statusCode !== 200) return otherwise(received, headers, shown);
    await keep(wholeBody(received, headers, shown), shown);
    return { body: new Uint8Array() };
  };

async function exchange(
  dispatcher: Agent,
  request: ApiRequest,
  { timeouts }: HttpOptions,
  readAll: Reading,
  signal?: AbortSignal,
): Promise<ApiResponse> {
  const started = performance.now();
  const { host, origin, pathname } = new URL(request.url);
  const total = deadline(timeouts.totalMs, signal);
  let phase: Phase = 'waiting for the reply';
  try {
    const response = await send(request.url, {
      dispatcher,
      method: request.method,
      headers: lowerCase({
        'accept-encoding': acceptedEncodings,
        accept: 'application/json',
        ...request.headers,
      }),
      ...(request.body !== undefined && { body: request.body }),
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.bodyMs,
      signal: total.signal,
    });
    phase = 'reading the body';
    const headers = flat(response.headers);
    // Without its query: parameters can carry keys.
    const read = await readAll(response, headers, origin + pathname);
    return { status: response.statusCode, headers, ...read, elapsedMs: performance.now() - started };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw explainedFailure(error, { host, phase, timeouts, overdue: total.over() });
  } finally {
    total.clear();
  }
}

interface Deadline {
  /** Aborted when the time is over, or with the signal that was given. */
  readonly signal: AbortSignal;
  over(): boolean;
  /** Leaves nothing behind: the signal that was given outlives millions of requests. */
  clear(): void;
}

function deadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let over = false;
  const abort = (): void => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, ms);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  return {
    signal: controller.signal,
    over: () => over,
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

/** Later ones win, however they are written. */
const lowerCase = (headers: { readonly [header: string]: string }): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const flat = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat().join(', ')]),
  );
