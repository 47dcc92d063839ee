import { complaint, ExplainedError, TerminalError, TransientError } from '../../../model/errors.ts';
import { sqliteCode } from './driver.ts';

const codesOf = (error: unknown): string[] => {
  const codes: string[] = [];
  // Sequelize wraps what the driver said as `parent`; a chain is never long.
  for (let depth = 0, at = error; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const code = sqliteCode(at) ?? ('code' in at ? at.code : undefined);
    if (typeof code === 'string') codes.push(code);
    at = 'parent' in at ? at.parent : undefined;
  }
  return codes;
};

const unopenable = [
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'SQLITE_PERM',
  'SQLITE_AUTH',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
];

/** Explains what the staging database said; errors that are no failure of the outside world come back as they are. */
export function explained(error: unknown, storage: string): unknown {
  if (error instanceof ExplainedError) return error;
  const codes = codesOf(error);
  const says = (...names: string[]): boolean => codes.some((code) => names.includes(code));
  if (says('SQLITE_BUSY', 'SQLITE_LOCKED')) return locked(error, storage);
  if (says('SQLITE_FULL', 'ENOSPC', 'EDQUOT')) return full(error, storage);
  if (says('SQLITE_NOTADB')) return notDatabase(error, storage);
  if (says('SQLITE_CORRUPT')) return damaged(error, storage);
  if (says(...unopenable)) return closed(error, storage);
  if (says('SQLITE_IOERR', 'EIO')) return unreadable(error, storage);
  return error;
}

const locked = (cause: unknown, storage: string): Error =>
  new TransientError(
    complaint(
      'ETL0601',
      `the staging database ${storage} is locked by another process`,
      'Another `etl run`, or a program that has the file open, is writing to it; this one has waited long enough.',
      'Wait until the other one is done, or end it, and run again: nothing is lost.',
    ),
    cause,
  );

const full = (cause: unknown, storage: string): Error =>
  new TerminalError(
    complaint(
      'ETL0602',
      `there is no space left for the staging database ${storage}`,
      'The transaction was taken back whole; what had been committed before is safe.',
      'Free some space, or move the file and change `staging.storage`, and run again.',
    ),
    cause,
  );

const notDatabase = (cause: unknown, storage: string): Error =>
  new TerminalError(
    complaint(
      'ETL0603',
      `${storage} is not a staging database`,
      'The file exists, but it is not an SQLite database; it was left as it is.',
      'Name another file in `staging.storage`, or move this one away.',
    ),
    cause,
  );

const damaged = (cause: unknown, storage: string): Error =>
  new TerminalError(
    complaint(
      'ETL0604',
      `the staging database ${storage} is damaged`,
      'SQLite finds pages that contradict each other: a failing disk, or a file that was copied while it was in use.',
      'Put a backup in its place together with its `-wal` file, or move it away: everything is then fetched again.',
    ),
    cause,
  );

const closed = (cause: unknown, storage: string): Error =>
  new TerminalError(
    complaint(
      'ETL0605',
      `the staging database ${storage} cannot be opened for writing`,
      'The user that runs `etl` must be allowed to write the file and its folder, where SQLite keeps two more files.',
      'Change the permissions, or name another file in `staging.storage`.',
    ),
    cause,
  );

const unreadable = (cause: unknown, storage: string): Error =>
  new TerminalError(
    complaint(
      'ETL0606',
      `the disk failed while the staging database ${storage} was used`,
      'The transaction was taken back whole; what had been committed before is safe.',
      'Look at the disk, or at the network share if it is one: SQLite needs a local disk. Then run again.',
    ),
    cause,
  );

/** Old bytes stay in the WAL until nobody reads it any more. */
export const unscrubbed = (storage: string): Error =>
  new TransientError(
    complaint(
      'ETL0660',
      `the staging database ${storage} still holds bytes of what was deleted`,
      'Another process is reading it, so that its write-ahead log cannot be emptied.',
      'End that process and give the command again: it finishes what is left.',
    ),
  );
