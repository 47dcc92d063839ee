import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';

interface Reason {
  readonly words: string;
  readonly help: string;
}

const another = 'Choose another folder, or move what is there away.';
const permission = 'Give this user the right to it, or choose another folder.';

/** What the operating system says, in the words of people. */
const reasons: { readonly [code: string]: Reason } = {
  EACCES: { words: 'permission is denied', help: permission },
  EPERM: { words: 'the system does not permit it', help: permission },
  EROFS: { words: 'the disk is mounted read-only', help: 'Choose a folder on a disk that can be written.' },
  ENOSPC: { words: 'no space is left on the disk', help: 'Free some space, and run the command again.' },
  EEXIST: { words: 'something of that name is there already', help: another },
  ENOTDIR: { words: 'a part of that path is a file, not a folder', help: another },
  EISDIR: { words: 'it is a folder, not a file', help: another },
  ENOENT: { words: 'it does not exist', help: 'Check the path.' },
};

/** What was tried, by the system call that failed. */
const attempts: { readonly [call: string]: string } = {
  open: 'open',
  read: 'read',
  scandir: 'read',
  stat: 'read',
  lstat: 'read',
  mkdir: 'make the folder',
};

/** A complaint about the operating system's refusal; undefined for an error that is none. */
export function systemDiagnostic(error: unknown): Diagnostic | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (reason === undefined || path === undefined || syscall === undefined) return undefined;
  return complaint('ETL0905', `cannot ${attempts[syscall] ?? 'write'} ${path}: ${reason.words}`, reason.help);
}
