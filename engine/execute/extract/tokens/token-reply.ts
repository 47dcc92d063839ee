import type { ApiRequest, ApiResponse } from '../../../model/batch.ts';
import type { Path } from '../../../model/plan.ts';
import { retryAfterMs } from '../retry-after.ts';
import {
  TokenDelayedError,
  type TokenErrorAnswer,
  TokenRefusedError,
  unreadableAnswer,
} from './token-failures.ts';
import type { TokenServices } from './token-services.ts';

/** How long one attempt may take in all; three of them, and the waits between them, fit into a refresh. */
export const attemptMs = 8000;
const bytesMax = 256 * 1024;
const saidMax = 300;

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);

export type ReplyServices = Pick<TokenServices, 'clock' | 'http' | 'references'>;

/**
 * Sends one request for a token. Redirects are not followed: the credentials in it are for its own endpoint.
 * @throws TokenDelayedError when it may be answered otherwise soon; TokenRefusedError for every other refusal.
 */
export async function tokenReply(
  source: string,
  request: ApiRequest,
  { clock, http, references }: ReplyServices,
  signal?: AbortSignal,
): Promise<ApiResponse> {
  const timeouts = { connectMs: attemptMs, headersMs: attemptMs, bodyMs: attemptMs, totalMs: attemptMs };
  const response = await http.send(request, { timeouts, maxResponseBytes: bytesMax }, signal);
  const { status, headers } = response;
  if (status >= 200 && status < 300) return response;
  const endpoint = endpointOf(request);
  if (passing.has(status))
    throw new TokenDelayedError(source, status, endpoint, retryAfterMs(headers['retry-after'], clock.now()));
  throw new TokenRefusedError(source, status, endpoint, errorAnswer(response, references.redact));
}

/** The URL of a token request as messages show it. */
function endpointOf({ url }: ApiRequest): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The answer's JSON; undefined when it has none. */
export function jsonOf({ body }: ApiResponse): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** The text or number at a plain path of a JSON value. */
export function textAt(value: unknown, { segments }: Pick<Path, 'segments'>): string | undefined {
  const found = segments.reduce<unknown>((at, segment) => {
    const key = 'key' in segment ? segment.key : 'index' in segment ? segment.index : '';
    return typeof at === 'object' && at !== null && Object.hasOwn(at, key)
      ? (at as { readonly [key: string | number]: unknown })[key]
      : undefined;
  }, value);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

/** A top-level key of a JSON value, as text; an empty one counts as missing. */
export const keyed = (value: unknown, key: string): string | undefined =>
  textAt(value, { segments: [{ key }] }) || undefined;

/** Says that a 2xx answer holds no token, with what it says instead. */
export const noToken = (source: string, request: ApiRequest, response: ApiResponse, redact: Redact): Error =>
  unreadableAnswer(source, endpointOf(request), errorAnswer(response, redact).texts);

type Redact = (text: string) => string;

/** What an answer without a token says: `error` and `error_description`, or the beginning of the text. */
function errorAnswer(response: ApiResponse, redact: Redact): TokenErrorAnswer {
  const json = jsonOf(response);
  const reason = keyed(json, 'error');
  const description = keyed(json, 'error_description') ?? keyed(json, 'message');
  const named = [reason, description].filter((text) => text !== undefined).join(': ');
  // Without a named error the answer may be the very token, in a place that nobody looked for: JSON is not quoted.
  const said =
    named === '' && json === undefined ? Buffer.from(response.body).toString('utf8', 0, 1200) : named;
  const line = redact(said).replace(/\s+/g, ' ').trim();
  const shown = line.length > saidMax ? `${line.slice(0, saidMax)} …` : line;
  return { ...(reason !== undefined && { reason }), texts: line === '' ? [] : [`It answered: ${shown}`] };
}
