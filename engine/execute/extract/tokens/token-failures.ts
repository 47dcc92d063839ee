import { complaint, TerminalError, TransientError } from '../../../model/errors.ts';

/** The provider said no. */
export class TokenRefusedError extends TerminalError {
  /** The OAuth2 error, where the answer names one. */
  readonly reason: string | undefined;

  constructor(source: string, status: number, endpoint: string, answer: TokenErrorAnswer) {
    super(
      complaint(
        'ETL0434',
        `${source} gets no token: ${status} on POST ${endpoint}`,
        ...answer.texts,
        advice[answer.reason ?? ''] ??
          'Check the values that `auth` refers to: they may be wrong, expired or revoked.',
      ),
    );
    this.reason = answer.reason;
  }
}

/** What the answer to a refused token request says, without secrets. */
export interface TokenErrorAnswer {
  readonly reason?: string;
  readonly texts: readonly string[];
}

/** What to do about the errors of RFC 6749, section 5.2. */
const advice: { readonly [reason: string]: string } = {
  invalid_client: 'Check `clientId`, `clientSecret` and `clientAuth`: the provider does not know the client.',
  invalid_grant:
    'The refresh token or the signed JWT is not valid (any more): authorise anew, and set what the provider then gives.',
  unauthorized_client: 'The provider must allow this client the `grant` that `auth` names.',
  unsupported_grant_type: 'The provider does not know the `grant` that `auth` names.',
  invalid_scope: 'Check `scope`: the provider does not know it, or does not allow it.',
};

/** The provider asks to come back later, or has trouble. */
export class TokenDelayedError extends TransientError {
  /** How long it asks to wait, where it says. */
  readonly retryAfterMs: number | undefined;
  /** Whether it may have issued a token all the same. */
  readonly isUncertain: boolean;

  constructor(source: string, status: number, endpoint: string, retryAfterMs: number | undefined) {
    const asked = retryAfterMs === undefined ? [] : [`It asks to wait ${Math.ceil(retryAfterMs / 1000)} s.`];
    super(
      complaint(
        'ETL0435',
        `${source} gets no token now: ${status} on POST ${endpoint}`,
        ...asked,
        'What was read so far is staged; the next run goes on from there.',
      ),
    );
    this.retryAfterMs = retryAfterMs;
    this.isUncertain = status !== 429;
  }
}

/** An answer that is no token. */
export const unreadableAnswer = (source: string, endpoint: string, found: readonly string[]): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0436',
      `${source} gets no token: the answer of ${endpoint} holds none`,
      ...found,
      'Check `tokenUrl`, or `login` and `sessionToken`.',
    ),
  );

/** A refresh under way: by which run, and since when. */
export interface Refresh {
  readonly run: string;
  readonly sinceMs: number;
}

/** The provider has replaced the refresh token, and the new one never arrived, or was never kept. */
export const lostToken = (
  source: string,
  { run, sinceMs }: Refresh,
  cause: TokenRefusedError,
): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0439',
      `the refresh token of ${source} was replaced, and the new one is lost`,
      `The run ${run} began to refresh at ${new Date(sinceMs).toISOString()} and ended, or got no answer, before the new token was kept; now the provider refuses the old one.`,
      ...cause.diagnostic.help.slice(0, -1),
      'Authorise anew and set the new refresh token where `refreshToken` refers to: it takes the place of the kept one.',
    ),
    cause,
  );

/** Other processes take turns at renewing, and none gets a token. */
export const renewedForever = (source: string): TransientError =>
  new TransientError(
    complaint(
      'ETL0435',
      `${source} gets no token now: other processes are renewing it, one after the other`,
      'Their messages say why none of them gets one.',
    ),
  );

/** What is kept was encrypted with another key, or altered. */
export const unreadableKept = (source: string, environment: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0438',
      `the kept refresh token of ${source} cannot be decrypted`,
      `It was kept with another \`tokenKey\`, for another environment than ${environment}, or it is damaged.`,
      'Set the `tokenKey` that it was kept with; or authorise anew and set the new refresh token where `refreshToken` refers to.',
    ),
  );

/** A refresh token that may be replaced must be kept somewhere. */
export const nowhereToKeep = (source: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0431',
      `the refresh tokens of ${source} cannot be kept`,
      'A provider may replace the refresh token at every use; the new one must be there for the next run.',
      'Add `tokenKey` to the environment.',
    ),
  );
