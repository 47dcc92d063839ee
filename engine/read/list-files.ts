import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** `recordings/` at the top holds what `etl record` writes, which is read apart; a connector has files that are nobody's yet. */
const skipped = (name: string, below: string): boolean =>
  name.startsWith('.') ||
  name === 'node_modules' ||
  name === 'lab' ||
  (below === '' && name === 'recordings') ||
  (/^connectors\/[^/]+$/.test(below) && (name === 'examples' || name === 'init'));

const isYaml = (name: string): boolean => /\.ya?ml$/.test(name);

/** A link to a file counts as that file; one to a folder is not followed, since it may lead in circles. */
async function isFile(folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return stat(join(folder, entry.name)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** All YAML files below a folder that may belong to the project, relative to it with `/`, sorted. */
export async function listFiles(folder: string, below = ''): Promise<readonly string[]> {
  const here = join(folder, below);
  const found: string[] = [];
  for (const entry of await readdir(here, { withFileTypes: true })) {
    if (skipped(entry.name, below)) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(folder, path)));
    else if (isYaml(entry.name) && (await isFile(here, entry))) found.push(path);
  }
  return found.sort();
}
