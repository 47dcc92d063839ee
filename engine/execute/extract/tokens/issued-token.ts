/** What a provider issued. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Epoch milliseconds. */
  readonly issuedAtMs: number;
  /** Epoch milliseconds; absent when nobody says, so that it is used until it is refused. */
  readonly expiresAtMs?: number;
  /** The next refresh token, where the answer brings one. */
  readonly refreshToken?: string;
}

/** Issues tokens in one way. */
export interface TokenProvider {
  /** What its tokens are good for; one of another purpose is of no use. */
  readonly purpose: string;
  /** The first refresh token, for a grant that needs one. */
  readonly refreshToken?: string;
  /**
   * Asks once for a token.
   * @throws TransientError when there is no answer, or one that may be different soon.
   * @throws TerminalError when it is refused.
   */
  issue(refreshToken: string | undefined, signal?: AbortSignal): Promise<IssuedToken>;
}

/** Gives access tokens that can be used now. */
export interface TokenSource {
  /** A token other than `refused`, which the API did not take. */
  current(refused: string | undefined): Promise<IssuedToken>;
}

const skewMaxMs = 30_000;
const skewShare = 0.1;

/** Whether a token can be used: it must not expire while a request is on its way. */
export function isFresh({ issuedAtMs, expiresAtMs }: IssuedToken, nowMs: number): boolean {
  if (expiresAtMs === undefined) return true;
  const skewMs = Math.min(skewMaxMs, skewShare * (expiresAtMs - issuedAtMs));
  return nowMs < expiresAtMs - skewMs;
}
