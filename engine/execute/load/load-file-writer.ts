import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { loadLine } from '../../model/load-file.ts';
import type { StagedRow } from '../../model/ports.ts';

/** Writes rows to a load file, a batch at a time. */
export async function writeLoadFile(
  path: string,
  batches: AsyncIterable<readonly StagedRow[]>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    for await (const rows of batches) {
      let text = '';
      for (const row of rows) text += loadLine(row);
      await file.write(text);
    }
  } finally {
    await file.close();
  }
}
