import { complaint, ExplainedError, TerminalError, TransientError } from '../model/errors.ts';
import type { TimeoutsPlan } from '../model/plan.ts';
import { durationText } from '../model/units.ts';

/** How far an exchange came. */
export type Phase = 'connecting' | 'waiting for the reply' | 'reading the body';

/** A failed exchange. */
export interface Failure {
  readonly host: string;
  readonly phase: Phase;
  readonly timeouts: TimeoutsPlan;
  /** Whether the time for all of it was over. */
  readonly overdue: boolean;
}

interface Reason {
  readonly said: string;
  /** When it says more than what was last seen. */
  readonly phase?: Phase;
}

const reasons: { readonly [code: string]: Reason } = {
  ECONNREFUSED: { said: 'nothing answers there (connection refused)', phase: 'connecting' },
  ENOTFOUND: { said: 'its name is not known (DNS)', phase: 'connecting' },
  EAI_AGAIN: { said: 'its name cannot be looked up now (DNS)', phase: 'connecting' },
  EHOSTUNREACH: { said: 'there is no way to it in the network', phase: 'connecting' },
  ENETUNREACH: { said: 'there is no way to it in the network', phase: 'connecting' },
  ETIMEDOUT: { said: 'it does not answer' },
  ECONNRESET: { said: 'the connection was reset' },
  EPIPE: { said: 'the connection was closed' },
  UND_ERR_SOCKET: { said: 'the connection was closed' },
  UND_ERR_INFO: { said: 'the stream was reset (HTTP/2)' },
  ERR_HTTP2_STREAM_ERROR: { said: 'the stream was reset (HTTP/2)' },
  ERR_HTTP2_GOAWAY_SESSION: { said: 'the connection was closed (HTTP/2)' },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    said: 'the answer is shorter than it said',
    phase: 'reading the body',
  },
};

type Limit = 'connect' | 'headers' | 'body';

const timedOut: { readonly [code: string]: Limit } = {
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'headers',
  UND_ERR_BODY_TIMEOUT: 'body',
};

const phases: { readonly [limit in Limit]: Phase } = {
  connect: 'connecting',
  headers: 'waiting for the reply',
  body: 'reading the body',
};

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/** What a failure of undici or of Node means, and what can be done about it. */
export function explainedFailure(error: unknown, failure: Failure): ExplainedError {
  if (error instanceof ExplainedError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'UND_ERR_INVALID_ARG') return invalidRequest(message, error);
  if (failure.overdue) return overdue(failure, error);
  const limit = timedOut[code];
  if (limit !== undefined) return tooSlow(failure, limit, error);
  if (untrusted.test(code)) return notTrusted(failure, message, error);
  const { said = message || code, phase = failure.phase } = reasons[code] ?? {};
  return new TransientError(
    complaint(
      'ETL0403',
      `${failure.host} cannot be reached: ${said}`,
      `It happened while ${phase}.`,
      'Check `baseUrl` and the network.',
    ),
    error,
  );
}

function tooSlow({ host, timeouts }: Failure, limit: Limit, cause: unknown): TransientError {
  const ms = { connect: timeouts.connectMs, headers: timeouts.headersMs, body: timeouts.bodyMs }[limit];
  const what = limit === 'body' ? 'nothing more came' : 'nothing came';
  return new TransientError(
    complaint(
      'ETL0441',
      `${host} is too slow: ${what} for ${durationText(ms)} while ${phases[limit]}`,
      `The source’s \`timeouts.${limit}\` says how long that may take.`,
    ),
    cause,
  );
}

const overdue = ({ host, phase, timeouts }: Failure, cause: unknown): TransientError =>
  new TransientError(
    complaint(
      'ETL0441',
      `${host} is too slow: the request took longer than ${durationText(timeouts.totalMs)} in all`,
      `The time was over while ${phase}.`,
      'Ask for smaller pages (`paginate.size`), or raise the source’s `timeouts.total`.',
    ),
    cause,
  );

const notTrusted = ({ host }: Failure, message: string, cause: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0442',
      `the certificate of ${host} is not trusted: ${message}`,
      'Nothing was sent. Check `baseUrl`; a certificate authority of your own is named by NODE_EXTRA_CA_CERTS.',
    ),
    cause,
  );

/** A header that HTTP does not allow, such as a token with a line break. */
const invalidRequest = (message: string, cause: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0420',
      `the request cannot be sent: ${message}`,
      'Check the values that `auth` and `headers` refer to: a secret that was pasted may end with a line break.',
    ),
    cause,
  );
