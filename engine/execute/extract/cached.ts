import { createHash } from 'node:crypto';
import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { ExplainedError, TransientError } from '../../model/errors.ts';
import type { CachePlan } from '../../model/plan.ts';
import type { CachedResponse, Clock, Locks, ResponseCache } from '../../model/ports.ts';

/** How long a process that died keeps others from asking. */
const lockTtlMs = 15_000;
/** How long a reply that is no longer fresh is kept to be confirmed. */
const confirmableMs = 7 * 86_400_000;

/** What of a stream's replies came from the cache, counted as it goes. */
export interface CacheCounts {
  hits: number;
  misses: number;
  /** Confirmed by the API: it has not changed since. */
  revalidated: number;
}

export interface Caching {
  readonly plan: CachePlan;
  readonly cache: ResponseCache;
  readonly locks: Locks;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly counts: CacheCounts;
  /** Replies of one group are bounded together. */
  readonly group: string;
  /** Whose replies they are: two accounts never share them. Not a secret. */
  readonly owner: readonly string[];
  /** Statuses besides 200 that are kept. */
  readonly keeps: readonly number[];
}

/** Sends a request until `accept` takes its reply. A 304 is one, too. */
export type Sending = <T>(request: ApiRequest, accept: (response: ApiResponse) => Promise<T>) => Promise<T>;

/**
 * Gives a reply that is fresh in the cache to `accept`, without a request; otherwise sends the request, with the
 * validators of an older reply, and keeps the reply that was accepted. Among all processes one at a time asks.
 */
export async function cachedSend<T>(
  caching: Caching,
  request: ApiRequest,
  sending: Sending,
  accept: (response: ApiResponse) => Promise<T>,
): Promise<T> {
  const key = keyOf(caching.owner, request);
  const unanswered = caching.cache.unanswered();
  const found = await fresh(caching, key, accept);
  if ('accepted' in found) return found.accepted;
  const ask = async (): Promise<T> => {
    // Somebody may have asked while this one waited.
    const again = await fresh(caching, key, accept);
    if ('accepted' in again) return again.accepted;
    return sendAndKeep(caching, key, request, again.older, sending, accept);
  };
  // Without the store there is nobody to wait for.
  return caching.cache.unanswered() > unanswered ? ask() : alone(caching, key, ask);
}

/** Runs `work` while nobody else does; at once, when the store of the locks does not answer. */
async function alone<T>({ locks, signal }: Caching, name: string, work: () => Promise<T>): Promise<T> {
  let begun = false;
  const begin = (): Promise<T> => {
    begun = true;
    return work();
  };
  try {
    return await locks.exclusively(`cache:${name}`, lockTtlMs, begin, signal);
  } catch (error) {
    if (begun || !(error instanceof TransientError)) throw error;
    return work();
  }
}

type Found<T> = { readonly accepted: T } | { readonly older: CachedResponse | undefined };

/** What is fresh in the cache, accepted. A reply that is not accepted any more is asked for again. */
async function fresh<T>(
  { plan, cache, clock, group, counts }: Caching,
  key: string,
  accept: (response: ApiResponse) => Promise<T>,
): Promise<Found<T>> {
  const kept = await cache.find(group, key);
  if (kept === undefined || clock.now() - kept.atMs >= plan.ttlMs) return { older: kept };
  try {
    const accepted = await accept(responseOf(kept));
    counts.hits += 1;
    return { accepted };
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    return { older: undefined };
  }
}

function sendAndKeep<T>(
  caching: Caching,
  key: string,
  request: ApiRequest,
  older: CachedResponse | undefined,
  sending: Sending,
  accept: (response: ApiResponse) => Promise<T>,
): Promise<T> {
  const validators = caching.plan.revalidate ? validatorsOf(request, older) : {};
  const conditional = { ...request, headers: { ...request.headers, ...validators } };
  return sending(conditional, async (reply) => {
    const confirmed = reply.status === notModified ? older : undefined;
    const response = confirmed === undefined ? reply : renewed(confirmed, reply);
    const accepted = await accept(response);
    caching.counts[confirmed === undefined ? 'misses' : 'revalidated'] += 1;
    await keep(caching, key, response);
    return accepted;
  });
}

const notModified = 304;

/** What asks for the reply only if it has changed. */
function validatorsOf(
  { method }: ApiRequest,
  older: CachedResponse | undefined,
): { readonly [header: string]: string } {
  if (older === undefined || older.status !== 200 || method !== 'GET') return {};
  const { etag, 'last-modified': modified } = older.headers;
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(modified !== undefined && { 'if-modified-since': modified }),
  };
}

/** The older reply with what its confirmation says anew (RFC 9111, 3.2). */
const renewed = (older: CachedResponse, { headers, elapsedMs }: ApiResponse): ApiResponse => ({
  ...responseOf(older),
  headers: { ...older.headers, ...keptHeaders(headers) },
  elapsedMs,
});

const responseOf = ({ status, headers, body }: CachedResponse): ApiResponse => ({
  status,
  headers,
  body,
  elapsedMs: 0,
});

async function keep(
  { plan, cache, clock, group, keeps }: Caching,
  key: string,
  { status, headers, body, elapsedMs }: ApiResponse,
): Promise<void> {
  if (status !== 200 && !keeps.includes(status)) return;
  if (/\bno-store\b/i.test(headers['cache-control'] ?? '')) return;
  const atMs = Math.floor(clock.now() - elapsedMs);
  // Whoever reads it later must know when it was true.
  const dated = { date: new Date(atMs).toUTCString(), ...keptHeaders(headers) };
  const isConfirmable = plan.revalidate && ('etag' in dated || 'last-modified' in dated);
  const keepMs = plan.ttlMs + (isConfirmable ? confirmableMs : 0);
  await cache.keep(group, key, { status, headers: dated, body, atMs }, { keepMs, bytesMax: plan.bytesMax });
}

/** Headers that say something of the body as it is sent, and those that must not be kept. */
const passing = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'set-cookie',
  'transfer-encoding',
]);

const keptHeaders = (headers: ApiResponse['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !passing.has(name)));

/** Its headers are as the project writes them: a secret among them is still a reference. */
function keyOf(owner: readonly string[], { method, url, headers, body = '' }: ApiRequest): string {
  const sorted = Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([owner, method, url, sorted, body]))
    .digest('hex');
}
