import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { complaint, TerminalError } from '../../model/errors.ts';
import { loadLine } from '../../model/load-file.ts';
import type { StagedRow } from '../../model/ports.ts';

/** Writes rows to a load file, a batch at a time. @throws TerminalError when the disk does not take them */
export async function writeLoadFile(
  path: string,
  batches: AsyncIterable<readonly StagedRow[]>,
): Promise<void> {
  const written = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw unwritten(path, error);
    });
  await written(mkdir(dirname(path), { recursive: true }));
  const file = await written(open(path, 'w'));
  try {
    for await (const rows of batches) {
      let text = '';
      for (const row of rows) text += loadLine(row);
      await written(file.writeFile(text));
    }
  } finally {
    await file.close();
  }
}

const unwritten = (path: string, error: unknown): TerminalError =>
  new TerminalError(
    complaint(
      'ETL0708',
      `the load file ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'Load files are written below `.etl/load` of the project, and removed once they are loaded.',
      'Free some space there, or make the folder writable, and run again: the rows stay staged.',
    ),
    error,
  );
