import type { TokenProvider, TokenSource } from './issued-token.ts';
import { persistently } from './persistently.ts';
import { lockMs, lockName, type TokenServices } from './token-services.ts';

/** Tokens that nobody keeps: each process asks for its own, one process at a time. */
export const mintedTokens = (
  source: string,
  provider: TokenProvider,
  services: TokenServices,
): TokenSource => ({
  current: () => {
    const { locks, environment, signal } = services;
    const issue = (): ReturnType<TokenProvider['issue']> => provider.issue(undefined, signal);
    const name = lockName(environment, source);
    return locks.exclusively(name, lockMs, () => persistently(issue, services), signal);
  },
});
