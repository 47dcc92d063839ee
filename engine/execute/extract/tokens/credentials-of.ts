import { accountSource } from '../../../model/accounts.ts';
import { complaint, TerminalError } from '../../../model/errors.ts';
import type { AuthPlan, SourcePlan } from '../../../model/plan.ts';
import { authenticated, withHeader } from '../authenticate.ts';
import { isSafe } from '../base-url.ts';
import { type Credentials, staticCredentials } from '../credentials.ts';
import type { TokenProvider, TokenSource } from './issued-token.ts';
import { jwtBearerProvider } from './jwt-bearer.ts';
import { KeptTokens } from './kept-tokens.ts';
import { mintedTokens } from './minted-tokens.ts';
import { oauth2Provider } from './oauth2.ts';
import { sessionProvider } from './session.ts';
import { TokenCredentials } from './token-credentials.ts';
import { nowhereToKeep } from './token-failures.ts';
import type { TokenServices } from './token-services.ts';
import { openVault } from './vault.ts';

type TokenAuth = Extract<AuthPlan, { readonly type: 'oauth2' | 'jwt_bearer' | 'session' }>;

/**
 * The credentials of a source, whose base URL is resolved. Made once per run and shared by its streams, so that they
 * share its token.
 * @throws TerminalError when they cannot be used: a token URL in the clear, a key that is too short.
 */
export function credentialsOf(source: SourcePlan, services: TokenServices): Credentials {
  const { auth } = source;
  const { references, clock } = services;
  switch (auth.type) {
    case 'none':
    case 'api_key':
    case 'bearer':
    case 'basic':
      return staticCredentials(auth, references);
    case 'oauth2':
    case 'jwt_bearer':
    case 'session': {
      const tokens = tokensOf(source, providerOf(source, auth, services), services);
      return new TokenCredentials(tokens, clock, (request, token) =>
        withHeader(authenticated(request, auth, references), ...headerOf(auth, token)),
      );
    }
  }
}

function providerOf(source: SourcePlan, auth: TokenAuth, services: TokenServices): TokenProvider {
  switch (auth.type) {
    case 'oauth2':
      return oauth2Provider(accountSource(source), auth, checkedTokenUrl(source, services), services);
    case 'jwt_bearer':
      return jwtBearerProvider(
        accountSource(source),
        auth,
        { url: checkedTokenUrl(source, services), key: () => services.signingKey(source) },
        services,
      );
    case 'session':
      return sessionProvider(source, auth, services);
  }
}

function tokensOf(source: SourcePlan, provider: TokenProvider, services: TokenServices): TokenSource {
  const { tokenKey, references } = services;
  if (tokenKey !== undefined)
    return new KeptTokens(accountSource(source), provider, openVault(references.resolve(tokenKey)), services);
  if (provider.refreshToken !== undefined) throw nowhereToKeep(accountSource(source));
  return mintedTokens(accountSource(source), provider, services);
}

function headerOf(auth: TokenAuth, token: string): [name: string, value: string] {
  if (auth.type === 'session') return [auth.header, auth.prefix + token];
  const { name, prefix } = auth.header ?? { name: 'authorization', prefix: 'Bearer ' };
  return [name, prefix + token];
}

function checkedTokenUrl(source: SourcePlan, { tokenUrl }: TokenServices): string {
  const url = tokenUrl(source);
  if (isSafe(url)) return url;
  throw new TerminalError(
    complaint(
      'ETL0433',
      `the \`tokenUrl\` of ${accountSource(source)} cannot be used: ${url.slice(0, 200)}`,
      'Expected an https:// URL (http:// only for this machine).',
    ),
  );
}
