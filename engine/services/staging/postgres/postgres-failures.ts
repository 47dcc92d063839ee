import type { Diagnostic } from '../../../model/diagnostic.ts';
import { complaint, TerminalError } from '../../../model/errors.ts';
import { type Explanation, type Explanations, explainedBy } from '../../postgres/failures.ts';

const takenBack = 'The transaction was taken back whole; what had been committed before is safe.';

const terminal = (says: Explanation['says']): Explanation => ({ transient: false, says });
const transient = (says: Explanation['says']): Explanation => ({ transient: true, says });

const noCapacity = transient(
  (storage, said): Diagnostic =>
    complaint(
      'ETL0623',
      `the server of the staging database ${storage} has no capacity left: ${said}`,
      `It is short of connections or memory, or a statement took longer than it may. ${takenBack}`,
      'Give it more, or let fewer programs use it at once; then run again: nothing is lost.',
    ),
);

const explanations: Explanations = {
  unencrypted: terminal((storage) =>
    complaint(
      'ETL0622',
      `the server of the staging database ${storage} does not encrypt connections`,
      'Off this machine Sluice asks for TLS, since records and the password travel on the connection.',
      'Turn on `ssl` at the server, or add `?sslmode=disable` to the URL where the network itself is trusted.',
    ),
  ),
  unproven: terminal((storage, said) =>
    complaint(
      'ETL0622',
      `the server of the staging database ${storage} does not prove who it is: ${said}`,
      'Its certificate is not one that this machine trusts, or is made out to another name.',
      'Add `?sslrootcert=FILE` with the certificate of its authority to the URL; `sslmode=require` encrypts without a proof.',
    ),
  ),
  refused: terminal((storage, said) =>
    complaint(
      'ETL0621',
      `the staging database ${storage} refuses the connection: ${said}`,
      'The user, the password or the name of the database is not what the server knows.',
      'Correct the variable or file that `staging.url` refers to, or make the user and the database.',
    ),
  ),
  locked: transient((storage) =>
    complaint(
      'ETL0601',
      `the staging database ${storage} is locked by another process`,
      'Another `etl run` is writing to it; this one has waited long enough.',
      'Wait until the other one is done, or end it, and run again: nothing is lost.',
    ),
  ),
  full: terminal((storage) =>
    complaint(
      'ETL0602',
      `there is no space left for the staging database ${storage}`,
      takenBack,
      'Free some space on the server, and run again.',
    ),
  ),
  damaged: terminal((storage, said) =>
    complaint(
      'ETL0604',
      `the staging database ${storage} is damaged: ${said}`,
      'PostgreSQL finds data that contradicts itself, as a failing disk leaves it.',
      'Restore a backup of the server, or name another schema in `staging.schema`: everything is then fetched again.',
    ),
  ),
  unwritable: terminal((storage, said) =>
    complaint(
      'ETL0605',
      `the staging database ${storage} cannot be written to: ${said}`,
      'The user of `staging.url` must be allowed to make tables in its schema, and the server must not be a read-only copy.',
      'Grant it: `GRANT USAGE, CREATE ON SCHEMA … TO …`; where the schema is not there yet, `GRANT CREATE ON DATABASE … TO …`.',
    ),
  ),
  disk: terminal((storage, said) =>
    complaint(
      'ETL0606',
      `the disk failed while the staging database ${storage} was used: ${said}`,
      takenBack,
      "Look at the server's disk and its log. Then run again.",
    ),
  ),
  conflict: noCapacity,
  stopped: noCapacity,
  crowded: noCapacity,
  exhausted: noCapacity,
  cut: transient((storage, said) =>
    complaint(
      'ETL0620',
      `the staging database ${storage} cannot be reached: ${said}`,
      'The server is stopped or starting, or the network is in the way. What had been committed before is safe.',
      'Start the server, or correct the URL that `staging.url` refers to, and run again: nothing is lost.',
    ),
  ),
};

/** Explains what PostgreSQL said; errors that are no failure of the outside world come back as they are. */
export const explained = (error: unknown, storage: string): unknown =>
  explainedBy(explanations, error, storage);

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
