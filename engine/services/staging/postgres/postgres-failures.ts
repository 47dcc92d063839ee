import type { Diagnostic } from '../../../model/diagnostic.ts';
import { complaint, ExplainedError, TerminalError, TransientError } from '../../../model/errors.ts';

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

/** The connection is gone, or there was none: the server stopped, starts, or cannot be reached. */
const cutCodes =
  /^(?:08\w{3}|57P0[1-5]|25P03|ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
const cutMessages =
  /^(?:Connection terminated|Query read timeout|timeout expired|Connection timed out|Client has encountered a connection error)/;

const isCut: Matcher = (failure) => codes(cutCodes)(failure) || messages(cutMessages)(failure);
/** Another transaction was in the way, or there was no connection left for us. */
const isCrowded: Matcher = (failure) =>
  codes(/^(?:53300|40001|40P01)$/)(failure) || messages(/^Operation timeout$/)(failure);

/** Whether doing it again on another connection may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ExplainedError) return false;
  const failure = found(error);
  return isCut(failure) || isCrowded(failure);
}

interface Explanation {
  readonly applies: Matcher;
  readonly transient: boolean;
  /** Given the name of the database and what it said. */
  readonly says: (storage: string, said: string) => Diagnostic;
}

const takenBack = 'The transaction was taken back whole; what had been committed before is safe.';

const explanations: readonly Explanation[] = [
  {
    applies: messages(/does not support SSL connections/),
    transient: false,
    says: (storage) =>
      complaint(
        'ETL0622',
        `the server of the staging database ${storage} does not encrypt connections`,
        'Off this machine Sluice asks for TLS, since records and the password travel on the connection.',
        'Turn on `ssl` at the server, or add `?sslmode=disable` to the URL where the network itself is trusted.',
      ),
  },
  {
    applies: codes(/^(?:ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/),
    transient: false,
    says: (storage, said) =>
      complaint(
        'ETL0622',
        `the server of the staging database ${storage} does not prove who it is: ${said}`,
        'Its certificate is not one that this machine trusts, or is made out to another name.',
        'Add `?sslrootcert=FILE` with the certificate of its authority to the URL; `sslmode=require` encrypts without a proof.',
      ),
  },
  {
    applies: codes(/^(?:28\w{3}|3D000)$/),
    transient: false,
    says: (storage, said) =>
      complaint(
        'ETL0621',
        `the staging database ${storage} refuses the connection: ${said}`,
        'The user, the password or the name of the database is not what the server knows.',
        'Correct the variable or file that `staging.url` refers to, or make the user and the database.',
      ),
  },
  {
    applies: codes(/^55P03$/),
    transient: true,
    says: (storage) =>
      complaint(
        'ETL0601',
        `the staging database ${storage} is locked by another process`,
        'Another `etl run` is writing to it; this one has waited long enough.',
        'Wait until the other one is done, or end it, and run again: nothing is lost.',
      ),
  },
  {
    applies: codes(/^53100$/),
    transient: false,
    says: (storage) =>
      complaint(
        'ETL0602',
        `there is no space left for the staging database ${storage}`,
        takenBack,
        'Free some space on the server, and run again.',
      ),
  },
  {
    applies: codes(/^XX00[12]$/),
    transient: false,
    says: (storage, said) =>
      complaint(
        'ETL0604',
        `the staging database ${storage} is damaged: ${said}`,
        'PostgreSQL finds data that contradicts itself, as a failing disk leaves it.',
        'Restore a backup of the server, or name another schema in `staging.schema`: everything is then fetched again.',
      ),
  },
  {
    applies: codes(/^(?:25006|42501)$/),
    transient: false,
    says: (storage, said) =>
      complaint(
        'ETL0605',
        `the staging database ${storage} cannot be written to: ${said}`,
        'The user of `staging.url` must be allowed to make tables in its schema, and the server must not be a read-only copy.',
        'Grant it: `GRANT USAGE, CREATE ON SCHEMA … TO …`; where the schema is not there yet, `GRANT CREATE ON DATABASE … TO …`.',
      ),
  },
  {
    applies: codes(/^58\w{3}$/),
    transient: false,
    says: (storage, said) =>
      complaint(
        'ETL0606',
        `the disk failed while the staging database ${storage} was used: ${said}`,
        takenBack,
        "Look at the server's disk and its log. Then run again.",
      ),
  },
  {
    applies: (failure) => codes(/^(?:53\w{3}|57014)$/)(failure) || isCrowded(failure),
    transient: true,
    says: (storage, said) =>
      complaint(
        'ETL0623',
        `the server of the staging database ${storage} has no capacity left: ${said}`,
        `It is short of connections or memory, or a statement took longer than it may. ${takenBack}`,
        'Give it more, or let fewer programs use it at once; then run again: nothing is lost.',
      ),
  },
  {
    applies: isCut,
    transient: true,
    says: (storage, said) =>
      complaint(
        'ETL0620',
        `the staging database ${storage} cannot be reached: ${said}`,
        'The server is stopped or starting, or the network is in the way. What had been committed before is safe.',
        'Start the server, or correct the URL that `staging.url` refers to, and run again: nothing is lost.',
      ),
  },
];

/** Explains what PostgreSQL said; errors that are no failure of the outside world come back as they are. */
export function explained(error: unknown, storage: string): unknown {
  if (error instanceof ExplainedError) return error;
  const failure = found(error);
  const explanation = explanations.find(({ applies }) => applies(failure));
  if (explanation === undefined) return error;
  const said = failure.messages.at(-1) ?? 'no reason given';
  const Kind = explanation.transient ? TransientError : TerminalError;
  return new Kind(explanation.says(storage, said), error);
}

/** The server cannot keep every text, or lacks what staging needs. */
export const unsuitable = (storage: string, why: string): Error =>
  new TerminalError(
    complaint(
      'ETL0625',
      `the server of the staging database ${storage} does not fit: ${why}`,
      'Staging needs PostgreSQL 13 or newer and a database of the encoding UTF8.',
      "Name another database, such as one made by `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`.",
    ),
  );
