import type { ApiRequest } from '../../model/batch.ts';
import type { AuthPlan } from '../../model/plan.ts';
import type { References } from '../../model/ports.ts';

/**
 * The request with its credentials, for this one sending: what is stored never holds them. Where tokens are issued it
 * gets no more than its headers; the token comes from `TokenCredentials`.
 */
export function authenticated(request: ApiRequest, auth: AuthPlan, references: References): ApiRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, references.resolve(value)]),
  );
  switch (auth.type) {
    case 'none':
    case 'oauth2':
    case 'jwt_bearer':
    case 'session':
      return { ...request, headers };
    case 'api_key':
      return withApiKey({ ...request, headers }, auth, references.resolve(auth.value));
    case 'bearer':
      return withHeader({ ...request, headers }, 'authorization', `Bearer ${references.resolve(auth.token)}`);
    case 'basic': {
      const pair = `${references.resolve(auth.username)}:${references.resolve(auth.password)}`;
      return withHeader(
        { ...request, headers },
        'authorization',
        `Basic ${Buffer.from(pair).toString('base64')}`,
      );
    }
  }
}

/** The request with one more header. */
export const withHeader = (request: ApiRequest, name: string, value: string): ApiRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

function withApiKey(
  request: ApiRequest,
  auth: Extract<AuthPlan, { type: 'api_key' }>,
  key: string,
): ApiRequest {
  if (auth.header !== undefined) return withHeader(request, auth.header, key);
  const url = new URL(request.url);
  url.searchParams.set(auth.query ?? '', key);
  return { ...request, url: url.href };
}

/** The request without an API key in its query: providers repeat it in their next links, and it must not be stored. */
export function withoutCredentials(request: ApiRequest, auth: AuthPlan): ApiRequest {
  if (auth.type !== 'api_key' || auth.query === undefined) return request;
  const url = new URL(request.url);
  if (!url.searchParams.has(auth.query)) return request;
  url.searchParams.delete(auth.query);
  return { ...request, url: url.href };
}

/** The body without an API key that goes in the query: providers repeat it in the links they send, and bodies are kept. */
export function withoutKey(body: Uint8Array, auth: AuthPlan, references: References): Uint8Array {
  if (auth.type !== 'api_key' || auth.query === undefined) return body;
  const key = references.resolve(auth.value);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const found = [key, encodeURIComponent(key)].some((text) => text !== '' && bytes.includes(text));
  if (!found) return body;
  return Buffer.from(bytes.toString().replaceAll(key, hidden).replaceAll(encodeURIComponent(key), hidden));
}

const hidden = '***';
