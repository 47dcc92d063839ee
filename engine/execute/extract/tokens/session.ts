import { accountSource } from '../../../model/accounts.ts';
import type { ApiRequest, ApiResponse } from '../../../model/batch.ts';
import type { SessionPlan, SourcePlan } from '../../../model/plan.ts';
import type { TokenProvider } from './issued-token.ts';
import { resolved } from './oauth2.ts';
import { jsonOf, noToken, type ReplyServices, textAt, tokenReply } from './token-reply.ts';

/** Session tokens of a login at the API itself. `source` has its base URL resolved. */
export function sessionProvider(
  source: SourcePlan,
  auth: SessionPlan,
  services: ReplyServices,
): TokenProvider {
  const { resolve, hide, redact } = services.references;
  const url = `${source.baseUrl.replace(/\/+$/, '')}/${auth.path.replace(/^\/+/, '')}`;
  const body = JSON.stringify(resolved(auth.body, resolve));
  return {
    purpose: JSON.stringify(['session', url, body]),
    issue: async (_refreshToken, signal) => {
      const issuedAtMs = services.clock.now();
      const headers = {
        accept: 'application/json',
        ...resolved(source.headers, resolve),
        'content-type': 'application/json',
      };
      const request: ApiRequest = { method: 'POST', url, headers, body };
      const response = await tokenReply(accountSource(source), request, services, signal);
      const accessToken = tokenIn(response, auth);
      if (accessToken === undefined) throw noToken(accountSource(source), request, response, redact);
      hide(accessToken);
      return { accessToken, issuedAtMs, expiresAtMs: issuedAtMs + auth.lifetimeMs };
    },
  };
}

const tokenIn = (response: ApiResponse, { token }: SessionPlan): string | undefined =>
  (token.header === undefined ? textAt(jsonOf(response), token.path) : response.headers[token.header]) ||
  undefined;
