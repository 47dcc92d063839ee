import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from '../../support/at-end.ts';

const folders: string[] = [];

atEnd(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A database file that does not exist yet, in a folder that does not either; both go when the tests are done. */
export function scratchFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-staging-'));
  folders.push(folder);
  return join(folder, 'deep', 'staging.sqlite');
}
