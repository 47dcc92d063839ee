import type { Diagnostic } from '../../model/diagnostic.ts';
import { complaint, TerminalError } from '../../model/errors.ts';

/** Says what the server at `where` has said. */
export type Says = (where: string, said: string) => Diagnostic;

export const unreachable: Says = (where, said) =>
  complaint(
    'ETL0490',
    `the database ${where} cannot be reached, or broke off: ${said}`,
    'The pages read so far are staged; it is tried again, and the next run goes on behind them.',
  );

export const refused: Says = (where, said) =>
  complaint(
    'ETL0491',
    `the database ${where} refuses the connection: ${said}`,
    'Check `auth: {type: basic, …}` and the database in `baseUrl`. Off this machine connections are encrypted and the server must prove who it is; `?sslmode=` says otherwise (disable, require, verify-ca, verify-full; `sslrootcert=FILE`).',
  );

export const noTable: Says = (where, said) =>
  complaint(
    'ETL0492',
    `what is asked of ${where} is not there, or may not be read: ${said}`,
    'Check `request`, the columns in `primaryKey` and `cursor`, and what the user is granted (SELECT is enough).',
  );

export const noValue = (what: string, columns: readonly string[]): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0493',
      `rows of ${what} have no value in ${columns.join(' or ')}`,
      'Pages follow the cursor and the key, so that such rows would never be read. Nothing was read. A zero date of MySQL is no value.',
      'Choose columns that are NOT NULL, or leave such rows out on purpose with `sql`.',
    ),
  );

export const tooSlow: Says = (where, said) =>
  complaint(
    'ETL0494',
    `a statement in ${where} was ended: ${said}`,
    'Without an index that begins with the cursor, or the key, each page reads the whole table. Add one, ask for less (`pageRows`), or raise `timeouts.total`.',
  );

export const localTime = (what: string, column: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0495',
      `the cursor ${column} of ${what} has no time zone`,
      'It is no instant, and its zone is not guessed. Say `cursor: {type: string}`, so that it is compared as it stands; or make it an instant with `sql`.',
    ),
  );

export const badStatement: Says = (where, said) =>
  complaint(
    'ETL0496',
    `${where} cannot do what is asked: ${said}`,
    'Check `request.sql`, `primaryKey` and `cursor`.',
  );

export const badAddress = (why: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0497',
      `the \`baseUrl\` of a database cannot be used: ${why}`,
      'Expected postgres://HOST:5432/DATABASE or mysql://HOST:3306/DATABASE, and `auth: {type: basic, username: …, password: "${env:…}"}` for who signs in.',
    ),
  );

export const noColumn = (what: string, column: string, columns: readonly string[]): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0492',
      `${what} has no column ${column}`,
      `It has ${columns.slice(0, 20).join(', ')}${columns.length > 20 ? ', …' : ''}.`,
    ),
  );
