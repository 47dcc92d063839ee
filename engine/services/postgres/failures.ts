import type { Diagnostic } from '../../model/diagnostic.ts';
import { ExplainedError, TerminalError, TransientError } from '../../model/errors.ts';

/** What went wrong with a PostgreSQL server. */
export type Failure =
  | 'unencrypted'
  | 'unproven'
  | 'refused'
  | 'locked'
  | 'full'
  | 'damaged'
  | 'unwritable'
  | 'disk'
  | 'conflict'
  | 'stopped'
  | 'crowded'
  | 'exhausted'
  | 'cut';

interface Found {
  /** SQLSTATE, or Node's code of a failed connection. */
  readonly codes: readonly string[];
  readonly messages: readonly string[];
}

/** What Sequelize wraps as `parent`; a chain is never long. */
function found(error: unknown): Found {
  const codes: string[] = [];
  const messages: string[] = [];
  for (let depth = 0, at = error; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
    if (at instanceof Error) messages.push(at.message);
    at = 'parent' in at ? at.parent : undefined;
  }
  return { codes, messages };
}

type Matcher = (failure: Found) => boolean;

const codes =
  (pattern: RegExp): Matcher =>
  (failure) =>
    failure.codes.some((code) => pattern.test(code));

const messages =
  (pattern: RegExp): Matcher =>
  (failure) =>
    failure.messages.some((message) => pattern.test(message));

const either =
  (...matchers: readonly Matcher[]): Matcher =>
  (failure) =>
    matchers.some((matches) => matches(failure));

/** The connection is gone, or there was none: the server stopped, starts, or cannot be reached. */
const cutCodes =
  /^(?:08\w{3}|57P0[1-5]|25P03|ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
const cutMessages =
  /^(?:Connection terminated|Query read timeout|timeout expired|Connection timed out|Client has encountered a connection error|Client was closed)/;

/** In this order: the first one that applies. */
const failures: readonly (readonly [Failure, Matcher])[] = [
  ['unencrypted', messages(/does not support SSL connections/)],
  ['unproven', codes(/^(?:ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/)],
  ['refused', codes(/^(?:28\w{3}|3D000)$/)],
  ['locked', codes(/^55P03$/)],
  ['full', codes(/^53100$/)],
  ['damaged', codes(/^XX00[12]$/)],
  ['unwritable', codes(/^(?:25006|42501)$/)],
  ['disk', codes(/^58\w{3}$/)],
  // Another transaction was in the way.
  ['conflict', codes(/^(?:40001|40P01)$/)],
  ['stopped', codes(/^57014$/)],
  // There was no connection left for us.
  ['crowded', either(codes(/^53300$/), messages(/^Operation timeout$/))],
  ['exhausted', codes(/^53\w{3}$/)],
  ['cut', either(codes(cutCodes), messages(cutMessages))],
];

/** Which failure it is; undefined for what is none of the outside world. */
function failureOf(error: unknown): Failure | undefined {
  const failure = found(error);
  return failures.find(([, applies]) => applies(failure))?.[0];
}

const passing: ReadonlySet<Failure | undefined> = new Set<Failure>(['cut', 'conflict', 'crowded']);

/** Whether doing it again on another connection may help. */
export const isPassing = (error: unknown): boolean =>
  !(error instanceof ExplainedError) && passing.has(failureOf(error));

/** How a database of ours tells a failure. */
export interface Explanation {
  readonly transient: boolean;
  /** Given the name of the database and what the server said. */
  readonly says: (where: string, said: string) => Diagnostic;
}

export type Explanations = { readonly [failure in Failure]: Explanation };

/** Explains what PostgreSQL said; errors that are no failure of the outside world come back as they are. */
export function explainedBy(explanations: Explanations, error: unknown, where: string): unknown {
  const failure = error instanceof ExplainedError ? undefined : failureOf(error);
  if (failure === undefined) return error;
  const { transient, says } = explanations[failure];
  const said = found(error).messages.at(-1) ?? 'no reason given';
  const Kind = transient ? TransientError : TerminalError;
  return new Kind(says(where, said), error);
}
