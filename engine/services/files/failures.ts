import { complaint, TerminalError, TransientError } from '../../model/errors.ts';

export const noFile = (pattern: string, folder: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0480',
      `no file is there: ${pattern}`,
      `Looked in ${folder}; \`*\` stands for any characters but /, \`**\` for any at all.`,
      'Check `baseUrl` and `request.path`. Names that end in .tmp, .part or .crdownload, or begin with a dot, are taken for unfinished files and left out.',
    ),
  );

export const unreadable = (file: string, error: unknown): TerminalError | TransientError => {
  const { code, message } = error as NodeJS.ErrnoException;
  const passes = code === 'EMFILE' || code === 'EIO' || code === 'EBUSY' || code === 'ETIMEDOUT';
  const why = code === 'EACCES' || code === 'EPERM' ? 'this user may not read it' : message;
  return new (passes ? TransientError : TerminalError)(
    complaint('ETL0481', `${file} cannot be read: ${why}`, 'The pages read so far are staged.'),
    error,
  );
};

/** A window whose next page is refused so is read again from its beginning. */
export const changed = (file: string, what: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0482',
      `${file} has changed since its first page was read: ${what}`,
      'The pages read so far are staged; the next run reads the file again from its beginning.',
      'Write to another name and rename the file when it is whole: `mv orders.csv.tmp orders.csv`.',
    ),
  );

export const endlessRow = (file: string, line: number, bytesMax: number, isQuoted: boolean): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0483',
      `${file}:${line}: the row that begins here is longer than ${bytesMax.toLocaleString('en')} bytes`,
      isQuoted
        ? 'A quote in it is not closed. Where quotes are plain characters, say `csv: {quote: ""}`.'
        : 'Nothing of it is stored. Raise `maxResponseBytes`, or check the format.',
    ),
  );

export const badParquet = (file: string, message: string): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0484',
      `${file} cannot be read as Parquet: ${message.split('\n')[0]}`,
      'Check the file, and `format`.',
    ),
  );

export const damagedGzip = (file: string, error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0485',
      `${file} cannot be unpacked: ${(error as Error).message}`,
      'It was cut or altered. The pages read so far are staged.',
    ),
    error,
  );
