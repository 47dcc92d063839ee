import type { ApiRequest, ApiResponse } from '../../../model/batch.ts';
import type { OAuth2Plan } from '../../../model/plan.ts';
import type { IssuedToken, TokenProvider } from './issued-token.ts';
import { jsonOf, keyed, noToken, type ReplyServices, tokenReply } from './token-reply.ts';

/** Tokens of OAuth2 (RFC 6749): client credentials, or a refresh token. */
export function oauth2Provider(
  source: string,
  auth: OAuth2Plan,
  tokenUrl: string,
  services: ReplyServices,
): TokenProvider {
  const { resolve } = services.references;
  const parameters = resolved(auth.parameters, resolve);
  return {
    purpose: JSON.stringify([auth.grant, tokenUrl, resolve(auth.clientId), parameters]),
    ...(auth.grant === 'refresh_token' &&
      auth.refreshToken !== undefined && { refreshToken: resolve(auth.refreshToken) }),
    issue: async (refreshToken, signal) => {
      const form = {
        grant_type: auth.grant,
        ...(refreshToken !== undefined && { refresh_token: refreshToken }),
        ...parameters,
      };
      const sentAtMs = services.clock.now();
      const request = clientRequest(auth, tokenUrl, form, services);
      const response = await tokenReply(source, request, services, signal);
      return issuedToken(source, request, response, sentAtMs, services);
    },
  };
}

/** Texts with their references filled in. */
export const resolved = (
  texts: { readonly [key: string]: string },
  resolve: (text: string) => string,
): { readonly [key: string]: string } =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, resolve(text)]));

/** A form-encoded POST. */
export const formRequest = (
  url: string,
  form: { readonly [field: string]: string },
  headers: { readonly [header: string]: string } = {},
): ApiRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
  body: new URLSearchParams(form).toString(),
});

function clientRequest(
  auth: OAuth2Plan,
  url: string,
  form: { readonly [field: string]: string },
  { references }: ReplyServices,
): ApiRequest {
  const id = references.resolve(auth.clientId);
  const secret = auth.clientSecret === undefined ? undefined : references.resolve(auth.clientSecret);
  if (auth.clientAuth === 'body' || secret === undefined)
    return formRequest(url, {
      ...form,
      client_id: id,
      ...(secret !== undefined && { client_secret: secret }),
    });
  const pair = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64');
  references.hide(pair);
  return formRequest(url, form, { authorization: `Basic ${pair}` });
}

/** RFC 6749, section 2.3.1: id and secret are form-encoded before they become a user name and a password. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

/** The token of an answer as RFC 6749 has it, or with the lifetime given where it does not say one. */
export function issuedToken(
  source: string,
  request: ApiRequest,
  response: ApiResponse,
  sentAtMs: number,
  { references }: ReplyServices,
  lifetimeMs?: number,
): IssuedToken {
  const answer = jsonOf(response);
  const accessToken = keyed(answer, 'access_token');
  if (accessToken === undefined) throw noToken(source, request, response, references.redact);
  const refreshToken = keyed(answer, 'refresh_token');
  for (const token of [accessToken, refreshToken]) if (token !== undefined) references.hide(token);
  const seconds = Number(keyed(answer, 'expires_in') ?? Number.NaN);
  // Counted from the question: the answer may have been long on its way.
  const validMs = Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : lifetimeMs;
  return {
    accessToken,
    issuedAtMs: sentAtMs,
    ...(validMs !== undefined && { expiresAtMs: sentAtMs + validMs }),
    ...(refreshToken !== undefined && { refreshToken }),
  };
}
