import { readFile, stat } from 'node:fs/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import { complaint } from '../model/errors.ts';

/** Largest project file that is read. */
const fileBytesMax = 1024 ** 2;

const unreadable = (file: string, reason: string, help: string): Diagnostic =>
  complaint('ETL0007', `${file} cannot be read: ${reason}`, help);

/** The text of a project file in UTF-8, or why there is none. */
export async function readText(path: string, file: string): Promise<string | Diagnostic> {
  try {
    if ((await stat(path)).size > fileBytesMax) {
      return unreadable(
        file,
        'it is larger than 1 MiB',
        'Split it; data belongs in files that are not YAML.',
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) return unreadable(file, 'it is not UTF-8', 'Save it as UTF-8.');
    return unreadable(file, (error as NodeJS.ErrnoException).code ?? String(error), 'Check its permissions.');
  }
}
