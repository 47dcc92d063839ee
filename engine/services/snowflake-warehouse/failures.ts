import { complaint, ExplainedError, TerminalError, TransientError } from '../../model/errors.ts';
import { messageOf } from '../warehouse/session.ts';
import {
  type FailureKind,
  kinds,
  network,
  refusedLogin,
  resumes,
  rolledBack,
  unknownAccount,
} from './failure-kinds.ts';

/** What the SDK throws: Snowflake's own codes are texts of six digits, those of the SDK numbers. */
interface SnowflakeFailure {
  readonly code: string;
  readonly message: string;
  readonly queryId?: string;
}

const byCode: ReadonlyMap<string, FailureKind> = new Map(
  [...kinds, network].flatMap((kind) => kind.codes.map((code) => [code, kind] as const)),
);

/** The failure of the SDK behind an error, wherever it was wrapped. */
function failureIn(error: unknown): SnowflakeFailure | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, data } = at as { code?: unknown; data?: { queryId?: unknown } };
    const isCode = typeof code === 'number' || (typeof code === 'string' && /^\d{3,6}$/.test(code));
    if (!isCode) continue;
    const queryId = data?.queryId;
    return { code: String(code), message: at.message, ...(typeof queryId === 'string' && { queryId }) };
  }
  return undefined;
}

/** Whether nobody has the name of the host, or says that there is no such account. */
function isUnknownHost(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, response } = at as {
      code?: unknown;
      response?: { status?: unknown; statusCode?: unknown };
    };
    if (code === 'ENOTFOUND') return true;
    if ([403, 404].includes(Number(response?.status ?? response?.statusCode))) return true;
  }
  return false;
}

const lostCodes: ReadonlySet<string> = new Set(kinds.find(({ name }) => name === 'ETL0739')?.codes);

/** Whether the session is gone, so that another may do what this one did not. */
export const isLostSession = (error: unknown): boolean => lostCodes.has(failureIn(error)?.code ?? '');

/** A failure of Snowflake by its name; what is no failure of Snowflake, or has no name of its own, as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof ExplainedError) return error;
  const failure = failureIn(error);
  const kind = failure && byCode.get(failure.code);
  return failure === undefined || kind === undefined ? error : namedFailure(kind, failure, error);
}

/** What is said of work that Ctrl-C has ended. */
export const cancelled = (cause: unknown): TransientError =>
  new TransientError(complaint('ETL0740', 'the work in Snowflake was cancelled', rolledBack, resumes), cause);

/** A failure of Snowflake while a session is opened: what is not known otherwise is a matter of the network. */
export function loginFailure(error: unknown): ExplainedError {
  if (error instanceof ExplainedError) return error;
  const failure = failureIn(error);
  // What the SDK throws itself is a matter of settings: a key that cannot be read, an option that is lacking.
  if (failure === undefined || /^40[4-6]\d{3}$/.test(failure.code))
    return namedFailure(refusedLogin, failure ?? { code: 'SDK', message: messageOf(error) }, error);
  const kind = isUnknownHost(error) ? unknownAccount : (byCode.get(failure.code) ?? network);
  return namedFailure(kind, failure, error);
}

function namedFailure(kind: FailureKind, failure: SnowflakeFailure, cause: unknown): ExplainedError {
  const { code, message, queryId } = failure;
  const query = queryId === undefined ? '' : `, query ${queryId}`;
  const summary = `${kind.summary}: ${said(message)} (Snowflake ${code}${query})`;
  const diagnostic = complaint(kind.name, summary, ...kind.help);
  return kind.transient === true
    ? new TransientError(diagnostic, cause)
    : new TerminalError(diagnostic, cause);
}

/** Snowflake's message without its general first line, with the place in a load file where it names one. */
function said(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const specific = /^SQL (?:compilation|access control|execution) error:?$/.test(lines[0] ?? '')
    ? lines.slice(1)
    : lines;
  const place = /File '([^']*)', line (\d+), character (\d+)/.exec(message);
  const column = /column "?[^"[]*"?\["?([^":\]]+)"?:\d+\]/.exec(message);
  return [
    (specific[0] ?? '').replace(/\.$/, ''),
    ...(place === null
      ? []
      : [`file ${place[1]?.split('/').at(-1)}, line ${place[2]}, character ${place[3]}`]),
    ...(column === null ? [] : [`column ${column[1]}`]),
  ].join(', ');
}
