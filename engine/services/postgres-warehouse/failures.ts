import pg from 'pg';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, TerminalError } from '../../model/errors.ts';
import { type Explanations, explainedBy } from '../postgres/failures.ts';

const takenBack = 'The transaction was taken back whole: the table is as it was.';
const nothingLost = 'The rows stay staged, and the next run loads them.';

const explanations: Explanations = {
  cut: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0750',
        `${where} cannot be reached: ${said}`,
        'The server is stopped or starting, or the network is in the way. Whether a load was committed before the connection was cut is found out by the next one.',
        'Start the server, or correct the URL that `warehouse.url` refers to, and run again: nothing is lost.',
      ),
  },
  refused: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0751',
        `${where} refuses the connection: ${said}`,
        'The user, the password or the name of the database is not what the server knows.',
        'Correct the variable or file that `warehouse.url` refers to, or make the user and the database.',
      ),
  },
  unencrypted: {
    transient: false,
    says: (where) =>
      complaint(
        'ETL0752',
        `the server of ${where} does not encrypt connections`,
        'Off this machine Sluice asks for TLS, since rows and the password travel on the connection.',
        'Turn on `ssl` at the server, or add `?sslmode=disable` to the URL where the network itself is trusted.',
      ),
  },
  unproven: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0752',
        `the server of ${where} does not prove who it is: ${said}`,
        'Its certificate is not one that this machine trusts, or is made out to another name.',
        'Add `?sslrootcert=FILE` with the certificate of its authority to the URL; `sslmode=require` encrypts without a proof.',
      ),
  },
  unwritable: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0753',
        `${where} does not allow what a load needs: ${said}`,
        `The user of \`warehouse.url\` must own the tables that it loads, make new ones in their schemas, and make temporary ones; the server must not be a read-only copy. ${takenBack}`,
        'Grant it: `GRANT TEMPORARY ON DATABASE … TO …; GRANT USAGE, CREATE ON SCHEMA … TO …`; where a schema is not there yet, `GRANT CREATE ON DATABASE … TO …`.',
      ),
  },
  full: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0756',
        `there is no space left for ${where}: ${said}`,
        `${takenBack} ${nothingLost}`,
        'Free some space on the server, and run again.',
      ),
  },
  disk: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0756',
        `the disk of ${where} failed: ${said}`,
        `${takenBack} ${nothingLost}`,
        "Look at the server's disk and its log. Then run again.",
      ),
  },
  damaged: {
    transient: false,
    says: (where, said) =>
      complaint(
        'ETL0756',
        `${where} is damaged: ${said}`,
        'PostgreSQL finds data that contradicts itself, as a failing disk leaves it.',
        'Restore a backup of the server. What the warehouse has lost then, `etl plan` shows and the next run loads again.',
      ),
  },
  crowded: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0757',
        `${where} has no connection left: ${said}`,
        'Sluice uses one connection for each table that is being loaded.',
        'Let fewer programs use the server at once, or raise `max_connections`; then run again: nothing is lost.',
      ),
  },
  exhausted: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0757',
        `${where} has no capacity left: ${said}`,
        `${takenBack} ${nothingLost}`,
        'Give the server more memory, or let fewer programs use it at once; then run again.',
      ),
  },
  locked: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0758',
        `another program keeps a table of ${where} locked: ${said}`,
        `It was waited for, for a minute. ${takenBack} ${nothingLost}`,
        'See who holds it: `SELECT pid, usename, query FROM pg_stat_activity WHERE pid IN (SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity)`.',
      ),
  },
  conflict: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0758',
        `another program changes the same rows of ${where} again and again: ${said}`,
        `The load was tried for a minute. ${takenBack} ${nothingLost}`,
        'Only Sluice should write to a table that it loads.',
      ),
  },
  stopped: {
    transient: true,
    says: (where, said) =>
      complaint(
        'ETL0759',
        `a statement in ${where} was cancelled: ${said}`,
        `Somebody ended it, or it took longer than half an hour. ${takenBack} ${nothingLost}`,
      ),
  },
};

/** Names what PostgreSQL said; other errors come back as they are. */
export function explained(error: unknown, where: string): unknown {
  const named = explainedBy(explanations, error, where);
  if (named !== error || !(error instanceof pg.DatabaseError)) return named;
  const { code = '' } = error;
  if (code === '23505') return new TerminalError(doubled(error, where), error);
  return /^22\w{3}$/.test(code) ? new TerminalError(unstorable(error, where), error) : error;
}

const doubled = ({ message, detail, table, constraint }: pg.DatabaseError, where: string): Diagnostic =>
  complaint(
    'ETL0760',
    `a row would be twice in ${where}: ${message}${detail === undefined ? '' : `. ${detail}`}`,
    takenBack,
    'Either another program has written the same row at the same time: then the next run goes through. Or the mapping has another key than the one the table was made with.',
    `In that case drop the old one, \`ALTER TABLE … ${table} DROP CONSTRAINT "${constraint}"\`, and make that of the new key: \`ALTER TABLE … ${table} ADD UNIQUE (_account, …)\`.`,
  );

const unstorable = ({ message, where: place }: pg.DatabaseError, where: string): Diagnostic =>
  complaint(
    'ETL0761',
    `${where} cannot store a value: ${message}${place === undefined ? '' : ` (${place.split('\n')[0]})`}`,
    `${takenBack} The rows stay staged.`,
    'Values of a column that do not fit it are blocked while mapping; this one was not. A trigger or a constraint of the table may ask for more; otherwise it is a mistake of Sluice: report it.',
  );

/** The server lacks what the templates need. */
export const unsuitable = (where: string, why: string): Error =>
  new TerminalError(
    complaint(
      'ETL0755',
      `the server of ${where} does not fit: ${why}`,
      'A warehouse needs PostgreSQL 15 or newer and a database of the encoding UTF8.',
      "Name another database, such as one made by `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`.",
    ),
  );
