import type * as config from '../model/config.ts';
import type { AuthPlan, TokenHeaderPlan } from '../model/plan.ts';
import { parseDuration } from '../model/units.ts';
import { compileReplyValue } from './reply.ts';

/** How a source authenticates, with what the schema leaves to defaults. */
export function compileAuth(auth: config.Auth = { type: 'none' }): AuthPlan {
  switch (auth.type) {
    case 'none':
      return { type: 'none' };
    case 'api_key':
      return compileApiKey(auth);
    case 'bearer':
      return { type: 'bearer', token: auth.token ?? '' };
    case 'basic':
      return { type: 'basic', username: auth.username ?? '', password: auth.password ?? '' };
    case 'oauth2':
      return compileOAuth2(auth);
    case 'jwt_bearer':
      return compileJwtBearer(auth);
    case 'session':
      return compileSession(auth);
  }
}

const compileApiKey = ({ value = '', header, query }: config.Auth): AuthPlan => ({
  type: 'api_key',
  value,
  ...(header !== undefined && { header }),
  ...(query !== undefined && { query }),
});

/** In the usual header the token has its usual prefix. */
const compileSession = (auth: config.Auth): AuthPlan => ({
  type: 'session',
  path: auth.login?.path ?? '',
  body: auth.login?.body ?? {},
  token: compileReplyValue(auth.sessionToken ?? {}),
  header: auth.header ?? 'Authorization',
  prefix: auth.prefix ?? (auth.header === undefined ? 'Bearer ' : ''),
  lifetimeMs: parseDuration(auth.lifetime ?? '10m'),
});

const compileOAuth2 = (auth: config.Auth): AuthPlan => ({
  type: 'oauth2',
  grant: auth.grant ?? 'client_credentials',
  tokenUrl: auth.tokenUrl ?? '',
  clientId: auth.clientId ?? '',
  ...(auth.clientSecret !== undefined && { clientSecret: auth.clientSecret }),
  clientAuth: auth.clientAuth ?? 'basic',
  ...(auth.refreshToken !== undefined && { refreshToken: auth.refreshToken }),
  parameters: tokenParameters(auth),
  ...tokenHeader(auth),
});

const compileJwtBearer = (auth: config.Auth): AuthPlan => ({
  type: 'jwt_bearer',
  tokenUrl: auth.tokenUrl ?? '',
  issuer: auth.issuer ?? '',
  ...(auth.subject !== undefined && { subject: auth.subject }),
  audience: auth.audience ?? auth.tokenUrl ?? '',
  privateKey: auth.privateKey ?? '',
  ...(auth.keyId !== undefined && { keyId: auth.keyId }),
  algorithm: auth.algorithm ?? 'RS256',
  lifetimeMs: parseDuration(auth.lifetime ?? '10m'),
  parameters: { ...(auth.scope !== undefined && { scope: auth.scope }), ...auth.parameters },
  ...tokenHeader(auth),
});

/** In a header of the provider's own a token stands bare, unless it says otherwise. */
const tokenHeader = ({ header, prefix }: config.Auth): { readonly header?: TokenHeaderPlan } =>
  header === undefined ? {} : { header: { name: header, prefix: prefix ?? '' } };

const tokenParameters = ({ scope, audience, parameters }: config.Auth): Record<string, string> => ({
  ...(scope !== undefined && { scope }),
  ...(audience !== undefined && { audience }),
  ...parameters,
});
