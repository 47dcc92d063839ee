import type { ApiRequest, ApiResponse } from '../../model/batch.ts';
import { TransientError } from '../../model/errors.ts';
import type { SourcePlan } from '../../model/plan.ts';
import type { Clock, HttpClient, Limiter, References } from '../../model/ports.ts';
import { authenticated } from './authenticate.ts';
import { classify } from './classify.ts';
import { refusal, throttledCode } from './refusals.ts';
import { retryAfterMs } from './retry-after.ts';

const backoffBaseMs = 500;
const backoffMaxMs = 30_000;
const redirectsMax = 5;
/** Throttles in a row after which the stream gives up; each one waited as long as it was told to. */
const throttlesMax = 20;

export interface SendServices {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly limiter: Limiter;
  readonly references: References;
  /** Between 0 and 1; injected so that tests know how long a retry waits. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** What sending cost, counted as it goes. */
export interface Meter {
  requests: number;
  retries: number;
  refused: number;
  waitedMs: number;
  /** The limit that last made a request wait. */
  boundBy?: string;
}

export interface Sender {
  readonly source: SourcePlan;
  /** `source.stream`. */
  readonly stream: string;
  readonly meter: Meter;
  readonly services: SendServices;
  /** Statuses that are replies to this request, which otherwise are redirects or refusals: 304, 404. */
  readonly answers?: readonly number[];
}

/**
 * Sends a request until `accept` takes its response: a permit before each sending, the credentials on it, retries with
 * full jitter for what may pass. Waiting for a permit, also after a throttle, is not an attempt.
 */
export async function send<T>(
  sender: Sender,
  request: ApiRequest,
  accept: (response: ApiResponse) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await accept(await sendThrottled(sender, request));
    } catch (error) {
      const last = failures + 1 >= sender.source.attemptsMax;
      if (!(error instanceof TransientError) || last || error.diagnostic.code === throttledCode) throw error;
      const { clock, random, signal } = sender.services;
      await clock.sleep(backoff(failures + 1, random), signal);
      sender.meter.retries += 1;
    }
  }
}

/** Sends again after each throttle, once the whole budget has waited as long as the provider asked. */
async function sendThrottled(sender: Sender, request: ApiRequest): Promise<ApiResponse> {
  for (let throttles = 1; ; throttles += 1) {
    const response = await sendOnce(sender, request);
    if (classify(response.status) !== 'throttle') return response;
    if (throttles >= throttlesMax) throw refusal('throttle', sender.source, request, response);
    freeze(sender, response, throttles);
    sender.meter.retries += 1;
  }
}

const backoff = (attempt: number, random: () => number): number =>
  random() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt);

/** Sends through redirects within the source's origin. @throws for every answer but success and throttle. */
async function sendOnce(sender: Sender, request: ApiRequest, redirects = 0): Promise<ApiResponse> {
  const response = await exchange(sender, request);
  const kind = classify(response.status);
  if (kind === 'ok' || kind === 'throttle') return response;
  if ((kind === 'redirect' || kind === 'client') && sender.answers?.includes(response.status))
    return response;
  if (kind === 'overload') waitAsAsked(sender, response);
  const follows = kind === 'redirect' && redirects < redirectsMax;
  const url = follows ? sameOrigin(request, response) : undefined;
  if (url === undefined) throw refusal(kind, sender.source, request, response);
  return sendOnce(sender, { ...request, url }, redirects + 1);
}

function sameOrigin(request: ApiRequest, { headers }: ApiResponse): string | undefined {
  const location = headers['location'];
  if (location === undefined || !URL.canParse(location, request.url)) return undefined;
  const target = new URL(location, request.url);
  return target.origin === new URL(request.url).origin ? target.href : undefined;
}

async function exchange(
  { source, stream, meter, services }: Sender,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { limiter, http, references, signal } = services;
  const base = new URL(source.baseUrl).pathname.replace(/\/$/, '');
  const { pathname } = new URL(request.url);
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname;
  const permit = await limiter.acquire(source.budget, { stream, path }, signal);
  meter.waitedMs += permit.waitedMs;
  if (permit.boundBy !== undefined) meter.boundBy = permit.boundBy;
  meter.requests += 1;
  const response = await http.send(authenticated(request, source.auth, references), source, signal);
  if (response.status === 429 || response.status === 403) meter.refused += 1;
  return response;
}

/** A provider with trouble often says when to come back; nobody asks before. */
function waitAsAsked({ source, services }: Sender, { headers }: ApiResponse): void {
  const asked = retryAfterMs(headers['retry-after'], services.clock.now());
  if (asked !== undefined) services.limiter.freeze(source.budget.domain, asked);
}

/** Stops the whole budget for as long as the provider asks, or longer each time when it does not say. */
function freeze({ source, services }: Sender, response: ApiResponse, throttles: number): void {
  const asked = retryAfterMs(response.headers['retry-after'], services.clock.now());
  const unasked = Math.min(backoffMaxMs, 1000 * 2 ** throttles);
  services.limiter.freeze(source.budget.domain, asked ?? unasked);
}
