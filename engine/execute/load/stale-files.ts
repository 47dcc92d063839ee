import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** No run takes so long between two writes to its load files. */
const staleAfterMs = 24 * 60 * 60 * 1000;

/** Removes the load files that runs which were killed have left beside `folder`. They hold rows, and nobody needs them. */
export async function removeStaleFiles(folder: string, nowMs: number): Promise<void> {
  const parent = dirname(folder);
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const path = join(parent, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > staleAfterMs)
      await rm(path, { recursive: true, force: true });
  }
}
